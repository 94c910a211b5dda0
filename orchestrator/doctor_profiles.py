"""Which profile a model gets, and whether the server knows better than the model's name."""

from __future__ import annotations

from dataclasses import dataclass

from agents.tiers import Tier, tier, tier_of
from providers import Health


@dataclass(frozen=True)
class Chosen:
    """How much a model is asked at once."""

    tier: Tier
    better: Tier
    """By the parameters that the server counts; `tier` when it counts none, or a person chose."""
    billions: float | None = None

    @classmethod
    def of(cls, setting: str, health: Health) -> Chosen:
        """`setting`: `profile` in config.yaml."""
        chosen = tier(health.model) if setting == "auto" else Tier(setting)
        counted = health.billions if setting == "auto" else None
        return cls(chosen, chosen if counted is None else tier_of(counted), counted)

    def __str__(self) -> str:
        doubt = "" if self.better is self.tier else f" though it has {self.billions:.2g} billion parameters"
        return f"profile {self.tier}{doubt}"
