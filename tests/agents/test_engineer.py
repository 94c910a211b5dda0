from __future__ import annotations

import json
from typing import Any

import pytest

from agents.answers import fenced
from agents.base import Built, UnusableReply, Work
from agents.briefing import orders
from agents.engineer import Engineer
from agents.tiers import PROFILES, Tier
from providers import FinishReason
from tests.fakes.model import Answer, ScriptedModel, completion

REQUIREMENTS = "fib.py has a function fib(n).\nA negative n raises ValueError.\n"
CODE = "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
TEST = "from fib import fib\n\n\ndef test_fib():\n    assert fib(6) == 8\n"
PLAN = "# Plan: fib\n\n## Files\n\n- `fib.py`: the function\n- `tests/test_fib.py`: its tests\n"
BOTH = f"{fenced('fib.py', CODE)}\n{fenced('tests/test_fib.py', TEST)}"
STAGED = {"fib.py": CODE, "tests/test_fib.py": TEST.replace("8", "9")}
FEEDBACK = "### tests/test_fib.py::test_fib fails\n```\nassert 8 == 9\n```"


async def build(*answers: Answer, answer_format: Any = "fenced", **work: Any) -> tuple[Built, ScriptedModel]:
    """One run; every answer must have been asked for."""
    model = ScriptedModel(answers, name=work.pop("name", "fake-7b"), context_tokens=work.pop("context", 16384))
    known = {"project": "demo", "iteration": 1, "requirements": REQUIREMENTS, "plan": PLAN, "model": model}
    built = await Engineer(model, answer_format).run(Work(**{**known, **work}))  # type: ignore[arg-type]
    assert len(model.calls) == len(answers)
    return built, model


async def repair(*answers: Answer, **work: Any) -> tuple[Built, ScriptedModel]:
    return await build(*answers, **{"iteration": 2, "staged": STAGED, "feedback": FEEDBACK, **work})


async def test_files_are_taken_from_fences() -> None:
    built, _ = await build(BOTH)
    assert built.files == {"fib.py": CODE, "tests/test_fib.py": TEST}
    assert built.raw == BOTH
    assert not built.deleted
    assert not built.rejected


@pytest.mark.parametrize("answer_format", ["fenced", "json"])
async def test_json_is_read_whatever_was_asked_for(answer_format: str) -> None:
    files = [{"path": "fib.py", "content": CODE}, {"path": "tests/test_fib.py", "content": TEST}]
    built, _ = await build(json.dumps({"files": files}), answer_format=answer_format)
    assert built.files == {"fib.py": CODE, "tests/test_fib.py": TEST}


async def test_the_prompt_holds_requirements_plan_hints_and_names_the_files() -> None:
    _, model = await build(BOTH, notes="Use a loop.")
    text = model.calls[0].text
    assert REQUIREMENTS.strip() in text
    assert PLAN.strip() in text
    assert "# Hints from the user\n\nUse a loop." in text
    assert "Now write all files, the tests too: `fib.py`, `tests/test_fib.py`." in text
    assert model.calls[0].messages[0].content.startswith("You are the Engineer.")


async def test_small_models_are_asked_for_few_tests_in_a_short_answer_of_their_own() -> None:
    program, tests = fenced("fib.py", CODE), fenced("tests/test_fib.py", TEST)
    built, model = await build(program, tests, name="coder-1.5b")
    assert built.files == {"fib.py": CODE, "tests/test_fib.py": TEST}
    assert model.calls[0].text.endswith("Now write `fib.py`, no other file.\n")
    assert model.calls[1].text.endswith(
        "Now write `tests/test_fib.py`, no other file. Write at most 6 short tests. "
        "Begin with `### FILE: tests/test_fib.py`.\n"
    )
    assert CODE in model.calls[1].text
    assert ["### FILE: tests/" in call.text for call in model.calls] == [False, True]
    assert ["rite tests for pytest" in call.text for call in model.calls] == [False, True]
    assert "With tests." not in model.calls[0].text
    assert [call.stop for call in model.calls] == [("### FILE: test",), ()]
    assert (model.calls[0].max_output_tokens, model.calls[1].max_output_tokens) == (1536, 512)


