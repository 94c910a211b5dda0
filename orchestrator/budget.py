"""Whether what may be spent has been spent."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from .config import Limits, ProjectLimits
from .usage import Today, Totals, UnderWay


class BudgetExceeded(Exception):
    """A cap is reached; the text names the setting, what was used and the cap."""


def left(caps: ProjectLimits, spent: Totals) -> float:
    """The part of the scarcest cap that is left, 0 to 1."""
    used = ((caps.max_tokens, spent.tokens), (caps.max_cost, spent.cost), (caps.max_minutes, spent.seconds / 60))
    shares = [1 - amount / cap for cap, amount in (*used, (caps.max_calls, spent.calls))]
    return max(0.0, min(shares))


def exceeded(
    caps: ProjectLimits, spent: Totals, under_way: Collection[UnderWay] = (), *, another: bool = True
) -> str | None:
    """The first cap that is reached, with the calls under way; None when there is room.

    `another`: one more request is to be made, so the number of calls counts as well.
    """
    tokens = spent.tokens + sum(call.tokens for call in under_way)
    seconds = spent.seconds + sum(call.seconds for call in under_way)
    amounts = [
        ("max_tokens", caps.max_tokens, tokens, "tokens"),
        ("max_cost", caps.max_cost, spent.cost + sum(call.cost or 0.0 for call in under_way), "USD"),
        ("max_minutes", caps.max_minutes, seconds / 60, "minutes of model time"),
        ("max_calls", caps.max_calls, spent.calls if another else 0, "model calls"),
    ]
    for name, cap, used, unit in amounts:
        if used >= cap:
            return f"{name} is reached: {used:,.6g} of {cap:,.6g} {unit}{_unknown(name, spent)}"
    return None


def _unknown(name: str, spent: Totals) -> str:
    if name != "max_cost" or not spent.unpriced:
        return ""
    return f", without {spent.unpriced} {'call' if spent.unpriced == 1 else 'calls'} of unknown price"


class Budget:
    """The caps of one project and of the day, against what was spent."""

    def __init__(self, limits: Limits, spent: Totals, today: Today) -> None:
        self._limits = limits
        self._spent = spent
        self._today = today

    def check(self, call: UnderWay | None = None, *, another: bool = True) -> None:
        """Raises BudgetExceeded when a cap is reached, with `call`, which is under way, and for the day with all.

        `another`: one more request is to be made.
        """
        reason = exceeded(self._limits, self._spent, [call] if call else [], another=another)
        if reason:
            raise BudgetExceeded(f"limits.{reason}")
        reason = exceeded(self._limits.daily, self._today.spent, self._today.under_way.values(), another=another)
        if reason:
            raise BudgetExceeded(f"limits.daily.{reason} today")

    @contextmanager
    def counting(self, call: UnderWay) -> Iterator[None]:
        """`call` counts in the day's sum for all projects while the block runs."""
        self._today.under_way[id(call)] = call
        try:
            yield
        finally:
            del self._today.under_way[id(call)]

    def left(self) -> float:
        """The part of the scarcest cap that is left, of the project's or of the day's, 0 to 1."""
        return min(left(self._limits, self._spent), left(self._limits.daily, self._today.spent))
