"""What can happen to a project, as values; `machine.step` says what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .project import Trigger
from .state import Score


@dataclass(frozen=True)
class Arrived:
    """A trigger file is new, changed or touched."""

    trigger: Trigger
    report: Score | None = None
    """What the report says; only and always with Trigger.REPORT."""


@dataclass(frozen=True)
class Resumed:
    """Whatever stopped the work is over: a restart, a provider that is back, a raised budget."""


@dataclass(frozen=True)
class Archived:
    """The accepted snapshot is in `05_final/`."""


@dataclass(frozen=True)
class Restored:
    """The best iteration is back in staging."""


@dataclass(frozen=True)
class SnapshotLost:
    """The verified snapshot is gone or damaged; what is in staging must be verified again."""


@dataclass(frozen=True)
class Failed:
    """The work cannot go on before a person changes something."""

    reason: str
    hint: str = ""


@dataclass(frozen=True)
class Stalled:
    """The work cannot go on now: a provider, the sandbox or the disk is not there."""

    reason: str
    hint: str = ""
    not_before: datetime | None = None


@dataclass(frozen=True)
class Halted:
    """A budget is used up, or a person said so."""

    reason: str
    hint: str = ""


Event = Arrived | Resumed | Archived | Restored | SnapshotLost | Failed | Stalled | Halted