@pytest.mark.parametrize(("name", "first"), [("coder-7b", "a.py"), ("coder-1.5b", "testing.py")])
async def test_an_answer_is_not_ended_early_for_large_models_nor_where_the_program_itself_is_called_so(
    name: str, first: str
) -> None:
    code = [first, *(f"part{number}.py" for number in range(4 if name == "coder-7b" else 0))]
    plan = "\n".join(f"- `{path}`: part" for path in [*code, "tests/test_a.py"])
    groups = [code[:4], code[4:], ["tests/test_a.py"]]
    answers = ["\n".join(fenced(path, "def test(): pass\n") for path in group) for group in groups if group]
    _, model = await build(*answers, plan=plan, name=name)
    assert {call.stop for call in model.calls} == {()}


async def test_tests_that_came_with_the_program_are_not_asked_for_again() -> None:
    _, model = await build(BOTH, name="coder-1.5b")
    assert len(model.calls) == 1


async def test_larger_models_write_as_many_tests_as_they_like() -> None:
    _, model = await build(BOTH, name="coder-7b")
    assert "at most" not in model.calls[0].text


@pytest.mark.parametrize(
    ("requirements", "example"),
    [
        ("A library that adds numbers.", "initials.py"),
        ("A library that adds numbers. Without any it raises ValueError.", "average.py"),
        ("A Node.js library that adds numbers.", "initials.js"),
        ("A Node.js library that adds numbers. Text throws a TypeError.", "average.js"),
        ('Create a Python script that prints "Hello, World!"', "weekend.py"),
        ("A command-line program that counts words.", "longest.py"),
    ],
)
def test_the_nearest_example_is_shown(requirements: str, example: str) -> None:
    text = orders("engineer", Work("demo", 1, requirements, ScriptedModel()), "fenced")
    names = ("average.py", "average.js", "initials.py", "initials.js", "weekend.py", "longest.py")
    assert [name for name in names if f"### FILE: {name}" in text] == [example]


@pytest.mark.parametrize(
    ("plan", "requirements", "rule"),
    [
        ("- `index.js`: main", "Greet.", "node:test"),
        ("", "Create a Node.js tool.", "node:test"),
        ("- `main.go`: main", "Greet.", ""),
        ("", "Greet.", "pytest"),
        ("- `main.py`: main\n- `page.js`: page\n- `test_main.py`: tests", "Greet.", "pytest"),
    ],
)
def test_the_rules_for_tests_follow_the_language(plan: str, requirements: str, rule: str) -> None:
    text = orders("engineer", Work("demo", 1, requirements, ScriptedModel(), plan=plan), "fenced")
    assert [word for word in ("pytest", "node:test") if word in text] == [word for word in [rule] if word]
    assert ("initials.py" in text) is (rule == "pytest")


async def test_the_example_is_in_the_format_that_is_asked_for() -> None:
    _, model = await build(BOTH, answer_format="json")
    assert '{"files": [{"path": "average.py"' in model.calls[0].text
    assert "### FILE" not in model.calls[0].text


async def test_a_rejected_reply_is_asked_again_with_the_exact_error() -> None:
    built, model = await build("Sorry, what do you mean?", "```python\nx = 1\n```", BOTH)
    assert "Your last answer could not be used." in model.calls[1].text
    assert "Sorry, what do you mean?" in model.calls[1].text
    assert [call.purpose for call in model.calls] == ["build", "retry", "retry"]
    assert built.files.keys() == {"fib.py", "tests/test_fib.py"}


async def test_each_attempt_is_a_little_warmer() -> None:
    _, model = await build("?", "?", BOTH)
    temperatures = [call.temperature or 0 for call in model.calls]
    assert temperatures == sorted(set(temperatures))


