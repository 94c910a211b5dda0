"""Why a project was given up, for the person who finds it in the morning: `04_feedback/DIAGNOSIS.md`. Pure."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from agents.verification.text import inline

from .iterations import Facts
from .project import Project
from .state import State

MOST_NAMED = 10
EXAMPLE = "example: "
"""What the ids of examples and acceptance checks begin with."""


def diagnosis(state: State, rounds: Sequence[Facts], program: str, *, best_is_back: bool = True) -> str:
    """The page, from what is known of each iteration, oldest first; `program`: how to call us."""
    sections = [
        f"# Diagnosis: {state.name} was not finished",
        f"{_sentence(state)} {_where_it_is(state, back=best_is_back)}",
        _section("What stood in the way", _obstacles(state, rounds)),
        _section("What was tried", _rounds(state, rounds)),
        _section("What you can do", _advice(state, rounds, program)),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _sentence(state: State) -> str:
    text = state.error or "the score did not reach the threshold"
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _where_it_is(state: State, *, back: bool) -> str:
    if back:
        return f"The best iteration is back in `{Project.STAGING}`."
    return (
        f"The best iteration, {state.best_iteration}, was not kept or is damaged; `{Project.STAGING}` has the last one."
    )


def _section(title: str, lines: Iterator[str]) -> str:
    listed = "\n".join(f"- {line}" for line in lines)
    return f"## {title}\n\n{listed}" if listed else ""


def _always(rounds: Sequence[Facts]) -> list[str]:
    """What failed in each iteration that ran any test."""
    ran = [facts for facts in rounds if facts.passed or facts.failed]
    failed = Counter(name for facts in ran for name in set(facts.failed))
    return sorted(name for name, times in failed.items() if times == len(ran))


def _best(state: State, rounds: Sequence[Facts]) -> Facts | None:
    return next((facts for facts in rounds if facts.iteration == state.best_iteration), None)


def _obstacles(state: State, rounds: Sequence[Facts]) -> Iterator[str]:
    always, best = _always(rounds), _best(state, rounds)
    if always:
        yield f"Failed in every iteration: {_named(always)}"
    if best is not None:
        others = sorted(set(best.failed) - set(always))
        if others:
            yield f"Failed in the best one too: {_named(others)}"
        if not best.passed and not best.failed:
            yield f"No test ran in the best iteration: {best.summary or 'its report says why'}"
    if state.repeated:
        yield "The Engineer's model sent programs that it had sent before, also when it was asked with other seeds"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name.replace('`', ' ')}`" for name in names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown


def _rounds(state: State, rounds: Sequence[Facts]) -> Iterator[str]:
    for facts in rounds:
        kind = "a new draft" if facts.afresh or facts.iteration == 1 else "a repair"
        best = ", the best" if facts.iteration == state.best_iteration else ""
        cause = f"; {inline(facts.cause, 200)}" if facts.cause else ""
        yield f"iteration {facts.iteration}, {kind}: {facts.score:g}/10{best}; {facts.summary or 'no summary'}{cause}"


def _advice(state: State, rounds: Sequence[Facts], program: str) -> Iterator[str]:
    always, best = _always(rounds), _best(state, rounds)
    rerun = f"{program} rerun {shlex.quote(state.name)}"
    tests = [name for name in always if not name.startswith(EXAMPLE)]
    if len(tests) < len(always):
        yield (
            f"Read what is expected in `{Project.ACCEPTANCE}` and `{Project.PLAN}`: where that is wrong, correct it, "
            f"then test it again: `{rerun} verifier`"
        )
    if tests:
        yield (
            f"Read these tests in `{Project.STAGING}`: where one expects too much, correct it, then test "
            f"it again: `{rerun} verifier`; where it is right, say in `{Project.NOTES}` how the program should get "
            f"there, and let the Engineer begin again: `{rerun} engineer`"
        )
    if state.repeated or best is None or not best.passed:
        yield "Let a larger model be the Engineer (`agent_providers` in config.yaml), or ask for less in one project"
    else:
        yield "Raise `max_iterations` in `tumbler.yaml` when the scores above still rise"
