"""What a comparison takes out is there to be taken out, and does not outlive its process."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from agents import engineer, tester, tiers, verifier  # noqa: F401 - what levers patch must be there before
from benchmarks.solve.levers import ALL, LEVERS, without
from orchestrator import gather  # noqa: F401

Names = Mapping[tuple[str, str], object]
"""(module, name) -> what it stands for."""


def names() -> Names:
    """Every name in the modules of the program, and the profile of each tier; packages only pass names on."""
    loaded = {name: module for name, module in sys.modules.items() if name.startswith(("agents.", "orchestrator."))}
    modules = {name: module for name, module in loaded.items() if not hasattr(module, "__path__")}
    found = {(name, key): value for name, module in modules.items() for key, value in vars(module).items()}
    return {**found, **{("profile", tier): profile for tier, profile in tiers.PROFILES.items()}}


def changed(before: Names) -> set[tuple[str, str]]:
    now = names()
    return {place for place, value in before.items() if now[place] is not value and now[place] != value}


def still_used(gone: list[object]) -> set[tuple[str, str]]:
    """Where one of `gone` can be called from, but for the module that defines it."""
    defined = {(getattr(one, "__module__", ""), getattr(one, "__name__", "")) for one in gone}
    return {place for place, value in names().items() if any(value is one for one in gone)} - defined


@contextmanager
def put_back_after() -> Iterator[None]:
    profiles = dict(tiers.PROFILES)
    try:
        yield
    finally:
        patch.stopall()
        tiers.PROFILES.update(profiles)


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    with put_back_after():
        yield


@pytest.mark.parametrize("name", LEVERS)
def test_each_lever_can_be_taken_out_everywhere_and_put_back(name: str) -> None:
    before = names()
    with put_back_after():
        without(name)
        gone = [before[place] for place in changed(before)]
        assert gone != []
        assert still_used(gone) == set()
    assert changed(before) == set()


def test_all_levers_are_taken_out_and_put_back_together() -> None:
    before = names()
    each = set()
    for name in LEVERS:
        with put_back_after():
            without(name)
            each |= changed(before)
    with put_back_after():
        without(ALL)
        assert changed(before) == each
    assert changed(before) == set()


def test_without_first_drafts_no_profile_has_more_than_one() -> None:
    without("first-drafts")
    assert {profile.drafts for profile in tiers.PROFILES.values()} == {1}


def test_without_candidates_one_program_is_written() -> None:
    assert max(profile.candidates for profile in tiers.PROFILES.values()) > 1
    without("candidates")
    assert {profile.candidates for profile in tiers.PROFILES.values()} == {1}


def test_an_unknown_lever_is_answered_with_those_there_are() -> None:
    with pytest.raises(SystemExit, match="unknown lever 'luck'; there are all, aimed-repairs, bisection"):
        without("luck")
