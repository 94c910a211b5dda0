"""How much to ask of a model at once, as configured or judged by the size in its name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

_SIZE = re.compile(r"(?<![a-z\d.])(?P<number>\d+(?:\.\d+)?)(?P<unit>[bm])(?![a-z\d])", re.IGNORECASE)


class Tier(StrEnum):
    """A class of models; the borders are billions of parameters."""

    TINY = "XS"
    """Up to 2."""
    SMALL = "S"
    """Up to 4."""
    MEDIUM = "M"
    """Up to 20."""
    LARGE = "L"
    """More."""


_UP_TO = {2: Tier.TINY, 4: Tier.SMALL, 20: Tier.MEDIUM}


@dataclass(frozen=True)
class Profile:
    """What one call may ask for."""

    files_per_call: int
    """A plan with more files than this is built in several calls."""
    max_files: int
    """Files a plan may hold."""
    answer_tokens: int
    """The longest answer worth waiting for; small models that go on do not come to an end."""
    test_tokens: int | None
    """The longest answer for one test file, which is asked for apart from the program; None: they come together.

    Small models write a program and stop, but of tests they write one after the other without end.
    """
    invents: bool
    """Whether its own criteria, black-box examples and signatures are worth having; small models copy those shown."""
    judges: bool
    """Whether it is asked if criteria are met, and what the requirements say of a call that test and program dispute.
    Of 14 such reviews by a model of 1.5 none could be used: it copied the prompt's sample, or quoted what stands
    nowhere; and without its word in disputes the same tasks were solved, in less time."""
    candidates: int
    """Programs that are written for one question at most, before their tests; 1: the first is taken."""
    drafts: int
    """Drafts that are had before anything is repaired: a small model's second try is better than its repair."""
    patience: int
    """Dropped rounds in a row before a new draft is tried beside the best one.

    The smallest models send a wrong program back unchanged, so they begin with a draft.
    """
    repairs: bool
    """Whether it is asked to repair a value that is wrong; else there is a new draft. Of six such repairs by a model of
    1.5 none was right: it sent the program back as it was, or the failures that it had been shown."""
    temperatures: tuple[float, ...]
    """By attempt; the last one repeats."""

    def starts_afresh(self, drafts: int, fruitless: int, *, hopeful: bool) -> bool:
        """Whether the next round is a new draft: after so many `drafts`, and dropped rounds in a row.

        Repairs and drafts take turns then, and a `hopeful` program is repaired once more before.
        """
        if not self.repairs:
            return True
        patience = self.patience + hopeful
        return drafts < self.drafts or (fruitless >= patience and (fruitless - patience) % 2 == 0)

    def temperature(self, attempt: int) -> float:
        """For the attempt counted from 0."""
        return self.temperatures[min(attempt, len(self.temperatures) - 1)]


PROFILES = {
    Tier.SMALL: Profile(
        files_per_call=3,
        max_files=5,
        answer_tokens=1536,
        test_tokens=512,
        invents=False,
        judges=True,
        candidates=4,
        drafts=3,
        patience=0,
        repairs=True,
        temperatures=(0.2, 0.4, 0.7),
    ),
    Tier.MEDIUM: Profile(
        files_per_call=4,
        max_files=12,
        answer_tokens=8192,
        test_tokens=None,
        invents=True,
        judges=True,
        candidates=1,
        drafts=1,
        patience=2,
        repairs=True,
        temperatures=(0.2, 0.4, 0.7),
    ),
    Tier.LARGE: Profile(
        files_per_call=8,
        max_files=40,
        answer_tokens=32768,
        test_tokens=None,
        invents=True,
        judges=True,
        candidates=1,
        drafts=1,
        patience=3,
        repairs=True,
        temperatures=(0.2, 0.3, 0.5),
    ),
}
PROFILES[Tier.TINY] = replace(PROFILES[Tier.SMALL], judges=False, repairs=False)


def tier(model: str) -> Tier:
    """By the parameter count in a name such as `qwen2.5-coder:1.5b`; MEDIUM when it tells none.

    Of a mixture (`30b-a3b`) the whole counts.
    """
    named = size_in(model)
    return Tier.MEDIUM if named is None else tier_of(named)


def size_in(model: str) -> float | None:
    """Billions of parameters that the name tells; `1m` is a context length."""
    said = [(float(match["number"]), match["unit"].lower()) for match in _SIZE.finditer(model)]
    sizes = [number if unit == "b" else number / 1000 for number, unit in said if unit == "b" or number >= 10]
    return max(sizes, default=None)


def tier_of(billions: float) -> Tier:
    """By the size as people name it; the parameters of a model of 4 are a few more."""
    return next((tier for most, tier in _UP_TO.items() if billions <= most), Tier.LARGE)


class Sized(Protocol):
    """What tells the size of a model."""

    @property
    def name(self) -> str: ...

    @property
    def profile(self) -> str:
        """A Tier's letter, or `auto`."""


def profile(model: Sized) -> Profile:
    """What to ask of it: the profile that a person chose, else the one that its name tells."""
    return PROFILES[tier(model.name) if model.profile == "auto" else Tier(model.profile)]
