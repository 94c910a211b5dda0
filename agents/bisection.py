"""Takes the good part of a repair that also broke something: file by file, by running the tests.

A round that mends one test and breaks another would be dropped whole. Here each changed file is tried alone on top of
the best iteration, then all but each; the combination with which nothing that passed is lost, and most is gained, is
what is left of the round.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from agents.base import Built
from agents.plan import is_test

MOST_FILES = 6
"""Changed files; of more, the combinations would take longer than the next round."""

Files = Mapping[str, str]
Run = Callable[[Files], Awaitable[frozenset[str]]]
"""Ids of the tests that pass."""


async def better_part(
    best: Files, now: Files, passed_before: frozenset[str], passed_now: frozenset[str], run: Run
) -> Built | None:
    """What must be put back so that only the good part of `now` stays; None when there is none, or nothing was lost."""
    changed = [path for path in sorted({*best, *now}) if best.get(path) != now.get(path)]
    if not passed_before - passed_now or not passed_now - passed_before or not 2 <= len(changed) <= MOST_FILES:
        return None
    gained: dict[tuple[str, ...], int] = {}
    for kept in _parts(changed):
        passed = await run(_combined(best, now, kept))
        if passed_before < passed:
            gained[kept] = len(passed - passed_before)
    if not gained:
        return None
    kept = max(gained, key=lambda part: gained[part])
    back = [path for path in changed if path not in kept]
    deleted = frozenset(path for path in back if path not in best)
    return Built({path: best[path] for path in back if path in best}, deleted)


def _parts(changed: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Each file alone, then all but each. Tests alone mend nothing."""
    parts = [(path,) for path in changed] + [tuple(p for p in changed if p != path) for path in changed]
    yield from (part for part in dict.fromkeys(parts) if not all(map(is_test, part)))


def _combined(best: Files, now: Files, kept: Sequence[str]) -> dict[str, str]:
    files = {**best, **{path: now[path] for path in kept if path in now}}
    return {path: text for path, text in files.items() if path in now or path not in kept}
