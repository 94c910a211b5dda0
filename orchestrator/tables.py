"""Tables that sub-commands print; what is in them comes from `status`, cleaned for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.verification.text import line

from .doctor import Check, Checkup
from .paragraph import paragraph
from .spending import Sum
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
NAME = 24
"""Columns for the name of a project or a provider; where nothing else has room for it, it is cut."""
SUBJECT = 29
"""Columns for what `doctor` looked at."""
VERDICTS = {"ok": "green", "warning": "yellow", "failed": "bold red"}
WORKING = "cyan"
UNKNOWN = "?"
NONE = "-"


def status_table(standings: Sequence[Standing], width: int) -> RenderableType:
    """The rows of `status`; on a narrow terminal what is next follows below the table."""
    wide = width >= WIDE
    table = columns("project", "status", "iteration", "score", "best", "tokens", "cost", right=range(2, 7))
    if wide:
        table.add_column("next", overflow="fold")
    for row in standings:
        cells = _status_cells(row)
        table.add_row(*cells, *([Text(line(row.next, 400))] if wide else []))
    return table if wide else Group(table, Text(""), next_lines(standings, width))


def next_lines(standings: Sequence[Standing], width: int) -> Table:
    """Each project's name and what it needs next."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True, max_width=NAME, overflow="ellipsis")
    grid.add_column(overflow="fold")
    names = [line(row.project, 60) for row in standings]
    room = width - 2 - min(NAME, max(map(cell_len, names), default=0))
    for name, row in zip(names, standings, strict=True):
        grid.add_row(Text(name), Text(paragraph(line(row.next, 400), room)))
    return grid


def _status_cells(row: Standing) -> list[Text]:
    return [
        Text(line(row.project, 60), style="bold"),
        Text(row.status, style=STYLES.get(row.status, WORKING)),
        Text(f"{row.iteration}/{row.max_iterations}" if row.iteration else NONE),
        Text(score_text(row.last_score)),
        Text(score_text(row.best_score)),
        Text(NONE if row.tokens is None else short(row.tokens)),
        Text(NONE if row.calls is None else money(row.cost)),
    ]


def usage_table(headings: Sequence[str], rows: Iterable[tuple[Sequence[str], Sum]], total: Sum) -> RenderableType:
    """A row for each sum, named by what stands under `headings`; a name is not said twice."""
    first = len(headings)
    table = columns(*headings, "calls", "tokens", "cost", "minutes", right=range(first, first + 4))
    previous: Sequence[str] = ()
    for names, part in rows:
        said = "" if len(names) > 1 and names[:1] == previous[:1] else line(names[0], 60)
        previous = names
        shown = [Text(said, style="bold"), *(Text(line(name, 60)) for name in names[1:])]
        table.add_row(*shown, *_amounts(part))
    if table.row_count > 1:
        table.add_row(Text("all", style="dim"), *[""] * (first - 1), *_amounts(total))
    return table


def _amounts(part: Sum) -> list[str]:
    return [str(part.calls), short(part.tokens), money(part.cost), f"{part.seconds / 60:.1f}"]


def checkup_table(checkup: Checkup) -> RenderableType:
    """A line for each check, and below it what mends it."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold", max_width=SUBJECT, overflow="ellipsis")
    table.add_column(overflow="fold")
    for check in _joined(checkup.checks):
        text = Text("\n".join(line(each, 600) for each in check.text.splitlines()))
        if check.mend:
            text.append(f"\n-> {line(check.mend, 600)}", style="cyan")
        verdict = Text(check.verdict.value, style=VERDICTS[check.verdict.value])
        table.add_row(verdict, Text(line(check.subject, 60)), text)
    return Group(table, Text(""))


def _joined(checks: Iterable[Check]) -> Iterator[Check]:
    """Neighbours of which the same is said become one line, if their names fit into it."""
    for _, group in groupby(checks, key=lambda check: (check.verdict, check.text, check.mend)):
        same = list(group)
        names = ", ".join(check.subject for check in same)
        yield from [replace(same[0], subject=names)] if len(names) <= SUBJECT else same


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


def score_text(score: float | None) -> str:
    """`7.5`, or a dash when there is none."""
    return NONE if score is None else f"{score:.1f}"


def columns(*names: str, right: Iterable[int] = ()) -> Table:
    """An empty table; the last column, and that of models, take the lines that are too long for them."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for number, name in enumerate(names):
        folds = name == "model" or number == len(names) - 1
        table.add_column(
            name,
            justify="right" if number in right else "left",
            no_wrap=not folds,
            overflow="fold" if folds else "ellipsis",
            max_width=NAME if name in ("project", "provider") else None,
        )
    return table
