"""What a server has taught us so far, and what one more failure or answer adds to it: pure, value after value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from .failures import Failure, Kind, context_numbers
from .wire import Health

_DENSE = 200
"""Prompts estimated below so many tokens teach nothing about the server's tokenizer."""


@dataclass(frozen=True)
class Learned:
    """Grows while the daemon runs."""

    health: Health | None = None
    """The last answer to the health check."""
    refused: frozenset[str] = frozenset()
    """Parameters that the server rejected and that are no longer sent."""
    context_tokens: int | None = None
    """The context window that an error message named."""
    scale: float = 1.0
    """Tokens the server counted per token that we estimated, in the last prompt."""

    def after(self, failure: Failure, estimate: int) -> Self | None:
        """With what `failure` of a prompt of `estimate` tokens adds; None when trying again would be the same again."""
        match failure.kind:
            case Kind.PARAMETER if failure.parameter:
                if failure.parameter in self.refused:
                    return None
                return replace(self, refused=self.refused | {failure.parameter})
            case Kind.ROOM:
                limit, counted = context_numbers(failure.body)
                scale = max(self.scale, (counted or estimate) / estimate)
                return replace(self, context_tokens=limit, scale=scale)
            case Kind.CONNECT:
                return replace(self, health=None)
        return self

    def having_counted(self, tokens: int | None, estimate: int) -> Self:
        """After a prompt that the server counted as `tokens`; None when it did not say."""
        return replace(self, scale=tokens / estimate) if tokens and estimate >= _DENSE else self
