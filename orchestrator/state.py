"""What is remembered about a project between steps (`.tumbler/state.json`)."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .project import Trigger

SCHEMA_VERSION = 1


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_with_zone)]
"""A time with its zone; one that a script wrote without is taken for UTC, since the two cannot be compared."""


class Status(StrEnum):
    """Where a project stands."""

    IDLE = "idle"
    PLANNING = "planning"
    ENGINEERING = "engineering"
    VERIFYING = "verifying"
    FINALIZING = "finalizing"
    COMPLETED = "completed"
    FAILED = "failed"
    EXHAUSTED = "exhausted"
    """The limit of iterations is reached; the best iteration is back in 03_staging."""
    WAITING = "waiting"
    """A provider or the sandbox is not there; goes on by itself when it is back."""
    PAUSED = "paused"
    """A budget is used up, or a person said so."""


class Phase(StrEnum):
    """The work under way, or the last that was."""

    IDLE = "idle"
    PLANNING = "planning"
    ENGINEERING = "engineering"
    VERIFYING = "verifying"
    FINALIZING = "finalizing"


class Score(BaseModel):
    """How one iteration was judged."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    iteration: int
    score: float
    green: bool = False
    lost: tuple[str, ...] = ()
    """Tests that passed in the best iteration before and do not now."""
    accepted: bool = False
    """It became the best so far."""
    summary: str = ""
    cause: str = ""
    """What failed first, in one line."""
    program: str = ""
    """Hash of all its files; empty when it is not known."""
    failing: tuple[int, float] | None = None
    """How many examples fail, and which share of its tests, 0 to 1; None when it is not known."""


class Rest(BaseModel):
    """How a project stood that was held before it had begun on a change."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Status
    error: str | None = None
    hint: str | None = None


class State(BaseModel):
    """The documented fields first, then ours. Keys we do not know survive a rewrite."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    status: Status = Status.IDLE
    current_phase: Phase = Phase.IDLE
    """The last working phase, so that a failure tells where."""
    iteration: int = 0
    max_iterations: int = 10
    quality_threshold: float = 8.0
    start_time: Moment | None = None
    last_update: Moment | None = None
    last_score: float | None = None
    provider: str | None = None
    model: str | None = None

    schema_version: int = SCHEMA_VERSION
    best_score: float | None = None
    best_iteration: int | None = None
    scores: tuple[Score, ...] = ()
    error: str | None = None
    """What went wrong, in one sentence; None while all is well."""
    hint: str | None = None
    """What the user can do next, in one sentence."""
    sandbox: str | None = None
    """How the last verification was kept in."""
    taken: dict[Trigger, str] = Field(default_factory=dict)
    """Trigger -> fingerprint of the version that was taken up."""
    turn: int = 0
    """Counts the triggers taken up; with agent and ordinal it names a model call in the journal."""
    plan_sha256: str | None = None
    """Of the plan as the Architect wrote it, so that a person's is told from it; None when that is not known."""
    lessons: tuple[str, ...] = ()
    """What was tried and why it was not kept; at most 8 lines."""
    accepted: Moment | None = None
    """When the score reached the threshold; the zip is named after it."""
    exhausted_at: int | None = None
    """The `max_iterations` under which the project was given up; it goes on when that is raised."""
    repeated: bool = False
    """It was given up earlier, because the Engineer only sent programs that had been judged before."""
    restoring: bool = False
    """The best iteration is on its way back into staging."""
    rest: Rest | None = None
    """While it is held: what it goes back to when there is nothing to do after all."""
    not_before: Moment | None = None
    """Waiting until then, when a server said how long."""
    waits_on: str | None = None
    """Hash of the settings of the providers that a server's word to wait was for: while they are the same, it holds
    over a restart. None: the wait was our own idea, and the next start tries at once."""
