"""What one long life of the daemon gains in memory and descriptors."""

from __future__ import annotations

import time

from benchmarks.cycle import rss_mb
from benchmarks.soak_person import Person
from benchmarks.soak_process import Daemon

GROWTH_MB = 15.0
"""What a life of the daemon may gain between its first quarter minute and its end."""
_WARM = 15.0
"""Seconds until all that is loaded once has been loaded."""


class Life:
    """From now on; `go_on` until the chaos ends, then `told` when all is at rest."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._seconds = 0.0
        self._first = self._last = 0.0
        self._descriptors = 0

    def go_on(self, person: Person, *, until: float) -> None:
        """The person at work among chaos."""
        begin = time.monotonic()
        self._seconds = max(1.0, until - begin)
        warm = begin + min(_WARM, self._seconds / 2)
        while (now := time.monotonic()) < until:
            person.act()
            time.sleep(person.dice.uniform(0.0, 0.15))
            if not self._first and now > warm:
                self._begin()
        if not self._first:
            self._begin()
        self._last = rss_mb(self._daemon.pid)

    def _begin(self) -> None:
        self._first, self._descriptors = rss_mb(self._daemon.pid), self._daemon.descriptors()

    def grew(self) -> bool:
        """More than is explained by work under way."""
        return self._last - self._first > GROWTH_MB or self._daemon.descriptors() > self._descriptors + 8

    def told(self) -> str:
        return (
            f"memory {self._first:.1f} MB, after {self._seconds:.0f} s of chaos {self._last:.1f} MB, at rest "
            f"{rss_mb(self._daemon.pid):.1f} MB; descriptors {self._descriptors}, at rest "
            f"{self._daemon.descriptors()}; {self._daemon.threads()} threads"
        )