async def test_when_nothing_can_be_read_the_documented_words_come_first() -> None:
    with pytest.raises(UnusableReply, match=r"^All JSON parsing strategies failed: received [^.;]+$") as caught:
        await build("no", "no", "still no")
    assert caught.value.raw.endswith("still no")


async def test_files_that_came_whole_before_a_cut_are_kept_and_only_the_rest_is_asked_for() -> None:
    cut = completion(f"{fenced('fib.py', CODE)}\n### FILE: tests/test_fib.py\n```\nfrom fi", FinishReason.LENGTH)
    built, model = await build(cut, fenced("tests/test_fib.py", TEST))
    assert built.files == {"fib.py": CODE, "tests/test_fib.py": TEST}
    assert "Write `tests/test_fib.py`, whole, and no other file." in model.calls[1].text
    assert CODE in model.calls[1].text


async def test_a_planned_file_that_is_missing_is_asked_for_once() -> None:
    built, model = await build(fenced("fib.py", CODE), "I am done.", "I am done.", "I am done.")
    assert built.files == {"fib.py": CODE}
    assert model.calls[1].purpose == "missing"
    assert "you write its tests" in model.calls[1].text


async def test_files_that_the_program_makes_are_not_asked_for() -> None:
    await build(BOTH, plan=PLAN + "- `cache.json`: made by the program\n")


async def test_a_refused_file_is_asked_for_alone_with_the_reason() -> None:
    bad = fenced("tests/test_fib.py", "def test_fib(:\n    pass\n")
    built, model = await build(f"{fenced('fib.py', CODE)}\n{bad}", fenced("tests/test_fib.py", TEST))
    assert built.files["tests/test_fib.py"] == TEST
    assert not built.rejected
    assert "is not valid Python (line 1" in model.calls[1].text


async def test_a_file_refused_twice_keeps_its_old_version_and_is_reported() -> None:
    bad = fenced("tests/test_fib.py", "def test_fib(:\n")
    built, _ = await repair(f"{fenced('fib.py', CODE + '# better')}\n{bad}", bad)
    assert built.files.keys() == {"fib.py"}
    assert "not valid Python" in built.rejected["tests/test_fib.py"]


async def test_a_forgotten_import_costs_no_call() -> None:
    test = TEST.replace("from fib import fib", "import pytest")
    built, _ = await build(f"{fenced('fib.py', CODE)}\n{fenced('tests/test_fib.py', test)}")
    assert built.files["tests/test_fib.py"].startswith("import pytest\nfrom fib import fib\n")


async def test_a_large_plan_is_built_in_several_calls_with_tests_last() -> None:
    names = ["a.py", "b.py", "c.py", "d.py", "tests/test_a.py"]
    plan = "\n".join(f"- `{name}`: part" for name in names)
    first = "\n".join(fenced(name, f"{name[0]} = 1\n") for name in names[:3])
    _, model = await build(
        first, fenced("d.py", "d = 1\n"), fenced("tests/test_a.py", "def test(): pass\n"), plan=plan, name="tiny-1b"
    )
    assert "Now write `a.py`, `b.py`, `c.py`, no other file." in model.calls[0].text
    assert "a = 1" in model.calls[1].text
    assert "Now write `tests/test_a.py`, no other file. Write at most 6 short tests." in model.calls[2].text


async def test_repair_shows_failures_and_files_and_delivers_what_changed() -> None:
    built, model = await repair(BOTH)
    assert built.files == {"tests/test_fib.py": TEST}
    assert FEEDBACK in model.calls[0].text
    assert STAGED["tests/test_fib.py"] in model.calls[0].text
    assert "You repair a small program" in model.calls[0].text
    assert "average.py" not in model.calls[0].text


async def test_the_report_stands_in_for_failures_that_are_not_known() -> None:
    _, model = await repair(BOTH, feedback="", report="**Score: 3.0**\n\nfib(6) must be 8")
    assert "# What the tests found\n\n**Score: 3.0**" in model.calls[0].text
    assert "Repair the program." in model.calls[0].text


