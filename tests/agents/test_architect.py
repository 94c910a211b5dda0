from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest

from agents.architect import Acceptance, Architect, plan_schema
from agents.base import UnusableReply, Work
from agents.prompts import prompt
from agents.tiers import PROFILES, Tier
from agents.verification.examples import Check, Example
from agents.verification.examples_text import read_examples
from providers import FinishReason, estimate_tokens
from tests.fakes.model import Answer, ScriptedModel, completion

REQUIREMENTS = 'Create a script hello.py:\n- it prints "Hello, World!"\n- exit code 3 when an argument is given\n'
PLAN = {
    "overview": "Greets.",
    "stack": "Python",
    "files": [{"path": "hello.py", "purpose": "greets", "signatures": ["def main() -> None"]}],
    "criteria": [{"requirement": "R2", "text": "prints the greeting"}],
    "examples": [
        {
            "name": "greets",
            "run": ["python hello.py"],
            "stdin": "",
            "stdout": "Hello, World!\n",
            "exit": 0,
            "files": [],
        },
        {
            "name": "guess",
            "run": ["python", "hello.py", "Ada"],
            "stdin": "",
            "stdout": "Hi Ada\n",
            "exit": 0,
            "files": [],
        },
    ],
}
MARKDOWN = """# Plan

## Files
- `hello.py`: prints the greeting when it is run
- `tests/test_hello.py`: runs the program and compares what it prints

## Notes
Nothing but the standard library is needed for this.
"""


async def plan(*answers: Answer, requirements: str = REQUIREMENTS, notes: str = "") -> tuple[str, ScriptedModel]:
    model = ScriptedModel(answers)
    planned = await Architect(model, "never").run(Work("demo", 0, requirements, model, notes=notes))  # type: ignore[arg-type]
    assert len(model.calls) == len(answers)
    return planned.plan, model


async def test_json_becomes_markdown() -> None:
    text, _ = await plan(json.dumps(PLAN))
    assert "# Plan: demo" in text
    assert "- `hello.py`: greets\n  - `def main() -> None`\n- `tests/test_hello.py`" in text
    assert "- R2: prints the greeting\n- R3: exit code 3 when an argument is given" in text


async def test_a_guessed_output_is_only_advice() -> None:
    text, _ = await plan(json.dumps(PLAN))
    examples, _ = read_examples(text)
    assert [(example.run, example.advisory) for example in examples] == [
        (("python", "hello.py"), False),
        (("python", "hello.py", "Ada"), True),
    ]


async def test_examples_that_disagree_are_only_advice() -> None:
    twice = [PLAN["examples"][0], {**PLAN["examples"][0], "exit": 3}]  # type: ignore[dict-item]
    text, _ = await plan(json.dumps({**PLAN, "examples": twice}))
    examples, _ = read_examples(text)
    assert [example.advisory for example in examples] == [True]


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps(PLAN, indent=2),
        f"Here is the plan:\n```json\n{json.dumps(PLAN)}\n```\nGood luck!",
        f"<think>\nWhat {{files}}?\n</think>\n{json.dumps(PLAN)}",
        json.dumps({"files": ["hello.py", "hello.py", "../evil.py"]}),
    ],
)
async def test_json_is_read_in_every_wrapping(reply: str) -> None:
    text, _ = await plan(reply)
    assert text.count("- `hello.py`") == 1
    assert "evil" not in text


@pytest.mark.parametrize(
    ("path", "stack"), [("a.py", "Python"), ("a.js", "Node.js"), ("main.go", "As the requirements")]
)
async def test_a_stack_that_is_not_named_follows_from_the_files(path: str, stack: str) -> None:
    text, _ = await plan(json.dumps({"overview": "x", "files": [{"path": path}]}))
    assert stack in text.partition("## Stack")[2].partition("##")[0]


async def test_a_plan_in_markdown_is_kept_and_completed() -> None:
    text, _ = await plan(MARKDOWN)
    assert text.startswith(MARKDOWN.strip())
    assert "- R3: exit code 3 when an argument is given" in text


