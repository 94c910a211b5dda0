"""What both consoles share: which lines are shown, how long they may be, and whose rows there are."""

from __future__ import annotations

from collections.abc import Callable

from agents.verification.text import line

from .view import Level, Row

LONGEST_LINE = 500
"""Characters of one event; what is cut stands in the project's files."""
LONGEST_DETAIL = 8_000
ORDER = (Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR)

Clock = Callable[[], float]


class Threshold:
    """Which levels are shown; GOOD counts as INFO."""

    def __init__(self, log_level: str) -> None:
        self._least = ORDER.index(Level(log_level))

    def lets_through(self, level: Level) -> bool:
        return ORDER.index(Level.INFO if level is Level.GOOD else level) >= self._least


def named(project: str | None) -> str:
    """The beginning of an event's line."""
    return "" if project is None else f"{line(project, 60)}: "


def replace_row(rows: dict[str, Row], project: str, row: Row | None) -> None:
    if row is None:
        rows.pop(project, None)
    else:
        rows[project] = row