async def test_a_repair_that_changes_nothing_is_asked_for_again() -> None:
    built, model = await repair(fenced("fib.py", CODE), fenced("tests/test_fib.py", TEST))
    assert "left every file as it was" in model.calls[1].text
    assert built.files == {"tests/test_fib.py": TEST}


async def test_a_second_repair_that_changes_nothing_delivers_nothing() -> None:
    built, _ = await repair(fenced("fib.py", CODE), fenced("fib.py", CODE))
    assert built.files == {}


async def test_what_the_user_changed_is_shown_as_the_users() -> None:
    _, model = await repair(BOTH, edited=frozenset({"fib.py"}))
    assert "The user changed this file by hand. Keep these changes." in model.calls[0].text


async def test_only_files_that_are_there_and_not_the_users_are_deleted() -> None:
    deletes = "DELETE: old.py\nDELETE: mine.py\nDELETE: nowhere.py\n"
    staged = {**STAGED, "old.py": "x = 1\n", "mine.py": "y = 1\n"}
    built, _ = await repair(
        f"{deletes}\n{fenced('tests/test_fib.py', TEST)}", staged=staged, edited=frozenset({"mine.py"})
    )
    assert built.deleted == {"old.py"}


async def test_without_failures_the_files_follow_the_new_plan() -> None:
    _, model = await repair(BOTH, feedback="")
    assert "Bring the files in line with requirements and plan." in model.calls[0].text


async def test_files_that_already_follow_the_plan_may_stay() -> None:
    built, _ = await repair(fenced("fib.py", CODE), feedback="")
    assert built.files == {}


async def test_files_that_do_not_fit_are_shown_by_their_signatures_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    large = "def big(a: int) -> int:\n" + "    a += 1\n" * 900 + "    return a\n"
    _, model = await repair(BOTH, staged={**STAGED, "other.py": large}, context=4096)
    text = model.calls[0].text
    assert "# Signatures of other.py\n\n```\ndef big(a: int) -> int\n```" in text
    assert "a += 1" not in text
    assert "demo: does not fit the prompt whole: FILE: other.py" in caplog.text
    assert CODE in text


async def test_the_answer_never_asks_for_more_than_the_window_holds() -> None:
    _, model = await build(BOTH, context=2048)
    assert (model.calls[0].max_output_tokens or 0) < 2048


async def test_a_small_model_is_stopped_early() -> None:
    _, model = await build(BOTH, name="tiny-1b")
    assert model.calls[0].max_output_tokens == PROFILES[Tier.SMALL].answer_tokens


async def test_after_two_dropped_rounds_a_small_model_writes_a_new_draft_without_seeing_the_old_one() -> None:
    built, model = await repair(BOTH, fruitless=2, name="coder-1.5b", sources=frozenset(STAGED))
    assert "assert fib(6) == 9" not in model.calls[0].text
    assert FEEDBACK not in model.calls[0].text
    assert built.files["fib.py"] == CODE
    assert model.calls[0].temperature == PROFILES[Tier.SMALL].temperature(2)


async def test_a_new_draft_takes_the_old_drafts_tests_away_and_keeps_what_the_user_edited() -> None:
    staged = {**STAGED, "tests/test_old.py": TEST, "notes.py": "MINE = 1\n"}
    built, model = await repair(BOTH, fruitless=0, name="coder-1.5b", staged=staged, edited=frozenset({"notes.py"}))
    assert built.deleted == {"tests/test_old.py"}
    assert built.afresh
    assert "MINE = 1" in model.calls[0].text


async def test_a_new_draft_is_told_how_the_others_broke_down_and_not_what_their_tests_expected() -> None:
    causes = ("assert 5 == 8 (fib.py, line 2)", "NameError: name 'x' is not defined (fib.py, line 1)")
    _, model = await repair(BOTH, fruitless=2, name="coder-1.5b", causes=(*causes, causes[1]))
    assert model.calls[0].text.count("NameError: name 'x' is not defined") == 1
    assert "5 == 8" not in model.calls[0].text


