"""Which round is the best, and when more rounds would be for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.events import Arrived
from orchestrator.files import Folder
from orchestrator.iterations import Facts, keep_facts
from orchestrator.scores import improves, is_stuck
from orchestrator.state import Score, State
from orchestrator.verdict import verdict


@pytest.mark.parametrize(
    ("candidate", "best", "better"),
    [
        ({"score": 1.0}, None, True),
        ({"score": 6.0}, {"score": 5.0}, True),
        ({"score": 5.0}, {"score": 5.0}, False),
        ({"score": 7.9, "failing": (0, 0.1)}, {"score": 7.9, "failing": (0, 0.2)}, True),
        ({"score": 7.9, "failing": (0, 0.2)}, {"score": 7.9, "failing": (0, 0.2)}, False),
        ({"score": 7.9, "failing": (0, 0.3)}, {"score": 7.9, "failing": (0, 0.2)}, False),
        ({"score": 7.8, "failing": (0, 0.1)}, {"score": 7.9, "failing": (0, 0.2)}, False),
        ({"score": 7.9, "failing": (0, 0.1), "lost": ("t::a",)}, {"score": 7.9, "failing": (0, 0.2)}, False),
        ({"score": 7.9, "failing": (0, 0.1)}, {"score": 7.9}, False),
        ({"score": 7.9, "failing": (1, 0.0)}, {"score": 7.9, "failing": (0, 0.25)}, False),
        ({"score": 7.9, "failing": (0, 0.25)}, {"score": 7.9, "failing": (1, 0.0)}, True),
        ({"score": 5.0, "green": True}, {"score": 7.0}, True),
        ({"score": 7.0}, {"score": 5.0, "green": True}, False),
        ({"score": 7.0, "lost": ("t::a",)}, {"score": 5.0}, False),
        ({"score": 9.0, "green": True, "lost": ("t::a",)}, {"score": 5.0}, True),
    ],
)
def test_green_beats_score_and_fewer_failures_the_same_score_and_no_passing_test_is_lost(
    candidate: dict[str, object], best: dict[str, object] | None, better: bool
) -> None:
    def score(fields: dict[str, object]) -> Score:
        return Score.model_validate({"iteration": 1, **fields})

    assert improves(score(candidate), score(best) if best else None) is better


@pytest.mark.parametrize(
    ("passed", "failed", "failing"),
    [
        (("t::a", "t::b", "t::c"), ("t::d", "example: f(1)"), (1, 0.25)),
        (("t::a",), (), (0, 0.0)),
        ((), ("t::a", "t::b"), (0, 1.0)),
        ((), (), None),
    ],
)
def test_a_score_tells_how_many_examples_and_which_share_of_the_tests_fail(
    tmp_path: Path, passed: tuple[str, ...], failed: tuple[str, ...], failing: tuple[int, float] | None
) -> None:
    with Folder.open(tmp_path) as folder:
        keep_facts(folder, Facts(iteration=2, turn=4, score=7.9, green=False, passed=passed, failed=failed))
        arrived = verdict(folder, State(name="demo", iteration=2), 2, "Score: 7.9/10")
    assert isinstance(arrived, Arrived)
    assert arrived.report is not None
    assert arrived.report.failing == failing


def test_fewer_failures_do_not_outweigh_code_that_newly_breaks_down() -> None:
    wrong, crash = (
        "AssertionError: assert 1 == 2 (tests/test_a.py, line 3)",
        "NameError: name 'x' is not defined (a.py, line 3)",
    )
    for cause, before, better in ((crash, wrong, False), (crash, crash, True), (wrong, wrong, True)):
        best = Score(iteration=1, score=2.4, failing=(0, 0.5), cause=before)
        assert improves(Score(iteration=2, score=2.4, failing=(0, 0.4), cause=cause), best) is better


@pytest.mark.parametrize(
    ("programs", "stuck"),
    [("abcd", False), ("aaaa", True), ("abab", False), ("ababa", True), ("abcabc", True), ("aaa", False), ("", False)],
)
def test_programs_that_were_all_judged_before_are_no_progress(programs: str, stuck: bool) -> None:
    scores = tuple(Score(iteration=n, score=1.0, program=program) for n, program in enumerate(programs, 1))
    assert is_stuck(scores) is stuck


def test_programs_that_are_not_known_are_not_the_same() -> None:
    assert not is_stuck(tuple(Score(iteration=n, score=1.0) for n in range(1, 9)))