async def test_a_fence_around_a_whole_plan_is_taken_off() -> None:
    text, _ = await plan(f"```markdown\n{MARKDOWN}\n```")
    assert text.startswith("# Plan")


@pytest.mark.parametrize(
    "bad",
    [
        "OK",
        "",
        "def main():\n    print('Hello, World!')\n" * 10,
        '{"result": "done"}',
        '{"files": []}',
        "I cannot help.",
    ],
)
async def test_an_answer_that_is_no_plan_is_asked_again_with_what_was_wrong(bad: str) -> None:
    _, model = await plan(bad, json.dumps(PLAN))
    assert "Wanted is one JSON object" in model.calls[1].messages[-1].content
    assert bad[:40] in model.calls[1].text
    assert model.calls[1].purpose == "retry"
    assert (model.calls[1].temperature or 0) > (model.calls[0].temperature or 0)


async def test_an_answer_that_was_cut_off_is_asked_again_shorter() -> None:
    _, model = await plan(completion(json.dumps(PLAN), FinishReason.LENGTH), json.dumps(PLAN))
    assert "cut off" in model.calls[1].messages[-1].content


async def test_after_two_bad_answers_the_raw_reply_is_handed_on() -> None:
    with pytest.raises(UnusableReply, match="no plan") as caught:
        await plan("OK", "Still OK")
    assert caught.value.raw == "Still OK"


async def test_requirements_go_in_word_for_word_and_numbered() -> None:
    _, model = await plan(json.dumps(PLAN), notes="Use British English.")
    assert REQUIREMENTS.strip() in model.calls[0].text
    assert "R3: exit code 3 when an argument is given" in model.calls[0].text
    assert "Use British English." in model.calls[0].text
    assert model.calls[0].schema == plan_schema(PROFILES[Tier.MEDIUM])


async def test_a_small_model_is_asked_for_files_only() -> None:
    model = ScriptedModel([json.dumps(PLAN)], name="tiny-1.5b")
    await Architect(model, "never").run(Work("demo", 0, REQUIREMENTS, model))  # type: ignore[arg-type]
    assert model.calls[0].schema == plan_schema(PROFILES[Tier.SMALL])
    assert "R1" not in model.calls[0].text


async def test_of_a_small_model_only_signatures_in_the_users_words_are_kept() -> None:
    signatures = ["def fib(n: int) -> int", "def main(args)", "class Shop:"]
    reply = json.dumps({"overview": "x", "files": [{"path": "fib.py", "purpose": "x", "signatures": signatures}]})
    for name, kept in (("tiny-1.5b", ["fib"]), ("coder-7b", ["fib", "main", "Shop"])):
        model = ScriptedModel([reply], name=name)
        text = (await Architect(model, "never").run(Work("demo", 0, "main.py and a function fib, please.", model))).plan  # type: ignore[arg-type]
        assert [
            word for word in ("fib", "main", "Shop") if f"  - `def {word}" in text or f"class {word}" in text
        ] == kept


@pytest.mark.parametrize("name", ["architect", "architect_small", "engineer", "engineer_repair", "engineer_tests"])
def test_orders_name_their_agent_first_and_are_short(name: str) -> None:
    text = prompt(name)
    assert text.startswith(f"You are the {name.partition('_')[0].capitalize()}.")
    assert "Engineer" not in text.partition("\n")[0] or name.startswith("engineer")
    assert estimate_tokens(text) < 1500


ADD = "add.py has add(a, b). add(1, 2) is 3. A text instead of a number raises ValueError."
ADD_PLAN = json.dumps({"overview": "Adds.", "files": [{"path": "add.py", "signatures": ["def add(a, b)"]}]})


def sample(*calls: Mapping[str, object], runs: Sequence[Mapping[str, object]] = ()) -> str:
    whole = {"path": "add.py", "setup": [], "returns": "", "raises": "", "requirement": "R3"}
    return json.dumps({"calls": [{**whole, **call} for call in calls], "runs": list(runs)})


