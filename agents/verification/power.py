"""What tests notice: those of the best iteration in their old words, and the same tests in their new ones.

A test that passes in both may still say less than it did: its input became trivial, its expected value is computed by
the code, what it asks is a mock. So small faults are put into the program, and the test is weaker when there are some
that it noticed before and that neither it nor a new test notices now, while it notices nothing instead.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from agents.languages import Bench, Language, Prepared

from .changed import changed, key_of
from .earlier import lay_out
from .evidence import BAD, Outcome, SuiteRun, Verdict, Weakening
from .mutants import Mutant, mutants
from .tree import read_tree, snapshot

LONGEST, RUNS, SLOWEST = 60.0, 20, 300.0
"""Seconds for all of it, or for so many runs of slow tests, though never more than the last.

After half of them no further fault is tried with the old words."""
LARGEST = 100_000
"""Characters of a file into which faults are put."""
_EACH, _SUITE = 5.0, 20.0
"""Seconds with a fault, for one test and for all."""
_CONCLUSIVE = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.SUSPECT})


@dataclass(frozen=True)
class Seen:
    """With one fault: the tests that pass all the same, in their old words and in their new ones."""

    fault: Mutant
    before: frozenset[str]
    now: frozenset[str]


async def lost_power(
    texts: Mapping[str, str], tested: SuiteRun, bench: Bench, language: Language, prepared: Prepared
) -> tuple[Weakening, ...] | None:
    """Tests of `texts`, the best iteration, that notice less in the snapshot, whose own run is `tested`.

    None when there was not time enough to try all the faults that were tried with the old words.
    """
    began = monotonic()
    tests = {path: text for path, text in texts.items() if language.is_code(path) and language.is_test(path)}
    if not tests:
        return ()
    here = {path: text for path, text in bench.tree.texts.items() if language.is_code(path)}
    theirs = {path: text for path, text in here.items() if language.is_test(path)}
    now = _passing(tested)
    if not (asked := await asyncio.to_thread(changed, now, tests, theirs)):
        return ()
    trial = _Trial(tests, bench, language, prepared, began)
    before = _passing(await trial.run(None, old=True))
    if not (asked := asked & before):
        return ()
    trial = replace(trial, longest=max(LONGEST, min(RUNS * (monotonic() - began), SLOWEST)))
    program = {path: text for path, text in here.items() if path not in theirs and len(text) <= LARGEST}
    faults = await _noticed(trial, await asyncio.to_thread(mutants, program))
    telling = [(fault, passed) for fault, passed in faults if asked - passed]
    seen = await _seen(trial, telling)
    if any(weaker(key, before, now, seen) for key in asked):
        seen += await _seen(trial, [pair for pair in faults if pair not in telling])
    if not trial.left():
        return None
    return tuple(found for key in sorted(asked) if (found := weaker(key, before, now, seen)))


_Passed = tuple[Mutant, frozenset[str]]
"""A fault, and the tests that pass with it in their old words."""


async def _noticed(trial: _Trial, faults: Iterable[Mutant]) -> list[_Passed]:
    """As many faults as half of the time allows."""
    found: list[_Passed] = []
    for fault in faults:
        if trial.left() <= trial.longest / 2:
            break
        ran = await trial.run(fault, old=True)
        found += [(fault, _passing(ran))] if ran.verdict in _CONCLUSIVE else []
    return found


async def _seen(trial: _Trial, faults: Iterable[_Passed]) -> list[Seen]:
    """As many of them as there is time for."""
    seen: list[Seen] = []
    for fault, before in faults:
        if not trial.left():
            break
        ran = await trial.run(fault, old=False)
        seen += [Seen(fault, before, _passing(ran))] if ran.verdict in _CONCLUSIVE else []
    return seen


def weaker(key: str, before: frozenset[str], now: frozenset[str], seen: Sequence[Seen]) -> Weakening | None:
    """Whether the test of this key notices less. `before` and `now` are those that pass without any fault.

    A fault that it notices instead excuses it, and so does a test that newly notices what it does not any more.
    """
    if any(key in one.before and key not in one.now for one in seen):
        return None
    for one in seen:
        if key not in one.before and key in one.now and now - one.now <= before - one.before:
            return Weakening(key, f"no longer notices when {one.fault.what}, and in its old words it did")
    return None


def _passing(tested: SuiteRun) -> frozenset[str]:
    """Tests of which something passed and nothing failed, without the values of their parameters."""
    good = {key_of(case.id) for case in tested.tests if case.outcome is Outcome.PASSED}
    return frozenset(good - {key_of(case.id) for case in tested.tests if case.outcome in BAD})


@dataclass(frozen=True)
class _Trial:
    """Runs of the snapshot with a fault in it."""

    tests: Mapping[str, str]
    """In their old words."""
    bench: Bench
    language: Language
    prepared: Prepared
    began: float
    longest: float = LONGEST
    """Seconds for all of it."""

    def left(self) -> float:
        """Seconds."""
        return max(0.0, self.began + self.longest - monotonic())

    async def run(self, fault: Mutant | None, *, old: bool) -> SuiteRun:
        with tempfile.TemporaryDirectory(prefix="tumbler-faults-") as folder:
            await asyncio.to_thread(self._lay_out, fault, Path(folder), old=old)
            tree = await asyncio.to_thread(read_tree, Path(folder))
            whole = self.bench.settings
            limits = {
                "each_test_timeout": min(_EACH, whole.each_test_timeout),
                "test_timeout": max(1.0, min(_SUITE, whole.test_timeout, self.left())),
            }
            settings = whole.model_copy(update={"vacuity": False, "coverage": False, **limits})
            bench = replace(self.bench, root=Path(folder), tree=tree, settings=settings)
            return (await self.language.test(bench, self.prepared)).tested

    def _lay_out(self, fault: Mutant | None, folder: Path, *, old: bool) -> None:
        if old:
            lay_out(self.bench, self.language, self.tests, folder)
        else:
            snapshot(self.bench.root, folder)
        if fault:
            (folder / fault.path).write_text(fault.text, encoding="utf-8")
