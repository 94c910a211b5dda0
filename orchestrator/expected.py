"""When a model's call or a test run will end, as far as those before it tell. Pure: time is passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from providers import Activity, Progress

from .usage import Row

REMEMBERED = 10
"""Calls, or test runs, that are looked back at."""
COUNTED = 1.2
"""Tokens that progress counts for one of the server's: it divides characters by three, code has more like 3.6."""
COUNTED_AT_MOST = 1.5


@dataclass(frozen=True)
class Usual:
    """What an agent's calls to a model came to: medians."""

    seconds: float
    output_tokens: float | None

    @classmethod
    def of(cls, rows: Iterable[Row], agent: str, model: str) -> Self | None:
        """Of the newest calls that ended well; None when there is none."""
        same = [row for row in rows if (row.agent, row.model, row.outcome) == (agent, model, "ok")][-REMEMBERED:]
        if not same:
            return None
        counted = [row.output_tokens for row in same if row.output_tokens is not None]
        return cls(median(row.seconds for row in same), median(counted) if counted else None)


@dataclass(frozen=True)
class End:
    """When it ends, on the clock that was passed in."""

    at: float
    latest: bool = False
    """Not the time to expect: the longest answer, or tests that hang, would take so long."""


def end_of_tests(earlier: Sequence[float], now: float, *, test_timeout: float) -> End:
    """Of a verification that begins now; `earlier`: seconds that those before it took, oldest first.

    The first one may run into the time limit twice: as they are, then against the tests of the iteration before.
    Installing what a project depends on comes on top.
    """
    if earlier:
        return End(now + median(earlier[-REMEMBERED:]))
    return End(now + 2 * test_timeout, latest=True)


class Forecast:
    """The end of the calls that one agent makes, one after the other."""

    def __init__(self, usual: Callable[[], Usual | None], most_tokens: int) -> None:
        """`usual` is asked when a call begins. `most_tokens`: the longest answer."""
        self._ask_usual = usual
        self._most = most_tokens
        self._usual: Usual | None = None
        self._began = 0.0

    def end(self, progress: Progress, now: float) -> End | None:
        """None when nobody can know."""
        if progress.activity is Activity.READING:
            self._began, self._usual = now, self._ask_usual()
        if progress.note or progress.activity in (Activity.QUEUED, Activity.RETRYING):
            return None
        expected = self._expected(progress, now)
        if expected is not None and expected > now:
            return End(expected)
        return self._latest(progress, now)

    def _expected(self, progress: Progress, now: float) -> float | None:
        """By the speed of this call once it has one, before that by how long the others took."""
        if self._usual is None:
            return None
        if progress.tokens_per_second and self._usual.output_tokens:
            left = self._usual.output_tokens * COUNTED - progress.output_tokens
            return now + left / progress.tokens_per_second
        return self._began + self._usual.seconds

    def _latest(self, progress: Progress, now: float) -> End | None:
        if not progress.tokens_per_second:
            return None
        left = self._most * COUNTED_AT_MOST - progress.output_tokens
        return End(now + max(0.0, left) / progress.tokens_per_second, latest=True)
