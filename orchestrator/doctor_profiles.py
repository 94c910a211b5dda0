"""Which profile a model gets, and whether the server knows better than the model's name."""

from __future__ import annotations

from dataclasses import dataclass

from agents.tiers import Tier, size_in, tier, tier_of
from providers import Health

FAR = 1.4
"""Times the size in a name: a model of "2b" may count 2.6 billion parameters."""
ABOVE = 1.15
"""Times the size that people would name, where the name tells none."""


@dataclass(frozen=True)
class Chosen:
    """How much a model is asked at once."""

    tier: Tier
    better: Tier
    """By the parameters that the server counts; `tier` when it counts none, the name is near, or a person chose."""
    billions: float | None = None

    @classmethod
    def of(cls, setting: str, health: Health) -> Chosen:
        """`setting`: `profile` in config.yaml."""
        if setting != "auto":
            return cls(Tier(setting), Tier(setting))
        chosen, named, counted = tier(health.model), size_in(health.model), health.billions
        if counted is None or (named is not None and named / FAR <= counted <= named * FAR):
            return cls(chosen, chosen)
        return cls(chosen, tier_of(counted / ABOVE), counted)

    def __str__(self) -> str:
        doubt = "" if self.better is self.tier else f" though it has {self.billions:.2g} billion parameters"
        return f"profile {self.tier}{doubt}"
