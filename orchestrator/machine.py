"""Every rule about what comes next, as a table of events; no I/O, no clock.

    IDLE -requirements-> PLANNING -plan-> ENGINEERING -manifest-> VERIFYING
    VERIFYING -report-> ENGINEERING | FINALIZING | EXHAUSTED
    FINALIZING -archived-> COMPLETED

A trigger may arrive at any time and starts its phase from whatever stands. Any working phase may fail, wait or be
paused.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from .events import Archived, Arrived, Event, Failed, Halted, Restored, Resumed, SnapshotLost, Stalled
from .project import Project, Trigger
from .scores import STUCK, is_stuck, remember
from .state import Phase, Rest, Score, State, Status


class Action(StrEnum):
    """What the shell is to do next."""

    PLAN = "plan"
    BUILD = "build"
    VERIFY = "verify"
    ARCHIVE = "archive"
    RESTORE = "restore"
    """Put the best iteration back into staging, then stop."""


WORK: Mapping[Phase, Action] = {
    Phase.PLANNING: Action.PLAN,
    Phase.ENGINEERING: Action.BUILD,
    Phase.VERIFYING: Action.VERIFY,
    Phase.FINALIZING: Action.ARCHIVE,
}

INPUT: Mapping[Phase, Trigger] = {
    Phase.PLANNING: Trigger.REQUIREMENTS,
    Phase.ENGINEERING: Trigger.PLAN,
    Phase.VERIFYING: Trigger.MANIFEST,
    Phase.FINALIZING: Trigger.REPORT,
}
"""What each phase works from: a change of it, or of anything before it, makes the work under way worthless."""

WORKING = frozenset({Status.PLANNING, Status.ENGINEERING, Status.VERIFYING, Status.FINALIZING})
AT_REST = frozenset({Status.IDLE, Status.COMPLETED, Status.FAILED, Status.EXHAUSTED})
"""Nothing happens before a trigger arrives."""
HELD = frozenset({Status.WAITING, Status.PAUSED})
"""The phase goes on when what held it is over."""


class IllegalEvent(Exception):
    """The event cannot happen in this state; nothing was changed."""


def step(state: State, event: Event) -> tuple[State, Action | None]:
    """The state after `event`, and the work it asks for (None: wait). Raises IllegalEvent."""
    match event:
        case Arrived(trigger, report):
            return _arrive(state, trigger, report)
        case Resumed():
            return _resume(state)
        case Archived():
            _demand(state, event, Phase.FINALIZING)
            return _change(state, status=Status.COMPLETED), None
        case Restored():
            return state.model_copy(update={"restoring": False}), None
        case SnapshotLost():
            _demand(state, event, Phase.FINALIZING)
            return _work(state, Phase.VERIFYING)
        case Failed(reason, hint):
            return _change(state, status=Status.FAILED, error=reason, hint=hint or None), None
        case Stalled(reason, hint, not_before):
            return _hold(state, Status.WAITING, error=reason, hint=hint or None, not_before=not_before), None
        case Halted(reason, hint):
            return _hold(state, Status.PAUSED, error=reason, hint=hint or None), None


def _change(state: State, **change: Any) -> State:
    """`state` with `change`; what was wrong before is over unless `change` says otherwise."""
    over = {"error": None, "hint": None, "not_before": None, "restoring": False, "rest": None}
    return state.model_copy(update={**over, **change})


def _hold(state: State, status: Status, **change: Any) -> State:
    rest = Rest(status=state.status, error=state.error, hint=state.hint) if state.status in AT_REST else state.rest
    return _change(state, status=status, restoring=state.restoring, rest=rest, **change)


def _demand(state: State, event: Event, phase: Phase) -> None:
    if state.current_phase is not phase:
        raise IllegalEvent(f"{state.name}: {type(event).__name__} while {state.current_phase}, expected {phase}")


def _work(state: State, phase: Phase, **change: Any) -> tuple[State, Action]:
    return _change(state, status=Status(phase.value), current_phase=phase, **change), WORK[phase]


def _arrive(state: State, trigger: Trigger, report: Score | None) -> tuple[State, Action | None]:
    fresh: dict[str, Any] = {
        "last_score": None,
        "best_score": None,
        "best_iteration": None,
        "scores": (),
        "lessons": (),
    }
    match trigger:
        case Trigger.REQUIREMENTS:
            return _work(state, Phase.PLANNING, iteration=0, **fresh)
        case Trigger.PLAN:
            return _work(state, Phase.ENGINEERING, iteration=1, **fresh)
        case Trigger.MANIFEST:
            return _work(state, Phase.VERIFYING, iteration=max(1, state.iteration))
        case Trigger.REPORT:
            if report is None:
                raise IllegalEvent(f"{state.name}: a report arrived without its score")
            return _judge(state, report)


def _judge(state: State, report: Score) -> tuple[State, Action | None]:
    """Done, once more, or the limit: the report of an iteration decides.

    A project that was given up was taken up again by a person, who knows better than `is_stuck`.
    """
    taken_up_again = state.status is Status.EXHAUSTED
    state = remember(state, report)
    if report.score >= state.quality_threshold:
        return _work(state, Phase.FINALIZING, iteration=report.iteration)
    repeated = is_stuck(state.scores) and not taken_up_again
    if report.iteration < state.max_iterations and not repeated:
        return _work(state, Phase.ENGINEERING, iteration=report.iteration + 1)
    given_up = {"iteration": report.iteration, "exhausted_at": state.max_iterations, "repeated": repeated}
    return _exhaust(state.model_copy(update=given_up))


def _exhaust(state: State) -> tuple[State, Action]:
    best = f"iteration {state.best_iteration} with {state.best_score}" if state.best_iteration else "none"
    reason = f"not {state.quality_threshold:g}/10 after {state.iteration} iterations; best: {best}"
    if state.repeated:
        reason += f"; the last {STUCK} brought nothing new"
    hint = f"read {Project.DIAGNOSIS}, edit the requirements or PLAN.md, or raise max_iterations"
    return _change(state, status=Status.EXHAUSTED, error=reason, hint=hint, restoring=True), Action.RESTORE


def _resume(state: State) -> tuple[State, Action | None]:
    if state.restoring:
        return _exhaust(state)
    if state.rest is not None:
        return _change(state, **dict(state.rest)), None
    if state.status in AT_REST or state.current_phase not in WORK:
        return state, None
    return _work(state, state.current_phase)


def next_arrival(taken: Mapping[Trigger, str], found: Mapping[Trigger, str]) -> Trigger | None:
    """The most upstream trigger whose fingerprint differs from the one taken up."""
    return next((t for t in Trigger if t in found and found[t] != taken.get(t)), None)


def take(state: State, trigger: Trigger, found: Mapping[Trigger, str]) -> State:
    """Mark `trigger`, and all that stands downstream of it now (it is stale), as taken up; a new turn begins."""
    order = list(Trigger)
    later = {t: found[t] for t in order[order.index(trigger) :] if t in found}
    return state.model_copy(update={"taken": {**state.taken, **later}, "turn": state.turn + 1})


def outdates(trigger: Trigger, phase: Phase) -> bool:
    """Whether the arrival of `trigger` makes the work of `phase` worthless.

    A report that arrives while the Engineer works is that of the iteration before: he works from it, too.
    """
    order = list(Trigger)
    if (trigger, phase) == (Trigger.REPORT, Phase.ENGINEERING):
        return True
    return phase in INPUT and order.index(trigger) <= order.index(INPUT[phase])
