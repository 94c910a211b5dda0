"""What a project has cost: a fold over its journal, so that no call is counted twice or forgotten."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from .files import Folder
from .journal import Entry, Journal
from .project import Project


@checked(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="ignore"))
class Row:
    """One call in usage.json's `history`; slots, as each project at work holds one a call."""

    id: int
    time: datetime
    agent: str
    iteration: int
    provider: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    estimated: bool = False
    cost: float | None
    """USD, None when the price is not known."""
    seconds: float
    outcome: str

    @property
    def tokens(self) -> int:
        """Input and output together; what nobody knows counts as none."""
        return (self.input_tokens or 0) + (self.output_tokens or 0)

    @classmethod
    def of(cls, entry: Entry) -> Row:
        tokens = entry.tokens
        return cls(
            id=entry.id,
            time=entry.started,
            agent=entry.agent,
            iteration=entry.iteration,
            provider=entry.provider,
            model=entry.model,
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            cached_tokens=tokens.cached,
            reasoning_tokens=tokens.reasoning,
            estimated=tokens.estimated,
            cost=entry.cost,
            seconds=round(entry.seconds, 3),
            outcome=entry.outcome,
        )


_ROWS = TypeAdapter(list[Row])


def history(document: bytes) -> list[Row]:
    """The calls in usage.json. Raises ValueError when it does not list them."""
    try:
        return _ROWS.validate_python(json.loads(document)["history"])
    except (KeyError, TypeError, RecursionError) as problem:
        raise ValueError(f"lists no calls: {problem!r}") from problem


@dataclass
class UnderWay:
    """What a call that has not ended has come to so far."""

    tokens: int = 0
    cost: float | None = 0.0
    """USD, None when the price is not known."""
    seconds: float = 0.0


class Totals:
    """Running sums, which are all that a budget needs."""

    def __init__(self) -> None:
        self.tokens = 0
        self.cost = 0.0
        """USD of the calls whose price is known."""
        self.unpriced = 0
        """Calls whose price is not known."""
        self.seconds = 0.0
        self.calls = 0

    def add(self, row: Row) -> None:
        self.tokens += row.tokens
        self.cost += row.cost or 0.0
        self.unpriced += row.cost is None
        self.seconds += row.seconds
        self.calls += 1


class Spent(Totals):
    """What one project has spent, call by call."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        super().__init__()
        self.rows: list[Row] = []
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        super().add(row)
        self.rows.append(row)

    def document(self) -> dict[str, Any]:
        """usage.json. `total_cost` is null when the price of any call is not known."""
        agents = sorted({row.agent for row in self.rows}, key=lambda agent: (agent not in _AGENTS, agent))
        return {
            "total_tokens": self.tokens,
            "total_cost": _cost(self.rows),
            "by_agent": {agent: _part([row for row in self.rows if row.agent == agent]) for agent in agents},
            "history": _ROWS.dump_python(self.rows, mode="json"),
        }


_AGENTS = ("architect", "engineer", "verifier")
"""In the order of the alphabet, which is that of their work; an agent of another version comes after them."""

Unpriced = Callable[[str, str], None]
"""Hears of a provider and a model whose price is not known."""


class Today:
    """What all projects together have spent since midnight, local time."""

    def __init__(self, clock: Callable[[], float] = time.time, unpriced: Unpriced = lambda *_: None) -> None:
        self.under_way: dict[int, UnderWay] = {}
        """The calls of all projects that have not ended; the keys are the callers' business."""
        self._clock = clock
        self._days: dict[date, Totals] = {}
        self._tell_unpriced = unpriced
        self._unpriced: set[tuple[str, str]] = set()
        self._adding = threading.Lock()

    @property
    def day(self) -> date:
        return _day(self._clock())

    @property
    def spent(self) -> Totals:
        return self._days.setdefault(self.day, Totals())

    def add(self, row: Row) -> None:
        """Each day keeps its sum: a clock that jumps there and back forgets nothing."""
        with self._adding:  # calls are booked in threads
            self._days.setdefault(row.time.astimezone().date(), Totals()).add(row)
        if row.cost is None and row.tokens and (row.provider, row.model) not in self._unpriced:
            self._unpriced.add((row.provider, row.model))
            self._tell_unpriced(row.provider, row.model)

    def read(self, folder: Folder) -> None:
        """Add today's calls of a project. Raises FileProblem."""
        written = folder.status(Project.JOURNAL)
        if written is None or _day(written.st_mtime) < self.day:
            return
        for row in _rows(folder):
            if row.time.astimezone().date() == self.day:
                self.add(row)


def _rows(folder: Folder) -> list[Row]:
    """From usage.json, which is quick to read; from the journal when that knows more."""
    journal = Journal.open(folder)
    try:
        rows = history(folder.read(Project.USAGE) or b"")
    except ValueError:
        rows = []
    return rows if len(rows) == len(journal) else [Row.of(entry) for entry in journal.entries()]


def _day(seconds: float) -> date:
    return datetime.fromtimestamp(seconds).astimezone().date()


def _part(rows: list[Row]) -> dict[str, Any]:
    return {"tokens": sum(row.tokens for row in rows), "cost": _cost(rows), "calls": len(rows)}


def _cost(rows: list[Row]) -> float | None:
    known = [row.cost for row in rows if row.cost is not None]
    return round(sum(known), 6) if len(known) == len(rows) else None
