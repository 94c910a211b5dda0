"""Tables that sub-commands print; what is in them comes from `status`, cleaned for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.verification.text import line

from .doctor import Checkup
from .status import Standing

WIDE = 130
"""Columns from which on `next` stands in the table."""
STYLES = {
    "completed": "green",
    "failed": "bold red",
    "unreadable": "bold red",
    "waiting": "yellow",
    "paused": "yellow",
    "exhausted": "yellow",
    "idle": "dim",
}
VERDICTS = {"ok": "green", "warning": "yellow", "failed": "bold red"}
WORKING = "cyan"
UNKNOWN = "?"
NONE = "-"


def status_table(standings: Sequence[Standing], width: int) -> RenderableType:
    """The rows of `status`; on a narrow terminal what is next follows below the table."""
    wide = width >= WIDE
    table = _table("project", "status", "iteration", "score", "best", "tokens", "cost", right=range(2, 7))
    if wide:
        table.add_column("next", overflow="fold")
    for row in standings:
        cells = _status_cells(row)
        table.add_row(*cells, *([Text(line(row.next, 400))] if wide else []))
    return table if wide else Group(table, Text(""), _next_lines(standings))


def _next_lines(standings: Iterable[Standing]) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True, max_width=28, overflow="ellipsis")
    grid.add_column(overflow="fold")
    for row in standings:
        grid.add_row(Text(line(row.project, 60)), Text(line(row.next, 400)))
    return grid


def _status_cells(row: Standing) -> list[Text]:
    return [
        Text(line(row.project, 60), style="bold"),
        Text(row.status, style=STYLES.get(row.status, WORKING)),
        Text(f"{row.iteration}/{row.max_iterations}" if row.iteration else NONE),
        Text(_score(row.last_score)),
        Text(_score(row.best_score)),
        Text(NONE if row.tokens is None else short(row.tokens)),
        Text(NONE if row.calls is None else money(row.cost)),
    ]


def report_table(row: Standing) -> RenderableType:
    """The score of each iteration of one project."""
    table = _table("iteration", "score", "", "summary", right=(0, 1))
    table.title = Text(f"{line(row.project, 60)}: {row.status}", style="bold")
    table.title_justify = "left"
    for score in row.scores:
        best = "best" if score["iteration"] == row.best_iteration else ""
        green = score.get("green", False)
        value = Text(_score(score["score"]), style="green" if green else "")
        table.add_row(
            str(score["iteration"]), value, Text(best, style="bold"), Text(line(score.get("summary", ""), 300))
        )
    return table


def reports_table(standings: Iterable[Standing]) -> RenderableType:
    """The scores of all projects, a row for each."""
    table = _table("project", "status", "scores", "wanted", right=(3,))
    for row in standings:
        scores = "  ".join(_score(score["score"]) for score in row.scores[-12:]) or NONE
        name = Text(line(row.project, 60), style="bold")
        status = Text(row.status, style=STYLES.get(row.status, WORKING))
        table.add_row(name, status, scores, _score(row.quality_threshold))
    return table


def usage_table(rows: Iterable[tuple[str, str, Mapping[str, Any]]]) -> RenderableType:
    """Rows of (project, agent, {tokens, cost, calls})."""
    table = _table("project", "agent", "calls", "tokens", "cost", right=(2, 3, 4))
    previous = None
    for project, agent, part in rows:
        name = "" if project == previous else line(project, 60)
        previous = project
        cells = [str(part.get("calls", UNKNOWN)), short(part.get("tokens")), money(part.get("cost"))]
        table.add_row(Text(name, style="bold"), Text(line(agent, 20)), *cells)
    return table


def checkup_table(checkup: Checkup) -> RenderableType:
    """A line for each check, and below it what mends it."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold", max_width=28, overflow="ellipsis")
    table.add_column(overflow="fold")
    for check in checkup.checks:
        text = Text("\n".join(line(each, 600) for each in check.text.splitlines()))
        if check.mend:
            text.append(f"\n-> {line(check.mend, 600)}", style="cyan")
        verdict = Text(check.verdict.value, style=VERDICTS[check.verdict.value])
        table.add_row(verdict, Text(line(check.subject, 60)), text)
    return Group(table, Text(""))


def short(number: object) -> str:
    """`950`, `12.5k` or `1.2M`; `?` for what is no number."""
    if not isinstance(number, int | float):
        return UNKNOWN
    if number < 1000:
        return f"{number:.0f}"
    return f"{number / 1000:.1f}k" if number < 999_950 else f"{number / 1_000_000:.1f}M"


def money(usd: object) -> str:
    """`$0.12`; `?` when the price is not known."""
    if not isinstance(usd, int | float):
        return UNKNOWN
    return f"${usd:.2f}" if usd == 0 or usd >= 0.01 else "<$0.01"


def _score(score: float | None) -> str:
    return NONE if score is None else f"{score:.1f}"


def _table(*columns: str, right: Iterable[int] = ()) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for number, name in enumerate(columns):
        last = number == len(columns) - 1
        table.add_column(
            name,
            justify="right" if number in right else "left",
            no_wrap=not last,
            overflow="fold" if last else "ellipsis",
        )
    return table
