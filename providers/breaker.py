"""Whether a provider is worth asking: after repeated failures to connect, calls fail at once until a probe succeeds."""

from __future__ import annotations

from dataclasses import dataclass

THRESHOLD = 6
"""Failures to connect in a row, from all calls together."""


@dataclass
class Breaker:
    """Counts failures to connect."""

    failures: int = 0

    @property
    def down(self) -> bool:
        return self.failures >= THRESHOLD

    def failed(self) -> None:
        self.failures += 1

    def answered(self) -> None:
        """Any answer closes the breaker, also a refusal: something listens."""
        self.failures = 0
