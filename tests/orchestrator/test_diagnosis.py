"""What a person reads when a project was given up."""

from __future__ import annotations

from pathlib import Path

from agents.base import Built, Work
from orchestrator.diagnosis import diagnosis
from orchestrator.iterations import Facts
from orchestrator.scores import STUCK
from orchestrator.state import State
from tests.fakes.agents import Trio, trio
from tests.fakes.daemon import daemon, drop, settings, state

BEST = State(name="x", iteration=3, best_iteration=2, best_score=6.0, error="not 8/10 after 3 iterations")


def facts(number: int, score: float, *, passed: tuple[str, ...] = (), failed: tuple[str, ...] = ()) -> Facts:
    return Facts(iteration=number, turn=number, score=score, green=False, summary="so so", passed=passed, failed=failed)


def test_what_failed_in_all_rounds_comes_first_and_what_to_do_names_the_files() -> None:
    rounds = [
        facts(1, 3.0, passed=("t::a",), failed=("t::b", "t::c", "example: f(1)")),
        facts(2, 6.0, passed=("t::a", "t::c"), failed=("t::b", "t::d", "example: f(1)")),
        facts(3, 4.0, passed=("t::c",), failed=("t::b", "example: f(1)")),
    ]
    page = diagnosis(BEST, rounds, "code-tumbler")
    assert page.startswith("# Diagnosis: x was not finished\n\nNot 8/10 after 3 iterations.")
    assert "- Failed in every iteration: `example: f(1)`, `t::b`\n- Failed in the best one too: `t::d`" in page
    assert "- iteration 2, a repair: 6/10, the best; so so" in page
    assert "02_plan/ACCEPTANCE.md" in page
    assert page.count("it again: `code-tumbler rerun x verifier`") == 2
    assert "let the Engineer begin again: `code-tumbler rerun x engineer`" in page
    assert "Raise `max_iterations`" in page


def test_without_any_test_a_larger_model_is_advised() -> None:
    page = diagnosis(BEST, [facts(1, 1.0), facts(2, 2.0)], "code-tumbler")
    assert "No test ran in the best iteration: so so" in page
    assert "agent_providers" in page
    assert "Failed in every iteration" not in page


def test_names_cannot_break_the_page_and_there_is_an_end_to_them() -> None:
    page = diagnosis(BEST, [facts(2, 2.0, failed=tuple(f"t::`{n:02}`" for n in range(40)))], "code-tumbler")
    assert "`t:: 09 ` and 30 more" in page


def test_each_round_says_what_it_failed_of() -> None:
    told = facts(2, 2.0).model_copy(update={"cause": "NameError: name 'x' is not `defined`"})
    page = diagnosis(BEST, [told], "code-tumbler")
    assert "2/10, the best; so so; `NameError: name 'x' is not 'defined'`" in page


def same_again(agents: Trio) -> Trio:
    def build(work: Work) -> Built:
        return Built({"main.py": "print(1)\n", "tests/test_main.py": "def test_x(): ...\n"})

    agents.engineer.outcome = build
    return agents


async def test_a_model_that_brings_nothing_new_is_given_up_early_with_a_diagnosis(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    agents = same_again(trio(scores=(4.0,)))
    assert await daemon(tmp_path, agents, config=settings(max_iterations=10)).run(until_idle=True) != 0
    found = state(tmp_path, "x")
    assert (found["status"], found["iteration"]) == ("exhausted", 1 + STUCK)
    assert "brought nothing new" in found["error"]
    assert "04_feedback/DIAGNOSIS.md" in found["hint"]
    assert "programs that it had sent before" in (tmp_path / "x" / "04_feedback" / "DIAGNOSIS.md").read_text()


async def test_one_given_up_early_goes_on_when_it_may_try_longer_than_it_might(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    await daemon(tmp_path, same_again(trio(scores=(4.0,))), config=settings(max_iterations=6)).run(until_idle=True)
    again = trio(scores=(4.0,))
    await daemon(tmp_path, again, config=settings(max_iterations=6)).run(until_idle=True)
    assert again.engineer.works == []
    better = trio(scores=(9.0,))
    assert await daemon(tmp_path, better, config=settings(max_iterations=7)).run(until_idle=True) == 0
    assert not (tmp_path / "x" / "04_feedback" / "DIAGNOSIS.md").exists()
