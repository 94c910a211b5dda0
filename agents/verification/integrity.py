"""Finds tests that were deleted or say less than in the best iteration so far. Pure: text in, findings out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from .evidence import Weakening
from .strength import Assertion, Strength, strengths
from .walking import TooLongError, within

_LONGEST = 20.0
"""Seconds of processor time for reading both."""
_ENOUGH = 1_000_000
"""Turns of a loop in a new test that cannot be read."""


def compare(
    before: Mapping[str, str], now: Mapping[str, str], passed: frozenset[str] = frozenset()
) -> tuple[Weakening, ...]:
    """What the tests of `before` lost in `now`. `passed` are ids that passed then: only these may not go.

    A test that moved to another file under the same name is not deleted.
    """
    try:
        with within(_LONGEST):
            old, new = strengths(before), strengths(now)
    except TooLongError:
        return (Weakening("the tests", "take too long to be compared with those of the best iteration"),)
    moved = {name.partition("::")[2]: strength for name, strength in new.items()}
    added = [one for name, one in new.items() if name not in old and not one.skipped and not one.swallowed]
    findings: list[Weakening] = []
    for test, strength in old.items():
        current = new.get(test) or moved.get(test.partition("::")[2])
        if current is None:
            if not passed or any(name == test or name.startswith(f"{test}[") for name in passed):
                findings.append(Weakening(test, "was deleted"))
        else:
            rows = _kept(test, strength, passed)
            split = _stands(strength, rows, [current, *added])
            findings += [Weakening(test, what) for what in _lost(strength, current, rows, split=split)]
    return tuple(findings)


def _kept(test: str, strength: Strength, passed: frozenset[str]) -> int:
    """How many rows of its tables must stay: those that passed, all when that is not known."""
    return min(strength.rows, max(1, sum(name.startswith(f"{test}[") for name in passed))) if passed else strength.rows


def _stands(old: Strength, rows: int, places: Iterable[Strength]) -> bool:
    """Whether all that it asserted stands in these tests, as many times; outside of loops, twice is once."""
    there, needed = Counter[str](), Counter[str]()
    for place in places:
        for one in place.asserts:
            there[one.said] += place.rows * one.turns if place.read else _ENOUGH
    for one in old.asserts:
        needed[one.said] += rows * one.turns if one.turns > 1 else max(0, rows - needed[one.said])
    return bool(needed) and "" not in needed and all(there[said] >= times for said, times in needed.items())


def _lost(old: Strength, new: Strength, rows: int, *, split: bool) -> Iterator[str]:
    """`split`: all that it asserted stands in it or in new tests."""
    if new.skipped > old.skipped:
        yield "is now skipped or expected to fail"
    if new.swallowed > old.swallowed:
        yield "now catches its own failed assertions"
    if split:
        return
    if not new.read:
        old, new, rows = _once(old), _once(new), 1
    before, now = _demanded(old.asserts, rows), _demanded(new.asserts, new.rows)
    exact = [_demanded([a for a in one.asserts if a.exact], n) for one, n in ((old, rows), (new, new.rows))]
    cases = rows * old.turns, new.rows * new.turns
    if now < before and cases[1] < cases[0] and len(new.asserts) <= len(old.asserts):
        yield f"has fewer cases: {cases[0]} rows that passed before, {cases[1]} now"
    elif now < before:
        yield f"checks less: {before} assertions before, {now} now"
    elif exact[1] < exact[0]:
        yield f"compares less exactly: {exact[0]} exact comparisons before, {exact[1]} now"


def _demanded(asserts: Iterable[Assertion], rows: int) -> int:
    return rows * sum(one.turns for one in asserts)


def _once(strength: Strength) -> Strength:
    """Without rows and loops."""
    return replace(strength, rows=1, turns=1, asserts=tuple(replace(one, turns=1) for one in strength.asserts))
