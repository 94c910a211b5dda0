"""What a project has cost: a fold over its journal, so that no call is counted twice or forgotten."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from .files import Folder
from .journal import Entry
from .project import Project


class Row(BaseModel):
    """One call in usage.json's `history`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

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


class Totals:
    """Running sums, which are all that a budget needs."""

    def __init__(self) -> None:
        self.tokens = 0
        self.cost = 0.0
        self.seconds = 0.0
        self.calls = 0

    def add(self, row: Row) -> None:
        self.tokens += row.tokens
        self.cost += row.cost or 0.0
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
        agents = sorted({row.agent for row in self.rows}, key=["architect", "engineer", "verifier"].index)
        return {
            "total_tokens": self.tokens,
            "total_cost": _cost(self.rows),
            "by_agent": {agent: _part([row for row in self.rows if row.agent == agent]) for agent in agents},
            "history": [row.model_dump(mode="json") for row in self.rows],
        }


class Today:
    """What all projects together have spent since midnight, local time."""

    def __init__(self) -> None:
        self._day = _today()
        self._spent = Totals()

    @property
    def spent(self) -> Totals:
        if self._day != _today():
            self._day, self._spent = _today(), Totals()
        return self._spent

    def add(self, row: Row) -> None:
        if row.time.astimezone().date() == _today():
            self.spent.add(row)

    def read(self, folder: Folder) -> None:
        """Add today's rows of a project's usage.json; one that does not parse counts nothing. Raises FileProblem."""
        written = folder.stat(Project.USAGE)
        if written is None or _day(written.mtime_ns / 1e9) < _today():
            return
        try:
            rows = [Row.model_validate(row) for row in json.loads(folder.read(Project.USAGE) or b"")["history"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        for row in rows:
            self.add(row)


def _today() -> date:
    return _day(time.time())


def _day(seconds: float) -> date:
    return datetime.fromtimestamp(seconds).astimezone().date()


def _part(rows: list[Row]) -> dict[str, Any]:
    return {"tokens": sum(row.tokens for row in rows), "cost": _cost(rows), "calls": len(rows)}


def _cost(rows: list[Row]) -> float | None:
    known = [row.cost for row in rows if row.cost is not None]
    return round(sum(known), 6) if len(known) == len(rows) else None
