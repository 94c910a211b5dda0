"""Of several programs for one question the one is taken that runs best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents.acceptance import render
from agents.answers import fenced
from agents.base import Built, Work
from agents.candidates import MOST_WRITTEN
from agents.engineer import Engineer
from agents.tiers import PROFILES, Tier
from agents.verification.box import SandboxUnavailable
from agents.verification.evidence import Evidence
from agents.verification.examples import Call, Check, ExampleResult
from agents.verification.examples_text import read_examples
from agents.verification.runner import Runner
from agents.verification.settings import VerificationSettings
from agents.verification.tree import SnapshotRefused
from tests.fakes.assertions import PATH, cases, evidence, suite
from tests.fakes.model import ScriptedModel

PLAN = f"# Plan: a\n\n## Files\n\n- `a.py`: f\n- `{PATH}`: its tests\n"
DOUBLE = "def f(x):\n    return x * 2\n"
ADD = "def f(x):\n    return x + x\n"
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

    async def tests(self, files: Mapping[str, str], plan: str, acceptance: str) -> Evidence:
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
    built, _ = await build([SQUARE, DOUBLE, SQUARE], RIGHT, TWO_IS_FOUR)
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}


async def test_the_users_word_counts_for_more_than_the_models_tests() -> None:
    squares = suite("assert f(5) == 25", "assert f(1) == 1", "assert f(4) == 16")
    built, _ = await build([SQUARE, DOUBLE, SQUARE], squares, THREE_IS_SIX)
    assert built.files["a.py"] == DOUBLE


async def test_a_test_that_all_programs_fail_alike_is_corrected_at_once() -> None:
    wrong = RIGHT.replace("assert f(4) == 8", "assert f(4) == 9")
    built, _ = await build([DOUBLE, ADD, DOUBLE], wrong)
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}


async def test_a_program_that_breaks_the_users_word_has_no_vote() -> None:
    wrong = RIGHT.replace("assert f(4) == 8", "assert f(4) == 9")
    other = "def f(x):\n    return 2 * x if x != 3 else 7\n"
    built, _ = await build([DOUBLE, ADD, other], wrong, THREE_IS_SIX)
    assert built.files == {"a.py": DOUBLE, PATH: wrong}


async def test_each_is_asked_for_with_another_seed_and_a_little_warmer() -> None:
    _, model = await build([DOUBLE] * 3)
    assert [(call.seed, call.temperature) for call in model.calls[:3]] == [(None, 0.2), (110, 0.4), (120, 0.7)]
    _, later = await build([DOUBLE] * 3, iteration=2, fruitless=1)
    assert [(call.seed, call.temperature) for call in later.calls[:3]] == [(200, 0.4), (210, 0.7), (220, 0.7)]
    assert len({call.messages for call in model.calls[:3]}) == 1


async def test_of_long_programs_fewer_are_written() -> None:
    long = DOUBLE + "# " + "x" * MOST_WRITTEN + "\n"
    assert (await build([long]))[0].files["a.py"] == long


async def test_a_refused_program_is_not_taken() -> None:
    broken = "def f(x:\n    return x * 2\n"
    built, _ = await build([broken, DOUBLE, SQUARE], RIGHT, THREE_IS_SIX)
    assert (built.files, built.rejected) == ({"a.py": DOUBLE, PATH: RIGHT}, {})


async def test_what_is_held_back_chooses_no_program() -> None:
    secret = Call(path="a.py", call="f(3)", returns="6", held_back=True)
    built, _ = await build([SQUARE, DOUBLE, SQUARE], suite("assert f(2) == 4"), secret)
    assert built.files["a.py"] == SQUARE


@pytest.mark.parametrize("trouble", [SandboxUnavailable("there is none"), SnapshotRefused("too large")])
async def test_what_cannot_be_run_is_taken_as_it_comes(trouble: Exception) -> None:
    built, _ = await build([SQUARE], RIGHT, THREE_IS_SIX, bench=Bench(trouble))
    assert built.files == {"a.py": SQUARE, PATH: RIGHT}


async def test_larger_models_and_programs_without_tests_apart_are_asked_once() -> None:
    bench = Bench()
    model = ScriptedModel([f"{fenced('a.py', DOUBLE)}\n{fenced(PATH, RIGHT)}"], name="coder-7b")
    work = Work("demo", 1, "a.py: f(x) doubles x.", model, plan=PLAN)
    built = await Engineer(model, runner=bench).run(work)  # type: ignore[arg-type]
    assert (built.files, bench.ran) == ({"a.py": DOUBLE, PATH: RIGHT}, [])


async def later(programs: Sequence[str], *drafts: dict[str, str], **work: Any) -> Built:
    """A new draft in the third iteration, after `drafts`, the last of which is the best."""
    *earlier, best = drafts
    told: dict[str, Any] = {"staged": best, "drafts": tuple(earlier), "feedback": "### `x` fails", "fruitless": 2}
    return (await build(programs, iteration=3, **told, **work))[0]


async def test_a_program_of_an_earlier_iteration_that_passes_more_of_the_new_tests_comes_back() -> None:
    wrong = {PATH: suite("assert f(1) == 7")}
    for drafts in ([{"a.py": DOUBLE, **wrong}, {"a.py": TRIPLE, **wrong}], [{"a.py": DOUBLE, **wrong}]):
        built = await later([SQUARE, SQUARE, TRIPLE], *drafts)
        assert (built.files, built.afresh) == ({"a.py": DOUBLE, PATH: RIGHT}, True)
    assert (await later([ADD, SQUARE, TRIPLE], *drafts)).files == {"a.py": ADD, PATH: RIGHT}


async def test_programs_of_earlier_iterations_vote_too() -> None:
    wrong = RIGHT.replace("assert f(4) == 8", "assert f(4) == 9")
    model_tests = {"tests": wrong}
    assert (await later([DOUBLE, SQUARE, TRIPLE], {"a.py": ADD}, {"a.py": TRIPLE}, **model_tests)).files[PATH] == wrong
    assert (await later([DOUBLE, SQUARE, ADD], {"a.py": ADD}, {"a.py": TRIPLE}, **model_tests)).files[PATH] == RIGHT


async def test_around_what_a_person_edited_one_program_is_written() -> None:
    edited = {"notes.py": "N = 1\n"}
    staged = {"a.py": TRIPLE, **edited}
    told = "### `x` fails"
    built, _ = await build([DOUBLE], iteration=3, fruitless=2, staged=staged, edited=frozenset(edited), feedback=told)
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}


async def test_in_the_sandbox_an_example_tells_the_right_program() -> None:
    runner = Runner(VerificationSettings(sandbox="auto"))
    built, _ = await build([SQUARE, DOUBLE, TRIPLE], RIGHT, THREE_IS_SIX, bench=runner)
    assert built.files == {"a.py": DOUBLE, PATH: RIGHT}
