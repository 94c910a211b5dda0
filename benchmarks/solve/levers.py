"""The measures that are to make a small model's code right, each with what takes it out again.

The product has no switches for them; a comparison needs some.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from unittest.mock import patch

from agents import tiers
from agents.tiers import Profile


def _no_fixers() -> None:
    patch("agents.engineer.fix", lambda delivered, _: delivered).start()


def _no_new_drafts() -> None:
    _profiles(lambda profile: dataclasses.replace(profile, patience=10_000))


def _one_file_a_call() -> None:
    _profiles(lambda profile: dataclasses.replace(profile, files_per_call=1))


def _profiles(change: Callable[[Profile], Profile]) -> None:
    tiers.PROFILES.update({tier: change(profile) for tier, profile in tiers.PROFILES.items()})


LEVERS: Mapping[str, Callable[[], None]] = MappingProxyType({
    "fixers": _no_fixers,
    "new-drafts": _no_new_drafts,
    "files-together": _one_file_a_call,
})  # fmt: skip
"""Name -> what takes it out of this process."""


def without(lever: str) -> None:
    """Raises SystemExit for an unknown name."""
    if lever not in LEVERS:
        raise SystemExit(f"unknown lever {lever!r}; there are {', '.join(LEVERS)}")
    LEVERS[lever]()
