"""The live table of busy projects, and how long a step has taken."""

from __future__ import annotations

from collections import Counter

from rich.table import Table
from rich.text import Text

from agents.verification.text import line

from .view import Row

MOST_ROWS = 12
QUEUED = "queued"
STATUS_STYLES = {"planning": "cyan", "engineering": "blue", "verifying": "magenta", "finalizing": "green"}


def live_table(rows: list[Row], now: float, *, width: int, height: int) -> Table:
    """The busy projects, those that began first on top; narrow terminals get fewer columns."""
    wide = width >= 100
    table = Table(box=None, expand=True, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("project", style="bold", ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column("agent", no_wrap=True)
    if wide:
        table.add_column("model", style="dim", ratio=2, no_wrap=True, overflow="ellipsis")
    table.add_column("iter", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("activity", width=20, no_wrap=True, overflow="ellipsis")
    if wide:
        table.add_column("tokens", justify="right", no_wrap=True)
    table.add_column("tok/s", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    budgeted = wide and any(row.budget_left is not None for row in rows)
    if budgeted:
        table.add_column("budget", justify="right", no_wrap=True)
    room = max(1, min(MOST_ROWS, height - 6))
    ordered = sorted(rows, key=lambda row: row.started)
    waiting = Counter(row.model for row in rows if row.activity == QUEUED)
    for row in ordered[:room]:
        cells = _cells(row, now, waiting[row.model] - 1, wide=wide)
        table.add_row(*cells, *([_budget(row)] if budgeted else []))
    if len(ordered) > room:
        table.add_row(Text(f"and {len(ordered) - room} more", style="dim"))
    return table


def _cells(row: Row, now: float, others: int, *, wide: bool) -> list[Text]:
    """`others`: how many more wait for the same model."""
    activity = f"{QUEUED} with {others} more" if row.activity == QUEUED and others > 0 else row.activity
    cells = [
        Text(line(row.project, 60)),
        Text(line(row.agent or row.status, 12).capitalize(), style=STATUS_STYLES.get(row.status, "")),
        Text(line(row.model, 60)),
        Text(_iteration(row)),
        Text("" if row.score is None else f"{row.score:.1f}"),
        Text(line(activity, 60)),
        Text(f"{row.tokens:,}" if row.tokens else ""),
        Text("" if row.tokens_per_second is None else f"{row.tokens_per_second:.0f}"),
        Text(duration(now - row.started) if row.started else ""),
    ]
    return cells if wide else [cell for position, cell in enumerate(cells) if position not in (2, 6)]


def _budget(row: Row) -> Text:
    if row.budget_left is None:
        return Text("")
    style = "bold red" if row.budget_left < 0.05 else "yellow" if row.budget_left < 0.2 else "dim"
    return Text(f"{int(row.budget_left * 100)}%", style=style)


def _iteration(row: Row) -> str:
    return f"{row.iteration}/{row.max_iterations}" if row.iteration else ""


def duration(seconds: float) -> str:
    """`42s`, `3:07` or `1:02:09`."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours}:{minutes:02}:{whole % 60:02}"
    return f"{minutes}:{whole % 60:02}" if minutes else f"{whole}s"
