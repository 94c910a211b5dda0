"""Whether what may be spent has been spent."""

from __future__ import annotations

from .config import Limits, ProjectLimits
from .usage import Today, Totals


class BudgetExceeded(Exception):
    """A cap is reached; the text names the setting, what was used and the cap."""


def left(caps: ProjectLimits, spent: Totals) -> float:
    """The part of the scarcest cap that is left, 0 to 1."""
    used = ((caps.max_tokens, spent.tokens), (caps.max_cost, spent.cost), (caps.max_minutes, spent.seconds / 60))
    shares = [1 - amount / cap for cap, amount in (*used, (caps.max_calls, spent.calls))]
    return max(0.0, min(shares))


def exceeded(caps: ProjectLimits, spent: Totals, *, tokens: int = 0, seconds: float = 0.0) -> str | None:
    """The first cap that is reached, with `tokens` and `seconds` of a call under way; None when there is room."""
    amounts = (
        ("max_tokens", caps.max_tokens, spent.tokens + tokens, "tokens"),
        ("max_cost", caps.max_cost, spent.cost, "USD"),
        ("max_minutes", caps.max_minutes, (spent.seconds + seconds) / 60, "minutes of model time"),
        ("max_calls", caps.max_calls, spent.calls, "model calls"),
    )
    for name, cap, used, unit in amounts:
        if used >= cap:
            return f"{name} is reached: {used:,.6g} of {cap:,.6g} {unit}"
    return None


class Budget:
    """The caps of one project and of the day, against what was spent."""

    def __init__(self, limits: Limits, spent: Totals, today: Today) -> None:
        self._limits = limits
        self._spent = spent
        self._today = today

    def check(self, *, tokens: int = 0, seconds: float = 0.0) -> None:
        """Raises BudgetExceeded when a cap is reached, counting a call under way."""
        reason = exceeded(self._limits, self._spent, tokens=tokens, seconds=seconds)
        if reason:
            raise BudgetExceeded(f"limits.{reason}")
        reason = exceeded(self._limits.daily, self._today.spent, tokens=tokens, seconds=seconds)
        if reason:
            raise BudgetExceeded(f"limits.daily.{reason} today")

    def left(self) -> float:
        """The part of the scarcest cap that is left, of the project's or of the day's, 0 to 1."""
        return min(left(self._limits, self._spent), left(self._limits.daily, self._today.spent))
