"""The tumbling cycle: watch project folders, decide what is next, run it, remember it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .daemon import Orchestrator
    from .store import StateManager

__all__ = ["Orchestrator", "StateManager"]


def __getattr__(name: str) -> object:
    """Imported when asked for: `--help` needs neither."""
    if name == "Orchestrator":
        from .daemon import Orchestrator

        return Orchestrator
    if name == "StateManager":
        from .store import StateManager

        return StateManager
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