async def accepted(
    *answers: Answer, mode: Acceptance = "auto", name: str = "fake-7b", requirements: str = ADD
) -> tuple[list[Check], ScriptedModel]:
    """The checks of ACCEPTANCE.md when the Architect hears `answers` after the plan."""
    model = ScriptedModel((ADD_PLAN, *answers), name=name)
    planned = await Architect(model, mode).run(Work("demo", 0, requirements, model))  # type: ignore[arg-type]
    checks, problems = read_examples(planned.acceptance, "ACCEPTANCE.md")
    assert not problems
    assert len(model.calls) == 1 + len(answers)
    return list(checks), model


async def test_what_two_samples_agree_on_counts_and_what_one_says_is_advice() -> None:
    same, other = {"call": "add(2, 2)", "returns": "4"}, {"call": "add('a', 1)", "raises": "ValueError"}
    first = sample(same, other, {"call": "add(9, 9)", "returns": "19"})
    again = {**same, "returns": "4.0"}, {**other, "raises": "TypeError"}
    second = sample(*again, {"call": "add(9, 9)", "returns": "18"})
    checks, _ = await accepted(first, second)
    assert [(check.name, check.stated, check.advisory) for check in checks] == [
        ("add(1, 2)", True, False),
        ("add(2, 2)", False, False),
        ("add('a', 1)", False, True),
        ("add(9, 9)", False, True),
    ]


async def test_the_samples_are_asked_before_there_is_code_with_different_seeds() -> None:
    one = sample({"call": "add(2, 2)", "returns": "4"})
    _, model = await accepted(one, one)
    _, *samples = model.calls
    assert [call.purpose for call in model.calls] == ["plan", "acceptance", "acceptance"]
    assert len({(call.temperature, call.seed) for call in samples}) == 2
    assert samples[0].messages == samples[1].messages
    assert "def add(a, b)" in samples[0].text


@pytest.mark.parametrize(("mode", "name"), [("auto", "tiny-1b"), ("never", "fake-7b")])
async def test_without_asking_there_is_what_the_user_stated(mode: Acceptance, name: str) -> None:
    checks, _ = await accepted(mode=mode, name=name)
    assert [(check.name, check.stated) for check in checks] == [("add(1, 2)", True)]


async def test_a_small_model_is_asked_when_the_settings_say_so() -> None:
    one = sample({"call": "add(2, 2)", "returns": "4"})
    checks, _ = await accepted(one, one, mode="always", name="tiny-1b")
    assert [check.name for check in checks] == ["add(1, 2)", "add(2, 2)"]


@pytest.mark.parametrize("answer", ["no JSON", '{"calls": "none"}', '{"calls": [1, {"path": 3}], "runs": [{}]}'])
async def test_an_answer_that_cannot_be_read_costs_its_checks_and_no_second_question(answer: str) -> None:
    checks, _ = await accepted(answer)
    assert [check.name for check in checks] == ["add(1, 2)"]


async def test_runs_are_written_too_and_an_error_needs_its_exit_code_only() -> None:
    runs = [
        {"run": ["python", "add.py", "1", "2"], "stdin": "", "stdout": "3\n", "exit": 0, "requirement": "R2"},
        {"run": ["python", "add.py"], "stdin": "", "stdout": "usage", "exit": 2, "requirement": "R3"},
        {"run": ["python", "add.py", "-q"], "stdin": "", "stdout": "", "exit": 0, "requirement": "R3"},
    ]
    checks, _ = await accepted(sample(runs=runs), sample(runs=runs), requirements="add.py adds numbers.")
    assert [(c.run, c.stdout, c.exit) for c in checks if isinstance(c, Example)] == [
        (("python", "add.py", "1", "2"), "3\n", 0),
        (("python", "add.py"), None, 2),
    ]


async def test_without_checks_there_is_no_file() -> None:
    model = ScriptedModel((ADD_PLAN,))
    planned = await Architect(model, "never").run(Work("demo", 0, "Make something nice.", model))  # type: ignore[arg-type]
    assert planned.acceptance == ""
