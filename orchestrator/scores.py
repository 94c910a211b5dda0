"""What the scores of the rounds say: which round is the best, and when more of them would be for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.verification.cause import breaks_down, gets_further

from .state import Score, State

_MOST_LESSONS = 8
STUCK = 3
"""Rounds in a row with a program that was judged before, after which a project is given up."""


def remember(state: State, report: Score) -> State:
    """Book the score; the iteration becomes the best when `improves` says so."""
    others = tuple(s for s in state.scores if s.iteration != report.iteration)
    best = next((s for s in others if s.iteration == state.best_iteration), None)
    causes = [score.cause for score in others]
    report = report.model_copy(update={"accepted": improves(report, best, causes)})
    change: dict[str, Any] = {"last_score": report.score, "scores": (*others, report)}
    if report.accepted:
        change |= {"best_score": report.score, "best_iteration": report.iteration}
    else:
        change["lessons"] = (*state.lessons, _lesson(report, state))[-_MOST_LESSONS:]
    return state.model_copy(update=change)


def improves(candidate: Score, best: Score | None, causes: Sequence[str] = ()) -> bool:
    """Whether `candidate` replaces `best`: all green first, then the score; a passing test must not be lost.

    At the same score, which is capped while anything fails, it does when the code does not break down as the best one's
    does, nor as any before (`causes`), or when less fails.
    """
    if best is None:
        return True
    if candidate.lost and not (candidate.green and not best.green):
        return False
    now, before = (candidate.green, candidate.score), (best.green, best.score)
    if now != before:
        return now > before
    return gets_further(candidate.cause, best.cause, causes) or _less_fails(candidate, best)


def _less_fails(candidate: Score, best: Score) -> bool:
    """Examples first, as they are the user's or nearest to it. What newly breaks down hides how much of it fails."""
    if candidate.failing is None or best.failing is None:
        return False
    newly_broken = breaks_down(candidate.cause) and not breaks_down(best.cause)
    return candidate.failing < best.failing and not newly_broken


def _lesson(report: Score, state: State) -> str:
    """One line for the Engineer about a round that was not kept."""
    text = f"iteration {report.iteration} was dropped: {report.score:g}/10, but iteration {state.best_iteration} has "
    text += f"{state.best_score:g}/10"
    if report.lost:
        text += f"; it broke {', '.join(report.lost[:3])}"
    return f"{text}; {report.cause}" if report.cause else text


def is_stuck(scores: Sequence[Score]) -> bool:
    """Whether the newest rounds all brought programs that had been judged before: more of them would be for nothing."""
    programs = [score.program for score in sorted(scores, key=lambda score: score.iteration)]
    known = [bool(program) and program in programs[:number] for number, program in enumerate(programs)]
    return len(known) > STUCK and all(known[-STUCK:])
