"""What a comparison takes out is there to be taken out, and does not outlive its process."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from agents import tiers
from benchmarks.solve.levers import ALL, LEVERS, without


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    profiles = dict(tiers.PROFILES)
    yield
    patch.stopall()
    tiers.PROFILES.update(profiles)


@pytest.mark.parametrize("name", [*LEVERS, ALL])
def test_each_lever_can_be_taken_out(name: str) -> None:
    without(name)


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
