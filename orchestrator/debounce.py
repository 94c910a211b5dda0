"""Names that something happened to, until they have been quiet for a while."""

from __future__ import annotations


class Debounce:
    """Trailing edge: a name is due `quiet` seconds after it was last noted, but at most 10 times that after the first.

    Times are seconds of one clock, and come from the caller.
    """

    LONGEST = 10

    def __init__(self, quiet: float) -> None:
        self._quiet = quiet
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def note(self, name: str, now: float) -> None:
        self._first.setdefault(name, now)
        self._last[name] = now

    def forget(self, name: str) -> None:
        """It is being looked at anyway."""
        self._first.pop(name, None)
        self._last.pop(name, None)

    def due_at(self) -> float | None:
        """When the next name is due; None when none is waiting."""
        return min(map(self._due, self._last), default=None)

    def take_due(self, now: float) -> list[str]:
        """The names that are due, in the order in which they were first noted; they are no longer waiting."""
        names = [name for name in self._first if self._due(name) <= now]
        for name in names:
            self.forget(name)
        return names

    def _due(self, name: str) -> float:
        return min(self._last[name] + self._quiet, self._first[name] + self.LONGEST * self._quiet)