BROKEN = "NameError: name 'x' is not defined (fib.py, line 1)"
NEARLY_RIGHT = "# Report, iteration 1: Score: 7.9/10\n"


async def test_where_a_small_models_code_breaks_down_that_file_alone_is_mended_before_another_draft() -> None:
    built, model = await repair(
        fenced("fib.py", CODE + "\n\nX = 1\n"), name="coder-1.5b", cause=BROKEN, report=NEARLY_RIGHT
    )
    assert not built.afresh
    assert FEEDBACK in model.calls[0].text
    assert "Repair `fib.py`: write it anew" in model.calls[0].text
    assert model.calls[0].text.endswith("Begin with `### FILE: fib.py`.\n")
    assert model.calls[0].stop == ("### FILE: test",)


async def test_what_cannot_be_mended_is_drafted_anew_at_once() -> None:
    program, tests = fenced("fib.py", CODE + "\n\nX = 1\n"), fenced("tests/test_fib.py", TEST)
    built, model = await repair(
        fenced("fib.py", CODE), program, tests, name="coder-1.5b", cause=BROKEN, report=NEARLY_RIGHT
    )
    assert built.afresh
    assert FEEDBACK in model.calls[0].text
    assert FEEDBACK not in model.calls[1].text
    assert built.files.keys() == {"fib.py", "tests/test_fib.py"}


async def test_what_was_mended_for_nothing_is_drafted_anew() -> None:
    built, _ = await repair(BOTH, name="coder-1.5b", cause=BROKEN, report=NEARLY_RIGHT, fruitless=1)
    assert built.afresh


@pytest.mark.parametrize("cause", ["assert 5 == 8 (fib.py, line 2)", BROKEN.replace("fib.py", "tests/test_fib.py")])
async def test_a_wrong_value_and_a_broken_test_are_no_breakdown_of_the_code(cause: str) -> None:
    built, _ = await repair(BOTH, name="coder-1.5b", cause=cause, report=NEARLY_RIGHT)
    assert built.afresh


async def test_larger_models_repair_as_they_like() -> None:
    _, model = await repair(BOTH, cause=BROKEN)
    assert "Repair the program. Send only the files that change" in model.calls[0].text


async def test_a_repair_sees_the_failures_alone() -> None:
    _, model = await repair(BOTH, causes=("NameError: name 'x' is not defined",))
    assert "NameError" not in model.calls[0].text


@pytest.mark.parametrize(("tier", "rounds"), [(Tier.SMALL, [0, 2, 4]), (Tier.MEDIUM, [2, 4]), (Tier.LARGE, [3, 5])])
def test_repairs_and_new_drafts_take_turns_once_patience_is_over(tier: Tier, rounds: list[int]) -> None:
    assert [n for n in range(6) if PROFILES[tier].starts_afresh(9, n, hopeful=False)] == rounds
    assert [n for n in range(7) if PROFILES[tier].starts_afresh(9, n, hopeful=True)] == [n + 1 for n in rounds]


async def test_a_small_model_begins_with_three_drafts_then_repairs_what_is_nearly_right() -> None:
    report = "# Report, iteration 1: Score: 5.5/10\n"
    for others in (0, 1):
        built, _ = await repair(BOTH, name="coder-3b", report=report, drafts=(STAGED,) * others)
        assert built.afresh
    tests = fenced("tests/test_fib.py", TEST)
    built, model = await repair(tests, name="coder-3b", report=report, drafts=(STAGED,) * 2)
    assert FEEDBACK in model.calls[0].text
    assert not built.afresh


async def test_a_tiny_model_repairs_only_where_code_that_is_nearly_right_breaks_down() -> None:
    tiny: dict[str, Any] = {"name": "coder-1.5b", "report": NEARLY_RIGHT, "drafts": (STAGED,) * 3}
    for fruitless in range(5):
        assert (await repair(BOTH, **tiny, fruitless=fruitless))[0].afresh
    built, model = await repair(BOTH, **tiny, cause=BROKEN)
    assert "Repair `fib.py`" in model.calls[0].text
    assert not built.afresh
    assert (await repair(BOTH, **{**tiny, "report": NEARLY_RIGHT.replace("7.9", "6.9")}, cause=BROKEN))[0].afresh


