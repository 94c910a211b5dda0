"""The measures that are to make a small model's code right, each with what takes it out again.

The product has no switches for them; a comparison needs some.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from unittest.mock import patch

from agents import settled, tiers
from agents.base import Work
from agents.tiers import Profile


def _no_bisection() -> None:
    async def nothing(*_: object) -> None:
        return None

    patch("agents.verifier.better_part", nothing).start()


def _no_lessons() -> None:
    patch("orchestrator.gather._with_lessons", lambda _, feedback: feedback).start()


def _no_fixers() -> None:
    for module in ("draft", "rivals"):
        patch(f"agents.{module}.fix", lambda delivered, *_: delivered).start()


def _no_aimed_repairs() -> None:
    for module in ("engineer", "engineer_steps"):
        patch(f"agents.{module}.aim_of", lambda *_: "").start()


def _no_mistakes_told() -> None:
    patch("agents.briefing._mistakes", lambda _: "").start()


def _no_new_drafts() -> None:
    _profiles(lambda profile: dataclasses.replace(profile, drafts=1, patience=10_000))


def _no_few_tests() -> None:
    patch("agents.engineer_steps._few_tests", lambda _: "").start()


def _no_expected_exceptions() -> None:
    patch("agents.fixers.expect_raises", lambda delivered, _: delivered).start()


def _no_whole_values() -> None:
    patch("agents.settled.got_of", _cut_at_thirty(settled.got_of)).start()
    patch("agents.votes.got_of", _cut_at_thirty(settled.got_of)).start()


def _cut_at_thirty(got_of: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Values as pytest tells them by itself: those over thirty characters are not known."""

    def cut(message: str) -> str | None:
        value = got_of(message)
        return value if value is not None and len(value) <= 30 else None

    return cut


def _no_first_drafts() -> None:
    _profiles(lambda profile: dataclasses.replace(profile, drafts=1))


def _no_candidates() -> None:
    _profiles(lambda profile: dataclasses.replace(profile, candidates=1))


def _no_tests_apart() -> None:
    _profiles(lambda profile: dataclasses.replace(profile, test_tokens=None))


def _no_votes() -> None:
    async def nothing(*_: object) -> dict[str, str]:
        return {}

    for module in ("engineer", "candidates"):
        patch(f"agents.{module}.outvoted", nothing).start()


def _no_rivals() -> None:
    patch("agents.votes.rivals", lambda _: []).start()


def _no_plain_examples() -> None:
    patch("agents.briefing._ERRORS", re.compile("")).start()


def _no_saved_tests() -> None:
    patch("agents.draft.saved_tests", lambda _: {}).start()


def _no_single_assertions() -> None:
    patch("agents.draft.split_assertions", dict).start()


def _no_settled_tests() -> None:
    async def nothing(_: Work) -> dict[str, str]:
        return {}

    patch("agents.engineer.settled", nothing).start()


def _no_stated_examples() -> None:
    patch("agents.tester.stated", lambda *_: ()).start()


def _profiles(change: Callable[[Profile], Profile]) -> None:
    tiers.PROFILES.update({tier: change(profile) for tier, profile in tiers.PROFILES.items()})


LEVERS: Mapping[str, Callable[[], None]] = MappingProxyType({
    "aimed-repairs": _no_aimed_repairs,
    "bisection": _no_bisection,
    "candidates": _no_candidates,
    "fixers": _no_fixers,
    "expected-exceptions": _no_expected_exceptions,
    "few-tests": _no_few_tests,
    "first-drafts": _no_first_drafts,
    "lessons": _no_lessons,
    "mistakes-told": _no_mistakes_told,
    "new-drafts": _no_new_drafts,
    "plain-examples": _no_plain_examples,
    "rivals": _no_rivals,
    "saved-tests": _no_saved_tests,
    "single-assertions": _no_single_assertions,
    "settled-tests": _no_settled_tests,
    "stated-examples": _no_stated_examples,
    "tests-apart": _no_tests_apart,
    "votes": _no_votes,
    "whole-values": _no_whole_values,
})  # fmt: skip
"""Name -> what takes it out of this process."""


ALL = "all"


def without(name: str) -> None:
    """Take one lever out, or `all` of them. Raises SystemExit for an unknown name."""
    if name != ALL and name not in LEVERS:
        raise SystemExit(f"unknown lever {name!r}; there are {ALL}, {', '.join(LEVERS)}")
    for lever in LEVERS if name == ALL else (name,):
        LEVERS[lever]()
