"""Whether a provider is worth asking now, from what all calls together have met. Time is passed in."""

from __future__ import annotations

from dataclasses import dataclass

THRESHOLD = 6
"""Failures to connect in a row, from all calls together."""
PROBE = 15.0
"""Seconds after the last failure from which on a call may find out whether the server is back."""
LONGEST = 3600.0
"""Seconds; after that a call finds out whether the server still means it."""


@dataclass
class Breaker:
    """One provider's. All times are monotonic seconds."""

    failures: int = 0
    """To connect, in a row."""
    failed_at: float = float("-inf")
    rests_until: float = float("-inf")
    """The server asked for no requests before then."""

    def down(self, now: float) -> bool:
        """Calls fail at once, without waiting for a server that does not listen."""
        return self.failures >= THRESHOLD and now < self.failed_at + PROBE

    def failed(self, now: float) -> None:
        self.failures += 1
        self.failed_at = now

    def answered(self) -> None:
        """Any answer closes the breaker, also a refusal: something listens."""
        self.failures = 0

    def asked_to_wait(self, seconds: float, now: float) -> None:
        """A server that says so to one call means all of them."""
        self.rests_until = max(self.rests_until, now + min(seconds, LONGEST))

    def rest(self, now: float) -> float:
        """Seconds that a new call has to wait."""
        return max(0.0, self.rests_until - now)
