from __future__ import annotations

import json

import pytest

from agents.architect import Architect, plan_schema
from agents.base import UnusableReply, Work
from agents.prompts import prompt
from agents.tiers import PROFILES, Tier
from agents.verification.examples import read_examples
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
    planned = await Architect(model).run(Work("demo", 0, requirements, model, notes=notes))  # type: ignore[arg-type]
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
    await Architect(model).run(Work("demo", 0, REQUIREMENTS, model))  # type: ignore[arg-type]
    assert model.calls[0].schema == plan_schema(PROFILES[Tier.SMALL])
    assert "R1" not in model.calls[0].text


async def test_of_a_small_model_only_signatures_in_the_users_words_are_kept() -> None:
    signatures = ["def fib(n: int) -> int", "def main(args)", "class Shop:"]
    reply = json.dumps({"overview": "x", "files": [{"path": "fib.py", "purpose": "x", "signatures": signatures}]})
    for name, kept in (("tiny-1.5b", ["fib"]), ("coder-7b", ["fib", "main", "Shop"])):
        model = ScriptedModel([reply], name=name)
        text = (await Architect(model).run(Work("demo", 0, "main.py and a function fib, please.", model))).plan  # type: ignore[arg-type]
        assert [
            word for word in ("fib", "main", "Shop") if f"  - `def {word}" in text or f"class {word}" in text
        ] == kept


@pytest.mark.parametrize("name", ["architect", "architect_small", "engineer", "engineer_repair", "engineer_tests"])
def test_orders_name_their_agent_first_and_are_short(name: str) -> None:
    text = prompt(name)
    assert text.startswith(f"You are the {name.partition('_')[0].capitalize()}.")
    assert "Engineer" not in text.partition("\n")[0] or name.startswith("engineer")
    assert estimate_tokens(text) < 1500
