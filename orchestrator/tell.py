"""What a person is told when a project's state changes: one line each, with what to do next."""

from __future__ import annotations

from .paragraph import joined
from .program import again
from .state import Phase, Score, State, Status
from .view import EndingView, Level, View

ENDS = frozenset({Status.COMPLETED, Status.FAILED, Status.EXHAUSTED})


def tell(view: View, before: State, now: State) -> None:
    """Say what changed between two states of one project; that it is at rest again as it was before is no news."""
    if before.rest is not None and (now.status, now.error) == (before.rest.status, before.rest.error):
        return
    if now.scores and now.scores != before.scores:
        _tell_score(view, now, now.scores[-1])
    line = _line(before, now)
    if line is not None:
        text, level = line
        view.say(text, project=now.name, level=level)
    if now.status in ENDS and not now.restoring and isinstance(view, EndingView):
        view.ended(now)


def _tell_score(view: View, now: State, score: Score) -> None:
    reached = score.score >= now.quality_threshold
    text = f"score {score.score:g}/10 in iteration {score.iteration}"
    found = "; ".join(filter(None, (score.summary, score.cause)))
    text += f" ({found})" if found else ""
    if not score.accepted:
        text += f"; iteration {now.best_iteration} with {now.best_score:g} stays the best"
    view.say(text, project=now.name, level=Level.GOOD if reached else Level.INFO)


def _line(before: State, now: State) -> tuple[str, Level] | None:
    rounds = f"iteration {now.iteration} of {now.max_iterations}"
    match now.status:
        case Status.PLANNING:
            return "Architect plans", Level.INFO
        case Status.ENGINEERING:
            return f"Engineer writes, {rounds}", Level.INFO
        case Status.VERIFYING:
            return f"Verifier tests, {rounds}", Level.INFO
        case Status.COMPLETED:
            return f"completed with {now.last_score:g}/10 after {_times(now.iteration)}", Level.GOOD
        case Status.FAILED:
            where = "" if now.current_phase is Phase.IDLE else f" while {now.current_phase}"
            return joined(f"failed{where}: {now.error}", now.hint, again(now.name)), Level.ERROR
        case Status.EXHAUSTED if not now.restoring:
            return joined(f"exhausted: {now.error}", now.hint), Level.WARNING
        case Status.WAITING | Status.PAUSED if (before.status, before.error) != (now.status, now.error):
            return joined(f"{now.status}: {now.error}", now.hint), Level.WARNING
        case _:
            return None


def _times(iterations: int) -> str:
    return "1 iteration" if iterations == 1 else f"{iterations} iterations"
