"""The live table of busy projects, and how long a step has taken."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.verification.text import line

from .view import HELD_BACK, Row

MOST_ROWS = 12
WIDE = 120
"""Columns from which on model, tokens and budget have one each."""
QUEUED = "queued"
STATUS_STYLES = {"planning": "cyan", "engineering": "blue", "verifying": "magenta", "finalizing": "green"}


def live_table(rows: list[Row], now: float, *, width: int, height: int) -> RenderableType:
    """The busy projects, those that began first on top; narrow terminals get fewer columns."""
    wide = width >= WIDE
    room = max(1, min(MOST_ROWS, height - 7))
    ordered = sorted(rows, key=lambda row: row.started)
    budgeted = [row for row in ordered[:room] if row.budget_left is not None]
    table = _columns(wide=wide, budget=bool(budgeted))
    held_back = [row.project for row in ordered if row.activity == HELD_BACK]
    for row in ordered[:room]:
        ahead = held_back.index(row.project) if row.activity == HELD_BACK else row.ahead
        cells = _cells(row, doing(row, ahead, now, wide=wide), now, wide=wide)
        table.add_row(*cells, *([_budget(row)] if wide and budgeted else []))
    if len(ordered) > room:
        table.add_row(Text(f"and {len(ordered) - room} more", style="dim"))
    return table if wide or not budgeted else Group(table, _budgets(budgeted))


def _columns(*, wide: bool, budget: bool) -> Table:
    table = Table(box=None, expand=True, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("project", style="bold", ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column("agent", no_wrap=True)
    if wide:
        table.add_column("model", style="dim", ratio=2, no_wrap=True, overflow="ellipsis")
    table.add_column("iter", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("activity", width=30 if wide else 22, no_wrap=True, overflow="ellipsis")
    if wide:
        table.add_column("tokens", justify="right", no_wrap=True)
    table.add_column("tok/s", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    if wide and budget:
        table.add_column("budget left", justify="right", no_wrap=True)
    return table


def _cells(row: Row, doing: str, now: float, *, wide: bool) -> list[Text]:
    cells = [
        Text(line(row.project, 60)),
        Text(line(row.agent or row.status, 12).capitalize(), style=STATUS_STYLES.get(row.status, "")),
        Text(line(row.model, 60)),
        Text(_iteration(row)),
        Text("" if row.score is None else f"{row.score:.1f}"),
        Text(doing),
        Text(f"{row.tokens:,}" if row.tokens else ""),
        Text("" if row.tokens_per_second is None else f"{row.tokens_per_second:.0f}"),
        Text(duration(now - row.started) if row.started else ""),
    ]
    return cells if wide else [cell for position, cell in enumerate(cells) if position not in (2, 6)]


def doing(row: Row, ahead: int | None, now: float, *, wide: bool) -> str:
    """The activity, and how long it will be, or how many come first."""
    said = line(row.activity, 60)
    if row.activity in (QUEUED, HELD_BACK):
        word = QUEUED if row.activity == QUEUED else "waiting"
        return said if ahead is None else f"{word}, next" if ahead == 0 else f"{word}, {ahead} before it"
    left = remaining(row, now, brief=not wide)
    return f"{said.removesuffix(' the prompt')}, {left}" if left else said


def remaining(row: Row, now: float, *, brief: bool = False) -> str:
    """`about 40 s left`, or `~40 s left`; empty when it is not known, or should be over."""
    left = row.ends - now
    if not row.ends or left <= 0:
        return ""
    word = ("<" if row.ends_latest else "~") if brief else ("at most " if row.ends_latest else "about ")
    return f"{word}{_roughly(left)} left"


def _roughly(seconds: float) -> str:
    """Rounded up, since nobody knows better."""
    if seconds <= 55:
        return f"{math.ceil(seconds / 5) * 5} s"
    if seconds <= 90 * 60:
        return f"{math.ceil(seconds / 60)} min"
    return f"{math.ceil(seconds / 3600)} h"


def _budget(row: Row) -> Text:
    if row.budget_left is None:
        return Text("")
    style = "bold red" if row.budget_left < 0.05 else "yellow" if row.budget_left < 0.2 else "dim"
    return Text(f"{int(row.budget_left * 100)}%", style=style)


def _budgets(rows: Sequence[Row]) -> Text:
    """Where no column has room for them: those of which half is gone, the scarcest first."""
    scarcest = sorted(rows, key=lambda row: row.budget_left or 0.0)
    scarce = [row for row in scarcest if (row.budget_left or 0.0) < 0.5]
    if not scarce:
        more = " or more" if rows[1:] and scarcest[0].budget_left != 1 else ""
        return Text.assemble(("budget left: ", "dim"), _budget(scarcest[0]), (more, "dim"))
    named = [Text.assemble(f"{line(row.project, 60)} ", _budget(row)) for row in scarce]
    parts = Text.assemble(("budget left: ", "dim"), Text(", ", style="dim").join(named))
    parts.no_wrap, parts.overflow = True, "ellipsis"
    return parts


def _iteration(row: Row) -> str:
    return f"{row.iteration}/{row.max_iterations}" if row.iteration else ""


def duration(seconds: float) -> str:
    """`42s`, `3:07` or `1:02:09`."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{minutes}:{whole % 60:02}" if minutes else f"{whole}s"
