"""How the daemon tells what it does. The console is one view; tests use a list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from .state import State


HELD_BACK = "waiting for its turn"
"""The activity of a project that `max_concurrent_projects` holds back."""


class Level(StrEnum):
    """How much a line matters."""

    DEBUG = "debug"
    INFO = "info"
    GOOD = "good"
    """Something a person hoped for: a score over the threshold, a zip."""
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Row:
    """One busy project, as the live table shows it."""

    project: str
    status: str
    agent: str = ""
    model: str = ""
    iteration: int = 0
    max_iterations: int = 0
    score: float | None = None
    activity: str = ""
    """`reading the prompt`, `thinking`, `writing`, `installing`, `testing` ..."""
    tokens: int = 0
    tokens_per_second: float | None = None
    started: float = 0.0
    """time.monotonic() when this step began."""
    budget_left: float | None = None
    """The part of the scarcest limit that is left, 0 to 1; None when it is not known."""
    ahead: int | None = None
    """Queued: how many of the calls that wait for the server begin before this one."""
    ends: float = 0.0
    """time.monotonic() at which the model's call, or the tests, are expected to end; 0 when nobody can know."""
    ends_latest: bool = False
    """`ends` is when it ends at the latest, for want of a better guess."""


class View(Protocol):
    """Must not block; `say` is called in any thread, `show` in the event loop. The view escapes what it is told."""

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        """One line about something that happened."""

    def show(self, project: str, row: Row | None) -> None:
        """Replace the project's row of the live table; None takes it out."""


@runtime_checkable
class EndingView(View, Protocol):
    """A view that also wants to know when a project comes to its end."""

    def ended(self, state: State) -> None:
        """The project has just become completed, failed or exhausted."""
