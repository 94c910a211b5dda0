"""What a report says of its iteration: the score as it stands there, a person's correction included, and our facts."""

from __future__ import annotations

from agents.verification.report import read_score

from . import iterations
from .events import Arrived, Failed
from .files import Folder
from .iterations import Facts
from .project import Project, Trigger
from .state import Score, State

_MOST_LOST = 50


def verdict(folder: Folder, state: State, iteration: int, report: str) -> Arrived | Failed:
    """The arrival of `report`, the text about `iteration`. Raises FileProblem."""
    score = read_score(report)
    if score is None:
        rel = Project.report(iteration)
        return Failed(f"{rel} has no score that can be read", "write a first line such as `Score: 7.5/10`")
    facts = iterations.facts_of(folder, iteration)
    if facts is None:  # nothing was verified: the report is all there is
        return Arrived(Trigger.REPORT, Score(iteration=iteration, score=score, green=True, summary="by hand"))
    judged = Score(
        iteration=iteration,
        score=score,
        green=facts.green,
        lost=_lost(facts, iterations.facts_of(folder, state.best_iteration)),
        summary=facts.summary,
        cause=facts.cause,
        program=facts.program,
        failing=_failing(facts),
    )
    return Arrived(Trigger.REPORT, judged)


def _lost(facts: Facts, best: Facts | None) -> tuple[str, ...]:
    """Tests that passed in the best iteration and do not now; a new draft has tests of its own."""
    if best is None or best.iteration == facts.iteration or facts.afresh:
        return ()
    return tuple(sorted(set(best.passed) - set(facts.passed))[:_MOST_LOST])


def _failing(facts: Facts) -> tuple[int, float] | None:
    examples = sum(test.startswith("example: ") for test in facts.failed)
    tests = len(facts.failed) - examples
    judged = len(facts.passed) + tests
    return (examples, round(tests / judged, 4)) if judged else None
