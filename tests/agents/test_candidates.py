"""Of several programs for one question the one is taken that runs best."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from agents.acceptance import render
from agents.answers import fenced
from agents.base import Built, Work
from agents.candidates import LEAST_ROOM, MOST_WRITTEN
from agents.engineer import Engineer
from agents.tiers import PROFILES, Tier
from agents.verification.box import SandboxUnavailable
from agents.verification.evidence import Evidence, Verdict
from agents.verification.examples import Call, Check, ExampleResult
from agents.verification.examples_text import read_examples
from agents.verification.feedback import feedback
from agents.verification.runner import Runner
from agents.verification.settings import VerificationSettings
from agents.verification.tree import SnapshotRefused
from providers import estimate_tokens
from tests.fakes.assertions import PATH, cases, evidence, suite
from tests.fakes.model import ScriptedModel

PLAN = f"# Plan: a\n\n## Files\n\n- `a.py`: f\n- `{PATH}`: its tests\n"
DOUBLE = "def f(x):\n    return x * 2\n"
ADD = "def f(x):\n    return x + x\n"
TWICE = "def f(x):\n    return 2 * x\n"
SQUARE = "def f(x):\n    return x * x\n"
TRIPLE = "def f(x):\n    return x * 3\n"
TWO_IS_FOUR = Call(path="a.py", call="f(2)", returns="4", stated=True)
THREE_IS_SIX = Call(path="a.py", call="f(3)", returns="6", stated=True)
RIGHT = suite("assert f(5) == 10", "assert f(1) == 2", "assert f(0) == 0", "assert f(4) == 8")


@dataclass
class Bench:
    """Stands in for Runner: tests and examples of a.py."""

    trouble: Exception | None = None
    ran: list[Mapping[str, str]] = field(default_factory=list)

    async def glance(self, files: Mapping[str, str], plan: str, acceptance: str) -> Evidence:
        assert plan == PLAN
        self.ran.append(files)
        if self.trouble:
            raise self.trouble
        checks, _ = read_examples(acceptance, "ACCEPTANCE.md")
        return evidence(cases(files), [_holds(files["a.py"], check) for check in checks])


def _holds(program: str, check: Check) -> ExampleResult:
    assert isinstance(check, Call)
    names: dict[str, object] = {}
    exec(program, names)
    return ExampleResult(check, passed=repr(eval(check.call, names)) == check.returns)


async def build(
    programs: Sequence[str], tests: str = RIGHT, *checks: Check, bench: Any = None, name: str = "tiny-1b", **work: Any
) -> tuple[Built, ScriptedModel]:
    """One run; every answer must have been asked for."""
    answers = [*(fenced("a.py", program) for program in programs), fenced(PATH, tests)]
    model = ScriptedModel(answers, name=name)
    known = {"project": "demo", "iteration": 1, "requirements": "a.py: f(x) doubles x.", "plan": PLAN, "model": model}
    work = {"acceptance": render("a", checks), **known, **work}
    built = await Engineer(model, runner=bench or Bench()).run(Work(**work))  # type: ignore[arg-type]
    assert len(model.calls) == len(answers)
    return built, model


async def test_the_program_that_gives_what_the_user_says_is_taken() -> None:
    built, model = await build([SQUARE, DOUBLE, TRIPLE], RIGHT, TWO_IS_FOUR, THREE_IS_SIX)
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}
    assert [call.purpose for call in model.calls] == ["build", "candidate", "candidate", "build"]
    assert DOUBLE in model.calls[-1].text


async def test_more_are_written_while_none_gives_what_the_user_says() -> None:
    built, _ = await build([SQUARE, TRIPLE, TRIPLE, ADD], RIGHT, TWO_IS_FOUR, THREE_IS_SIX)
    assert built.files["a.py"] == ADD


async def test_when_none_does_the_one_that_comes_nearest_is_taken() -> None:
    most = PROFILES[Tier.TINY].candidates
    built, _ = await build([TRIPLE, SQUARE, *[TRIPLE] * (most - 2)], RIGHT, TWO_IS_FOUR, THREE_IS_SIX)
    assert built.files["a.py"] == SQUARE


async def test_among_those_that_do_the_tests_decide() -> None:
    built, _ = await build([SQUARE, DOUBLE, ADD], RIGHT, TWO_IS_FOUR)
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}


async def test_the_users_word_counts_for_more_than_the_models_tests() -> None:
    squares = suite("assert f(5) == 25", "assert f(1) == 1", "assert f(4) == 16")
    built, _ = await build([SQUARE, DOUBLE, TRIPLE], squares, THREE_IS_SIX)
    assert built.files["a.py"] == DOUBLE


async def test_a_test_that_all_programs_fail_alike_is_corrected_at_once() -> None:
    wrong = RIGHT.replace("assert f(4) == 8", "assert f(4) == 9")
    built, _ = await build([DOUBLE, ADD, TWICE], wrong)
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}


async def test_a_program_that_breaks_the_users_word_has_no_vote() -> None:
    wrong = RIGHT.replace("assert f(4) == 8", "assert f(4) == 9")
    other = "def f(x):\n    return 2 * x if x != 3 else 7\n"
    built, _ = await build([DOUBLE, ADD, other], wrong, THREE_IS_SIX)
    assert built.files == {"a.py": DOUBLE, PATH: wrong}


async def test_each_is_asked_for_with_another_seed_and_a_little_warmer() -> None:
    _, model = await build([SQUARE, TRIPLE, DOUBLE], RIGHT, THREE_IS_SIX)
    sampled = [(call.seed, call.temperature) for call in model.calls]
    assert sampled == [(None, 0.2), (110, 0.4), (120, 0.7), (None, 0.2)]
    _, later = await build([DOUBLE, ADD, SQUARE], iteration=2, fruitless=1)
    sampled = [(call.seed, call.temperature) for call in later.calls]
    assert sampled == [(200, 0.4), (210, 0.7), (220, 0.7), (201, 0.4)]
    assert len({call.messages for call in model.calls[:3]}) == 1


async def test_no_answer_is_waited_for_that_is_far_longer_than_the_first() -> None:
    _, model = await build([SQUARE, TRIPLE, DOUBLE], RIGHT, THREE_IS_SIX)
    assert [call.max_output_tokens for call in model.calls] == [1536, LEAST_ROOM, LEAST_ROOM, 512]
    long = SQUARE + "# " + "x" * 1200 + "\n"
    _, model = await build([long, DOUBLE, TRIPLE], RIGHT, THREE_IS_SIX)
    assert model.calls[1].max_output_tokens == 2 * estimate_tokens(fenced("a.py", long))


async def test_of_long_programs_fewer_are_written() -> None:
    long = DOUBLE + "# " + "x" * MOST_WRITTEN + "\n"
    assert (await build([long]))[0].files["a.py"] == long


async def test_a_refused_program_is_not_taken() -> None:
    broken = "def f(x:\n    return x * 2\n"
    built, _ = await build([broken, DOUBLE, SQUARE, TRIPLE], RIGHT, THREE_IS_SIX)
    assert (built.files, built.rejected) == ({"a.py": DOUBLE, PATH: RIGHT}, {})


async def test_what_is_held_back_chooses_no_program() -> None:
    secret = Call(path="a.py", call="f(3)", returns="6", held_back=True)
    built, _ = await build([SQUARE, DOUBLE, TRIPLE], suite("assert f(2) == 4"), secret)
    assert built.files["a.py"] == SQUARE


@pytest.mark.parametrize("trouble", [SandboxUnavailable("there is none"), SnapshotRefused("too large")])
async def test_what_cannot_be_run_is_taken_as_it_comes(trouble: Exception) -> None:
    built, _ = await build([SQUARE], RIGHT, THREE_IS_SIX, bench=Bench(trouble))
    assert built.files == {"a.py": SQUARE, PATH: RIGHT}


async def test_larger_models_are_asked_once() -> None:
    bench = Bench()
    model = ScriptedModel([f"{fenced('a.py', DOUBLE)}\n{fenced(PATH, RIGHT)}"], name="coder-7b")
    work = Work("demo", 1, "a.py: f(x) doubles x.", model, plan=PLAN)
    built = await Engineer(model, runner=bench).run(work)  # type: ignore[arg-type]
    assert (built.files, bench.ran) == ({"a.py": DOUBLE, PATH: RIGHT}, [])


async def test_drafts_of_earlier_iterations_vote_too() -> None:
    wrong, told = RIGHT.replace("assert f(4) == 8", "assert f(4) == 9"), "### `x` fails"
    later: dict[str, Any] = {"iteration": 3, "fruitless": 2, "feedback": told}
    programs = [DOUBLE, ADD, SQUARE]
    other, right = {"a.py": TRIPLE}, {"a.py": TWICE}
    assert (await build(programs, wrong, **later, staged=other))[0].files[PATH] == wrong
    assert (await build(programs, wrong, **later, staged=other, drafts=(right,)))[0].files[PATH] == RIGHT
    assert (await build(programs, wrong, **later, staged=right, drafts=(other,)))[0].files[PATH] == RIGHT


async def test_new_programs_show_that_a_test_of_the_best_one_is_wrong_before_others_are_written() -> None:
    wrong = RIGHT.replace("assert f(4) == 8", "assert f(4) == 9")
    best = {"a.py": TWICE, PATH: wrong}
    told = feedback(evidence(cases(best)))
    model = ScriptedModel([fenced("a.py", each) for each in (DOUBLE, ADD, SQUARE)], name="tiny-1b")
    work = Work("demo", 3, "a.py: f(x)", model, plan=PLAN, staged=best, feedback=told, fruitless=1)
    built = await Engineer(model, runner=Bench()).run(work)  # type: ignore[arg-type]
    assert (built.files, built.deleted, built.afresh) == ({PATH: RIGHT}, frozenset(), False)
    assert len(model.calls) == 3


async def test_programs_that_fail_what_the_user_says_correct_no_test() -> None:
    wrong = RIGHT.replace("assert f(4) == 8", "assert f(4) == 9")
    broken = [f"def f(x):\n    return {how} if x != 3 else 7\n" for how in ("x * 2", "x + x", "2 * x", "x << 1")]
    assert (await build(broken, wrong, THREE_IS_SIX))[0].files[PATH] == wrong


async def test_files_of_two_answers_are_not_mixed() -> None:
    first = f"{fenced('a.py', SQUARE)}\n{fenced('helper.py', 'N = 1')}"
    answers = [first, fenced("a.py", DOUBLE), fenced("a.py", TRIPLE), fenced(PATH, RIGHT)]
    bench, model = Bench(), ScriptedModel(answers, name="tiny-1b")
    work = Work("demo", 1, "a.py: f(x) doubles x.", model, plan=PLAN)
    built = await Engineer(model, runner=bench).run(work)  # type: ignore[arg-type]
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}
    assert built.files in bench.ran


async def test_tests_that_come_with_a_program_neither_choose_it_nor_stay() -> None:
    own = suite("assert f(2) == 4", "assert f(0) == 0")
    programs = json.dumps({"files": [{"path": "a.py", "content": SQUARE}, {"path": PATH, "content": own}]})
    answers = [fenced("a.py", TRIPLE), programs, fenced("a.py", DOUBLE), fenced(PATH, RIGHT)]
    model = ScriptedModel(answers, name="tiny-1b")
    built = await Engineer(model, "json", Bench()).run(Work("demo", 1, "", model, plan=PLAN))  # type: ignore[arg-type]
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}


async def test_what_comes_with_the_tests_stays_whichever_program_is_taken() -> None:
    tests = f"{fenced(PATH, RIGHT)}\n{fenced('tests/helper.py', 'N = 1')}\n{fenced('a.py', TRIPLE)}"
    model = ScriptedModel([*(fenced("a.py", each) for each in (SQUARE, DOUBLE, TRIPLE)), tests], name="tiny-1b")
    built = await Engineer(model, runner=Bench()).run(Work("demo", 1, "", model, plan=PLAN))  # type: ignore[arg-type]
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT, "tests/helper.py": "N = 1\n"}


async def test_a_fourth_program_is_written_when_two_are_the_same() -> None:
    again = DOUBLE.replace("def", "# once more\ndef")
    assert (await build([DOUBLE, again, ADD, TWICE]))[0].files["a.py"] == DOUBLE


async def test_after_noise_no_other_program_is_asked_for() -> None:
    model = ScriptedModel(["no file", "none", "none", fenced(PATH, RIGHT), fenced("a.py", DOUBLE)], name="tiny-1b")
    built = await Engineer(model, runner=Bench()).run(Work("demo", 1, "", model, plan=PLAN))  # type: ignore[arg-type]
    assert (built.files, len(model.calls)) == ({"a.py": DOUBLE, PATH: RIGHT}, 5)


async def test_only_the_first_program_is_asked_for_again() -> None:
    answers = ["no file", fenced("a.py", SQUARE), fenced("a.py", DOUBLE), "noise", fenced(PATH, RIGHT)]
    model = ScriptedModel(answers, name="tiny-1b")
    built = await Engineer(model, runner=Bench()).run(Work("demo", 1, "", model, plan=PLAN))  # type: ignore[arg-type]
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}
    assert [call.purpose for call in model.calls] == ["build", "retry", "candidate", "candidate", "build"]


async def test_a_run_that_cannot_be_trusted_counts_for_nothing() -> None:
    class Forged(Bench):
        async def glance(self, files: Mapping[str, str], plan: str, acceptance: str) -> Evidence:
            said = await super().glance(files, plan, acceptance)
            forged = replace(said, tested=replace(said.tested, verdict=Verdict.TAMPERED))
            return forged if files["a.py"] == DOUBLE else said

    built, _ = await build([DOUBLE, TRIPLE, SQUARE], suite("assert f(4) == 8", "assert f(0) == 0"), bench=Forged())
    assert built.files["a.py"] == TRIPLE


async def test_around_what_a_person_edited_one_program_is_written() -> None:
    edited = {"notes.py": "N = 1\n"}
    staged = {"a.py": TRIPLE, **edited}
    told = "### `x` fails"
    built, _ = await build([DOUBLE], iteration=3, fruitless=2, staged=staged, edited=frozenset(edited), feedback=told)
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}


async def test_a_program_without_end_costs_seconds() -> None:
    endless = "def f(x):\n    while True:\n        pass\n"
    settings = VerificationSettings(sandbox="auto", test_timeout=3600, example_timeout=600)
    glanced = await Runner(settings).glance({"a.py": endless}, acceptance=render("a", [THREE_IS_SIX]))
    (result,) = glanced.examples
    assert result.seconds < 60
    assert "ended by the sandbox" in result.problem


async def test_in_the_sandbox_an_example_tells_the_right_program() -> None:
    runner = Runner(VerificationSettings(sandbox="auto"))
    built, _ = await build([SQUARE, DOUBLE, TRIPLE], RIGHT, THREE_IS_SIX, bench=runner)
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}
