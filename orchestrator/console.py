"""What the daemon shows on standard output: which console it is, and what is logged goes to it as well."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, cast

from rich.console import Console

from .console_live import LiveConsole
from .console_plain import TICK, PlainConsole
from .output import Output
from .ticker import every
from .view import Level, View


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
    with every(TICK, view.beat):
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
