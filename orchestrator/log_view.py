"""A view for programs that embed the daemon: every line goes to the `orchestrator` logger."""

from __future__ import annotations

import logging

from .view import Level, Row

log = logging.getLogger("orchestrator")

_LEVELS = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.GOOD: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}


class LogView:
    """Shows no live rows."""

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        log.log(_LEVELS[level], "%s%s", f"{project}: " if project else "", text)

    def show(self, project: str, row: Row | None) -> None: ...
