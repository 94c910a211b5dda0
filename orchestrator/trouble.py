"""What an exception means for a project: to fail, to wait, or to be paused. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.base import AgentError
from agents.verification.box import SandboxUnavailable
from providers import Blocked, ContextExceeded, ProviderError, RequestRejected, Unavailable

from .budget import BudgetExceeded
from .config_error import ConfigError
from .events import Event, Failed, Halted, Stalled
from .files import PASSING, DiskError, DiskFull, FileProblem, ReadOnly
from .gather import Unreadable
from .state import State
from .steering import Held, halted

RECHECK = timedelta(minutes=5)
"""How long to leave alone what only a person can mend: a missing model, a wrong key, an empty account."""
LONGEST = timedelta(hours=1)
"""However long a server asks us to wait, it is tried again after this; a clock that jumps parks nothing for ever."""
SOON = timedelta(seconds=30)
"""How long to leave a server alone that did not say when to come back."""
_RAISED = "raise it in config.yaml and start the daemon again; in the project's tumbler.yaml it counts at once"
_TRIED_AGAIN = "it is tried again every five minutes, and at the next start"


@dataclass(frozen=True)
class AskedToWait(Stalled):
    """A server that answered is to be left alone until `not_before`, by a daemon that is started meanwhile as well."""


def kept_waiting(state: State, now: datetime) -> bool:
    """Whether a server said how long to wait, and that time is not over."""
    return state.not_before is not None and now < state.not_before < now + LONGEST


def event_for(error: Exception, project: str, now: datetime) -> Event | None:
    """The event that `error` amounts to for `project`; None for an error nobody expected."""
    match error:
        case Held():
            return halted(str(error), project)
        case BudgetExceeded():
            return Halted(str(error), _RAISED)
        case SandboxUnavailable():
            return Stalled(f"no sandbox works here: {error}", not_before=now + RECHECK)
        case DiskFull() | ReadOnly():
            return Stalled(str(error), "make room; the project goes on by itself", now + SOON)
        case DiskError():
            return Stalled(str(error), _TRIED_AGAIN, now + RECHECK)
        case OSError(errno=number) if number in PASSING:
            return Stalled(f"the system failed: {error}", _TRIED_AGAIN, now + RECHECK)
        case ProviderError():
            return _provider_trouble(error, now)
        case Unreadable() | AgentError() | FileProblem() | ConfigError():
            return Failed(str(error))
        case _:
            return None


def _provider_trouble(error: ProviderError, now: datetime) -> Event:
    match error:
        case ContextExceeded() | RequestRejected():
            return Failed(str(error), "change the provider's settings in config.yaml and start the daemon again")
        case Unavailable():
            wait = SOON if error.retry_after is None else timedelta(seconds=error.retry_after)
            answered = error.status is not None or error.retry_after is not None
            kind = AskedToWait if answered else Stalled
            return kind(str(error), "it is asked again by itself", now + min(wait, LONGEST))
        case Blocked():
            return Stalled(str(error), _TRIED_AGAIN, now + RECHECK)
        case _:
            return Failed(str(error), "if it comes again, use another model")
