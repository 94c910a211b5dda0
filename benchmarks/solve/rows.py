"""What came of each run, kept as JSON lines, and the tables made of them."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from rich.table import Table


class Outcome(StrEnum):
    """How a project ended, seen by the loop and by the hidden tests."""

    SOLVED = "solved"
    FALSE_ACCEPT = "false accept"
    """Accepted, but the hidden tests fail: the worst of all."""
    MISSED = "missed"
    """Right, but never accepted."""
    EXHAUSTED = "exhausted"
    FAILED = "failed"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Row:
    """One task with one seed under one configuration."""

    configuration: str
    task: str
    size: str
    language: str
    seed: int
    outcome: Outcome
    iterations: int
    scores: tuple[float, ...]
    """By iteration."""
    right: tuple[int, ...]
    """Iterations whose program the hidden tests accept, whatever became of it."""
    passed: int
    """Hidden tests."""
    failed: tuple[str, ...]
    tokens: int
    calls: int
    minutes: float
    """From the daemon's start to its end."""
    model_minutes: float
    error: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        return self.configuration, self.task, self.seed


def read(path: Path) -> list[Row]:
    """The rows so far; a line that was cut by an interruption is left out."""
    return list(_rows(path.read_text(encoding="utf-8").splitlines())) if path.exists() else []


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    for line in lines:
        try:
            fields = json.loads(line)
        except ValueError:
            continue
        lists = {name: tuple(fields[name]) for name in ("scores", "right", "failed")}
        yield Row(**{**fields, **lists, "outcome": Outcome(fields["outcome"])})


def append(path: Path, row: Row) -> None:
    """Durable when it returns; begins on a line of its own, also after one that was cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if cut else "") + json.dumps(asdict(row), ensure_ascii=False) + "\n")


def task_table(rows: Sequence[Row]) -> Table:
    """One line a run."""
    table = Table(
        "task", "size", "seed", "outcome", "scores", "right in", "hidden tests", "tokens", "calls", "minutes", "model"
    )
    for row in rows:
        hidden = f"{row.passed} of {row.passed + len(row.failed)}"
        scores = " ".join(f"{score:g}" for score in row.scores)
        times = f"{row.minutes:.1f}", f"{row.model_minutes:.1f}"
        table.add_row(row.task, row.size, str(row.seed), row.outcome, scores, " ".join(map(str, row.right)), hidden,
                      str(row.tokens), str(row.calls), *times)  # fmt: skip
    return table


def summary_table(rows: Sequence[Row]) -> Table:
    """One line a configuration: shares in percent of the tasks, each the median over the seeds."""
    table = Table("configuration", "runs", "solved %", "false accept %", "missed %", "exhausted %", "failed %",
                  "iterations", "tokens", "minutes")  # fmt: skip
    for name, group in _grouped(rows).items():
        shares = [
            median_share(group, kinds)
            for kinds in (
                {Outcome.SOLVED},
                {Outcome.FALSE_ACCEPT},
                {Outcome.MISSED},
                {Outcome.EXHAUSTED},
                {Outcome.FAILED, Outcome.TIMEOUT},
            )
        ]
        middle = [
            statistics.median(values)
            for values in zip(*((r.iterations, r.tokens, r.minutes) for r in group), strict=True)
        ]
        table.add_row(name, str(len(group)), *(f"{share:.0f}" for share in shares),
                      f"{middle[0]:g}", f"{middle[1]:.0f}", f"{middle[2]:.1f}")  # fmt: skip
    return table


def median_share(rows: Sequence[Row], outcomes: set[Outcome]) -> float:
    """Percent of the tasks that ended so: the share with each seed, and the median of these."""
    by_seed: dict[int, list[bool]] = defaultdict(list)
    for row in rows:
        by_seed[row.seed].append(row.outcome in outcomes)
    return statistics.median(100 * sum(ended) / len(ended) for ended in by_seed.values())


def _grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.configuration].append(row)
    return groups
