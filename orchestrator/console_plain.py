"""The console for log files, pipes and CI: timestamped lines, never long silent, and never more than fit a night."""

from __future__ import annotations

import threading
import time
from collections import deque
from datetime import datetime
from typing import TextIO

from agents.verification.text import clean, line

from .console_lines import LONGEST_DETAIL, LONGEST_LINE, Clock, Threshold, named, replace_row
from .live_table import doing, duration
from .program import program
from .view import Level, Row

HOUR = 3600.0
MOST_LINES = 200
"""Lines of an hour, whatever happens; `log_level: debug` alone knows no limit."""
MOST_EVENTS = 135
"""Lines of an hour from which on only what matters is said: scores, warnings and errors."""
TICK = 2.0
"""Seconds between two beats."""
HEARTBEAT = 8.0
"""Seconds of silence, with work going on, after which a log says that it goes on: with `TICK`, ten at most."""
SLOW_HEARTBEAT = 60.0
"""The same when the log has grown by `TALKATIVE` lines within the hour."""
TALKATIVE = 100


class PlainConsole:
    """Lines without colours."""

    def __init__(self, stream: TextIO, log_level: str = "info", clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._shows = Threshold(log_level)
        self._endless = log_level == Level.DEBUG
        self._clock = clock
        self._rows: dict[str, Row] = {}
        self._began = clock()
        self._spoke: deque[float] = deque(maxlen=MOST_LINES)
        self._left_out = 0
        self._lock = threading.Lock()

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        if not self._shows.lets_through(level):
            return
        mark = f"{level}: " if level in (Level.WARNING, Level.ERROR) else ""
        with self._lock:
            if self._said_lately() < (MOST_EVENTS if level is Level.INFO else MOST_LINES):
                self._write(f"{mark}{named(project)}{line(text, LONGEST_LINE)}")
            else:
                self._left_out += 1

    def detail(self, text: str) -> None:
        """What belongs to the line before, kept as it is laid out; all of it or nothing."""
        lines = clean(text, LONGEST_DETAIL).splitlines()
        with self._lock:
            if self._said_lately() + len(lines) <= MOST_LINES:
                self._spoke.extend([self._clock()] * len(lines))
                self._stream.write("".join(f"    {each}\n" for each in lines))
                self._stream.flush()
            else:
                self._left_out += len(lines)

    def show(self, project: str, row: Row | None) -> None:
        replace_row(self._rows, project, row)

    def beat(self) -> None:
        """Say who is at work, when nothing else was said for a while. Called every `TICK` seconds."""
        now = self._clock()
        rows = list(self._rows.values())
        with self._lock:
            lately = self._said_lately()
            patience = HEARTBEAT if lately < TALKATIVE else SLOW_HEARTBEAT
            silent = now - (self._spoke[-1] if self._spoke else self._began) >= patience and lately < MOST_LINES
            if rows and silent and self._shows.lets_through(Level.INFO):
                self._write(f"working: {_at_work(rows, now)}{self._omission()}")

    def _said_lately(self) -> int:
        """Lines of the last hour."""
        if self._endless:
            return 0
        since = self._clock() - HOUR
        return sum(when > since for when in self._spoke)

    def _omission(self) -> str:
        """What was not said since this was last told."""
        count, self._left_out = self._left_out, 0
        return f"; {count} lines were left out, see: {program()} status" if count else ""

    def _write(self, text: str) -> None:
        self._spoke.append(self._clock())
        self._stream.write(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {text}\n")
        self._stream.flush()


def _at_work(rows: list[Row], now: float) -> str:
    more = f"; and {len(rows) - 3} more" if len(rows) > 3 else ""
    return "; ".join(_in_words(row, now) for row in rows[:3]) + more


def _in_words(row: Row, now: float) -> str:
    parts = [row.agent or row.status, doing(row, row.ahead, now, wide=True)]
    parts.append(f"iteration {row.iteration}" if row.iteration else "")
    parts.append(f"{row.tokens:,} tokens" if row.tokens else "")
    parts.append(duration(now - row.started) if row.started else "")
    return f"{line(row.project, 60)} ({line(', '.join(part for part in parts if part))})"
