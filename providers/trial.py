"""The bookkeeping of one HTTP request: what it cost, whether or not it became an answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from . import budget
from .failures import Failure, Kind
from .stream import Answer
from .wire import CHARACTERS_PER_TOKEN, Attempt, Completion, Request, Sampling, Usage

_FREE = (Kind.CONNECT, Kind.AUTH, Kind.NOT_FOUND, Kind.NO_PATH, Kind.PARAMETER)
"""Failures in which no model saw the prompt."""


@dataclass
class Trial:
    """One request."""

    request: Request
    scale: float
    """Tokens of this server per token that we estimate."""
    provider: str
    """The name under which it is booked."""
    price: Callable[[Usage], float | None]
    """USD; None when it is not known."""
    answer: Answer = field(default_factory=Answer)
    sent: bool = False
    sampling: Sampling | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def bill(self) -> tuple[Usage, float | None]:
        """What it has come to so far: tokens and USD."""
        usage = self.usage()
        return usage, self.price(usage)

    def completion(self, model: str) -> Completion:
        """The whole answer; `model` is what was asked for, which the server's own word overrules."""
        answer, (usage, cost) = self.answer, self.bill()
        assert answer.finish is not None
        return Completion(
            text=answer.text,
            finish=answer.finish,
            usage=usage,
            provider=self.provider,
            model=answer.model or model,
            reasoning=answer.reasoning,
            cost=cost,
            seconds=self.seconds,
            request_id=answer.request_id,
            sampling=self.sampling,
        )

    def aborted(self, model: str) -> Attempt:
        """What is booked when we stopped it ourselves."""
        return self._attempt(model, "aborted", "cancelled")

    def failed(self, model: str, failure: Failure) -> Attempt:
        return self._attempt(model, "failed", failure.text, failure)

    def _attempt(
        self, model: str, outcome: Literal["aborted", "failed"], error: str, failure: Failure | None = None
    ) -> Attempt:
        usage = self.usage_after(failure)
        return Attempt(
            outcome=outcome,
            provider=self.provider,
            model=model,
            started=self.started,
            seconds=self.seconds,
            usage=usage,
            cost=self.price(usage),
            error=error,
            degenerate=failure is not None and failure.kind is Kind.DEGENERATE,
            partial=self.answer.text or self.answer.reasoning,
            sampling=self.sampling,
        )

    def usage(self) -> Usage:
        """What the server counted, and our estimate where it counted nothing."""
        said = self.answer.usage or Usage()
        if said.input_tokens and said.output_tokens is not None:
            return said
        written = self.answer.characters
        return Usage(
            input_tokens=said.input_tokens or int(budget.prompt_tokens(self.request) * self.scale),
            output_tokens=said.output_tokens or (int(written / CHARACTERS_PER_TOKEN) + 1 if written else 0),
            cached_tokens=said.cached_tokens,
            reasoning_tokens=said.reasoning_tokens,
            estimated=True,
        )

    def usage_after(self, failure: Failure | None) -> Usage:
        """Of a request without a whole answer: nothing when no model saw it, unknown when the server refused it."""
        if not self.sent or (failure is not None and failure.kind in _FREE):
            return Usage(input_tokens=0, output_tokens=0)
        if failure is not None and not self.answer.characters and _refused(failure):
            return Usage()
        return self.usage()


def _refused(failure: Failure) -> bool:
    """Whether somebody answered, and it was no model."""
    return failure.kind is Kind.PAGE or failure.status not in (None, 200)
