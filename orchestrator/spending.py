"""What model calls have cost, read from usage.json and summed by day, project, agent or model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .files import FileProblem, Folder
from .project import Project
from .usage import Row, history

_LARGEST = 64 << 20


@dataclass(frozen=True)
class Call:
    """One row of a project's usage.json."""

    project: str
    row: Row


@dataclass(frozen=True)
class Sum:
    """What some calls came to."""

    calls: int = 0
    failed: int = 0
    """Calls that came to nothing and may have cost something all the same."""
    tokens: int = 0
    cost: float | None = 0.0
    """USD; None when the price of any of them is not known."""
    seconds: float = 0.0

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        rows = list(rows)
        costs = [row.cost for row in rows if row.cost is not None]
        return cls(
            calls=len(rows),
            failed=sum(row.outcome != "ok" for row in rows),
            tokens=sum(row.tokens for row in rows),
            cost=round(sum(costs), 6) if len(costs) == len(rows) else None,
            seconds=round(sum(row.seconds for row in rows), 3),
        )


Key = Callable[[Call], tuple[str, ...]]

KEYS: dict[str, Key] = {
    "agent": lambda call: (call.project, call.row.agent),
    "day": lambda call: (call.row.time.astimezone().date().isoformat(),),
    "model": lambda call: (call.row.provider, call.row.model),
    "project": lambda call: (call.project,),
}
"""What a sum is made for, by the word that `usage --by` takes."""
HEADINGS = {"agent": ("project", "agent"), "day": ("day",), "model": ("provider", "model"), "project": ("project",)}


def calls(root: Path) -> list[Call]:
    """The calls of the project at `root`, oldest first; none when usage.json is absent or damaged."""
    try:
        with Folder.open(root) as folder:
            rows = history(folder.read(Project.USAGE, limit=_LARGEST) or b"")
        return [Call(root.name, row) for row in rows]
    except (FileProblem, ValueError):
        return []


def sums(made: Iterable[Call], by: str) -> list[tuple[tuple[str, ...], Sum]]:
    """(what `HEADINGS[by]` names, its sum), in the order in which they first appear; days in their own."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for call in made:
        groups.setdefault(KEYS[by](call), []).append(call.row)
    named = [(key, Sum.of(rows)) for key, rows in groups.items()]
    return sorted(named, key=lambda pair: pair[0]) if by == "day" else named