async def test_a_larger_model_mends_what_breaks_down_however_much_else_is_wrong() -> None:
    _, model = await repair(fenced("fib.py", CODE + "\n\nX = 1\n"), name="coder-3b", cause=BROKEN)
    assert "Repair `fib.py`" in model.calls[0].text


async def test_noise_is_not_shown_again_and_the_next_answer_gets_another_seed() -> None:
    _, model = await build(completion("### FILE: fib.py\n" + "x = 1\n" * 9, FinishReason.DEGENERATE), BOTH)
    again = model.calls[1]
    assert [message.role for message in again.messages] == ["system", "user"]
    assert "repeated itself" in again.text
    assert "x = 1" not in again.text
    assert (model.calls[0].seed, again.seed) == (None, 101)


async def test_tests_before_noise_are_taken_and_nothing_is_asked_again() -> None:
    reply = (
        fenced("fib.py", CODE) + "\n### FILE: tests/test_fib.py\n```python\n" + TEST + "    assert fib(n=1) == 1\n" * 9
    )
    built, model = await build(completion(reply, FinishReason.DEGENERATE))
    assert len(model.calls) == 1
    assert built.files["fib.py"] == CODE
    assert built.files["tests/test_fib.py"] == TEST + "    assert fib(n=1) == 1\n"


async def test_a_program_that_ends_in_noise_is_asked_again() -> None:
    noise = "### FILE: fib.py\n```python\ndef fib(n):\n    x = 1\n" + "    x += 1\n" * 12
    built, model = await build(completion(noise, FinishReason.DEGENERATE), BOTH)
    assert len(model.calls) == 2
    assert built.files["fib.py"] == CODE


async def test_a_new_draft_is_not_asked_as_the_first_one_was() -> None:
    _, first = await build(BOTH, name="coder-1.5b")
    _, second = await repair(BOTH, fruitless=0, name="coder-1.5b", sources=frozenset(STAGED))
    asked = [(model.calls[0].seed, model.calls[0].temperature) for model in (first, second)]
    assert asked[0][0] is None
    assert asked[1][0] is not None
    assert asked[0][1] != asked[1][1]


async def test_a_small_models_wrong_test_is_settled_before_the_program_is_touched() -> None:
    told = "### `tests/test_fib.py::test_fib` fails\n```text\nAssertionError: assert 8 == 9\n```\n"
    told += "`tests/test_fib.py`, line 5, in `test_fib`:\n```text\n>    5     assert fib(6) == 9\n```"
    said = '{"returns": "8", "raises": ""}'
    built, model = await repair(said, said, name="coder-3b", feedback=told)
    assert [call.purpose for call in model.calls] == ["trial", "trial"]
    assert built.files == {"tests/test_fib.py": STAGED["tests/test_fib.py"].replace("== 9", "== 8")}
    assert not built.afresh


async def test_tests_are_not_deleted_without_others_in_their_place() -> None:
    away = "DELETE: tests/test_fib.py\n"
    built, model = await repair(away, f"{away}\n{fenced('fib.py', CODE + '# mended')}", sources=frozenset(STAGED))
    assert [call.purpose for call in model.calls] == ["repair", "otherwise"]
    assert built.deleted == frozenset()
    assert list(built.files) == ["fib.py"]


async def test_an_answer_that_only_deletes_tests_changes_nothing() -> None:
    away = "DELETE: tests/test_fib.py\n"
    built, _ = await repair(away, away, sources=frozenset(STAGED))
    assert (built.files, built.deleted) == ({}, frozenset())


async def test_tests_may_move_to_another_file() -> None:
    answer = f"DELETE: tests/test_fib.py\n\n{fenced('tests/test_more.py', TEST)}"
    built, _ = await repair(answer, sources=frozenset(STAGED))
    assert built.deleted == {"tests/test_fib.py"}
