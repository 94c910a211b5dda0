"""What the daemon shows: a line for each event, and on a terminal a live table of the busy projects below them."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from agents.verification.text import clean, line

from .live_table import duration, live_table
from .output import Output
from .ticker import every
from .view import Level, Row, View

LONGEST_LINE = 500
"""Characters of one event; what is cut stands in the project's files."""
LONGEST_DETAIL = 8_000
HEARTBEAT = 10.0
"""Seconds of silence, with work going on, after which a log says that it goes on."""
SLOW_HEARTBEAT = 60.0
"""The same when the log has grown by `MANY` lines within the hour: a night's log stays readable."""
MANY = 120
ORDER = (Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR)
STYLES = {
    Level.DEBUG: "dim",
    Level.INFO: "",
    Level.GOOD: "bold green",
    Level.WARNING: "yellow",
    Level.ERROR: "bold red",
}

Clock = Callable[[], float]


class _Threshold:
    """Which levels are shown; GOOD counts as INFO."""

    def __init__(self, log_level: str) -> None:
        self._least = ORDER.index(Level(log_level))

    def lets_through(self, level: Level) -> bool:
        return ORDER.index(Level.INFO if level is Level.GOOD else level) >= self._least


class PlainConsole:
    """Timestamped lines without colours, for log files, pipes and CI."""

    def __init__(self, stream: TextIO, log_level: str = "info", clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._shows = _Threshold(log_level)
        self._clock = clock
        self._rows: dict[str, Row] = {}
        self._spoke = deque([clock()], maxlen=MANY)
        self._lock = threading.Lock()

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        if self._shows.lets_through(level):
            mark = f"{level}: " if level in (Level.WARNING, Level.ERROR) else ""
            self._write(f"{mark}{_named(project)}{line(text, LONGEST_LINE)}")

    def detail(self, text: str) -> None:
        """What belongs to the line before, kept as it is laid out."""
        with self._lock:
            self._stream.write("".join(f"    {each}\n" for each in clean(text, LONGEST_DETAIL).splitlines()))
            self._stream.flush()

    def show(self, project: str, row: Row | None) -> None:
        _replace(self._rows, project, row)

    def beat(self) -> None:
        """Say who is at work, when nothing else was said for a while. Called every few seconds."""
        now = self._clock()
        rows = list(self._rows.values())
        if rows and now - self._spoke[-1] >= self._patience(now) and self._shows.lets_through(Level.INFO):
            shown = "; ".join(_in_words(row, now) for row in rows[:3])
            more = f"; and {len(rows) - 3} more" if len(rows) > 3 else ""
            self._write(f"working: {shown}{more}")

    def _patience(self, now: float) -> float:
        """Seconds of silence to let pass."""
        chatty = len(self._spoke) == MANY and now - self._spoke[0] < 3600
        return SLOW_HEARTBEAT if chatty else HEARTBEAT

    def _write(self, text: str) -> None:
        with self._lock:
            self._spoke.append(self._clock())
            self._stream.write(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {text}\n")
            self._stream.flush()


class LiveConsole:
    """Event lines, and below them a table that is drawn anew at most four times a second."""

    def __init__(self, console: Console, log_level: str = "info", clock: Clock = time.monotonic) -> None:
        self._console = console
        self._shows = _Threshold(log_level)
        self._clock = clock
        self._rows: dict[str, Row] = {}
        self.live = Live(get_renderable=self._table, console=console, auto_refresh=False, transient=True)
        self._lock = threading.RLock()
        self.busy = threading.Event()
        """Set while there is a row, so that an idle daemon draws nothing."""

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        if self._shows.lets_through(level):
            when = Text(f"{datetime.now().astimezone():%H:%M:%S}", style="dim")
            event = Text.assemble((_named(project), "bold"), (line(text, LONGEST_LINE), STYLES[level]))
            self._print(_side_by_side(when, event))

    def detail(self, text: str) -> None:
        """What belongs to the line before, kept as it is laid out."""
        self._print(Padding(Text(clean(text, LONGEST_DETAIL), style="dim"), (0, 0, 0, 9)))

    def show(self, project: str, row: Row | None) -> None:
        _replace(self._rows, project, row)
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


def _in_words(row: Row, now: float) -> str:
    parts = [row.agent or row.status, row.activity]
    parts.append(f"iteration {row.iteration}" if row.iteration else "")
    parts.append(f"{row.tokens:,} tokens" if row.tokens else "")
    parts.append(duration(now - row.started) if row.started else "")
    return f"{line(row.project, 60)} ({line(', '.join(part for part in parts if part))})"


def _named(project: str | None) -> str:
    return "" if project is None else f"{line(project, 60)}: "


def _replace(rows: dict[str, Row], project: str, row: Row | None) -> None:
    if row is None:
        rows.pop(project, None)
    else:
        rows[project] = row


class _ToView(logging.Handler):
    """Hands what is logged to the console, with the traceback below it."""

    def __init__(self, view: PlainConsole | LiveConsole) -> None:
        super().__init__()
        self._view = view

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._view.say(record.getMessage(), level=_level(record.levelno))
            if record.exc_info:
                self._view.detail(logging.Formatter().formatException(record.exc_info))
        except Exception:
            self.handleError(record)


def _level(number: int) -> Level:
    if number >= logging.ERROR:
        return Level.ERROR
    if number >= logging.WARNING:
        return Level.WARNING
    return Level.INFO if number >= logging.INFO else Level.DEBUG


@contextmanager
def open_console(log_level: str = "info", stream: TextIO | None = None) -> Iterator[View]:
    """The view for standard output: live on a terminal, plain elsewhere. Logged warnings go to it as well."""
    output = cast("TextIO", Output(stream or sys.stdout))
    console = Console(file=output)
    live = console.is_terminal and not console.is_dumb_terminal
    opened = _live(console, log_level) if live else _plain(output, log_level)
    with opened as view, _logging_to(view, log_level):
        yield view


@contextmanager
def _live(console: Console, log_level: str) -> Iterator[LiveConsole]:
    view = LiveConsole(console, log_level)
    with view.live, every(0.25, view.refresh, view.busy):
        yield view


@contextmanager
def _plain(stream: TextIO, log_level: str) -> Iterator[PlainConsole]:
    view = PlainConsole(stream, log_level)
    with every(5.0, view.beat):
        yield view


@contextmanager
def _logging_to(view: PlainConsole | LiveConsole, log_level: str) -> Iterator[None]:
    """Our own loggers at `log_level`, other people's from warnings up."""
    handler = _ToView(view)
    root = logging.getLogger()
    ours = [logging.getLogger(name) for name in ("orchestrator", "agents", "providers")]
    before = [(logger, logger.level) for logger in (root, *ours)]
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for logger in ours:
        logger.setLevel(log_level.upper())
    try:
        yield
    finally:
        root.removeHandler(handler)
        for logger, level in before:
            logger.setLevel(level)
