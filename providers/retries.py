"""When a failed request is tried again, how often, and what it becomes in the end: one table, pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import (
    AuthenticationFailed,
    BadReply,
    ContextExceeded,
    ModelNotFound,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    ReplyDegenerate,
    ReplyTruncated,
    RequestRejected,
    Unavailable,
)
from .failures import Failure, Kind


@dataclass(frozen=True)
class Row:
    """What follows from one kind of failure."""

    error: type[ProviderError]
    """What the caller gets when the tries are used up."""
    tries: int = 1
    """Requests in all that may fail in this way during one call; 1 is no second try."""
    base: float = 0.0
    """Seconds before the second try; doubled for each further one."""
    cap: float = 0.0
    """The longest such wait, in seconds."""


RETRIES: Mapping[Kind, Row] = {
    Kind.CONNECT: Row(Unavailable, tries=6, base=1, cap=60),
    Kind.TIMEOUT: Row(Unavailable, tries=3, base=2, cap=60),
    Kind.DROPPED: Row(Unavailable, tries=4, base=1, cap=30),
    Kind.TRUNCATED: Row(ReplyTruncated, tries=4, base=1, cap=30),
    Kind.SERVER: Row(Unavailable, tries=6, base=1, cap=60),
    Kind.BUSY: Row(Unavailable, tries=9, base=2, cap=60),
    Kind.CRASHED: Row(RequestRejected, tries=3, base=2, cap=60),
    Kind.RATE: Row(RateLimited, tries=9, base=5, cap=120),
    Kind.BAD_BODY: Row(BadReply, tries=3, base=2, cap=60),
    Kind.PAGE: Row(Unavailable, tries=6, base=1, cap=60),
    Kind.PARAMETER: Row(RequestRejected, tries=4),
    Kind.CONTEXT: Row(ContextExceeded),
    Kind.ROOM: Row(ContextExceeded, tries=2),
    Kind.QUOTA: Row(QuotaExhausted),
    Kind.AUTH: Row(AuthenticationFailed),
    Kind.NOT_FOUND: Row(ModelNotFound),
    Kind.DEGENERATE: Row(ReplyDegenerate),
    Kind.NO_PATH: Row(RequestRejected),
    Kind.REJECTED: Row(RequestRejected),
}

TRIES = 10
"""Requests in all during one call, whatever failed."""

PATIENCE = 600.0
"""The longest wait, in seconds, that a server may ask for; for more the project is parked."""

JITTER = 0.25
"""Waits differ by this fraction, so that many projects do not come back at once."""


def used_up(past: Sequence[Failure]) -> bool:
    """Whether the last failure ends the call."""
    last = past[-1]
    same = sum(failure.kind is last.kind for failure in past)
    return same >= RETRIES[last.kind].tries or len(past) >= TRIES or (last.retry_after or 0.0) > PATIENCE


def delay(past: Sequence[Failure], random: float) -> float:
    """Seconds to wait before the next try; `random` is from 0 to 1."""
    last = past[-1]
    row = RETRIES[last.kind]
    same = sum(failure.kind is last.kind for failure in past)
    if last.retry_after:
        return last.retry_after + JITTER * random
    return min(row.cap, row.base * 2.0 ** (same - 1)) * (1 - JITTER + 2 * JITTER * random)
