"""The console on a terminal: event lines, and below them a live table of the busy projects."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from agents.verification.text import clean, line

from .console_lines import LONGEST_DETAIL, LONGEST_LINE, Clock, Threshold, named, replace_row
from .live_table import live_table
from .paragraph import paragraph
from .view import Level, Row

STYLES = {
    Level.DEBUG: "dim",
    Level.INFO: "",
    Level.GOOD: "bold green",
    Level.WARNING: "yellow",
    Level.ERROR: "bold red",
}


class LiveConsole:
    """Event lines, and below them a table that is drawn anew at most four times a second."""

    def __init__(self, console: Console, log_level: str = "info", clock: Clock = time.monotonic) -> None:
        self._console = console
        self._shows = Threshold(log_level)
        self._clock = clock
        self._rows: dict[str, Row] = {}
        self.live = Live(get_renderable=self._table, console=console, auto_refresh=False, transient=True)
        self._lock = threading.RLock()
        self.busy = threading.Event()
        """Set while there is a row, so that an idle daemon draws nothing."""

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        if self._shows.lets_through(level):
            when = Text(f"{datetime.now().astimezone():%H:%M:%S}", style="dim")
            head = len(named(project))
            said = paragraph(f"{named(project)}{line(text, LONGEST_LINE)}", self._console.width - len(when) - 1)
            event = Text.assemble((said[:head], "bold"), (said[head:], STYLES[level]))
            self._print(_side_by_side(when, event))

    def detail(self, text: str) -> None:
        """What belongs to the line before, kept as it is laid out."""
        self._print(Padding(Text(clean(text, LONGEST_DETAIL), style="dim"), (0, 0, 0, 9)))

    def show(self, project: str, row: Row | None) -> None:
        replace_row(self._rows, project, row)
        if self._rows:
            self.busy.set()
        elif self.busy.is_set():
            self.busy.clear()
            self.refresh()

    def refresh(self) -> None:
        """Draw the table anew; called from a thread."""
        with self._lock:
            self.live.refresh()

    def _print(self, what: RenderableType) -> None:
        """Rich counts the table's lines when it prints above it: two threads at once would leave half of it behind."""
        with self._lock:
            self._console.print(what)

    def _table(self) -> Group | Text:
        rows = list(self._rows.values())
        if not rows:
            return Text("")
        table = live_table(rows, self._clock(), width=self._console.width, height=self._console.height)
        room_for_ctrl_c = Text("")  # the terminal echoes ^C at the cursor; at the end of a full line that adds a line
        dash = "-" if self._console.options.ascii_only else "─"  # Rule itself forgets to look
        return Group(Rule(characters=dash, style="dim"), table, room_for_ctrl_c)


def _side_by_side(when: Text, event: Text) -> Table:
    """Continued lines begin below the event, not below the time."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(when, event)
    return grid
