"""The bookkeeping of one HTTP request: what it cost, whether or not it became an answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from . import budget
from .failures import Failure, Kind
from .stream import Answer
from .wire import CHARACTERS_PER_TOKEN, Request, Usage

_FREE = (Kind.CONNECT, Kind.AUTH, Kind.NOT_FOUND, Kind.NO_PATH, Kind.PARAMETER)
"""Failures in which no model saw the prompt."""


@dataclass
class Trial:
    """One request."""

    request: Request
    scale: float
    """Tokens of this server per token that we estimate."""
    answer: Answer = field(default_factory=Answer)
    sent: bool = False
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

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
        if failure is not None and failure.status not in (None, 200) and not self.answer.characters:
            return Usage()
        return self.usage()
