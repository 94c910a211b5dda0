"""Judges the run with broken code: which tests say nothing, and whose failures are not to be heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .channel import Record
from .evidence import Outcome, SuiteRun, Verdict
from .session import Session, covers, outcome_of
from .source import Scan
from .text import line

_RUINED = ("empty", "full", "raise")
_INTERNAL_ERROR = 3
"""Of pytest: a hook of the project's that uses the code under test finds it broken."""


def unheard_of(tested: SuiteRun, session: Session) -> bool:
    """Whether there are tests of a good run of which this one, with broken code, did not show that they can fail.

    Code that is used at import, or is waited for, can be the reason as well as somebody who does not want it shown.
    """
    runs = _runs(session)
    return tested.verdict is Verdict.PASS and any("fail" not in runs.get(test, {}) for test in _passed(tested))


def with_vacuity(tested: SuiteRun, session: Session, scan: Scan, guarded: Session | None = None) -> SuiteRun:
    """The verdict after the run with broken code; `guarded` is one with whole code in which each test had to fail."""
    passed, runs = _passed(tested), _runs(session)
    idle = tuple(test for test in passed if _always_passes(runs.get(test, {})))
    empty = tuple(test for test in passed if test not in idle and _says_nothing(runs.get(test, {})))
    tested = replace(tested, vacuous=idle, empty=empty, broken=session.broken)
    if tested.verdict is not Verdict.PASS:
        return tested
    asked = _runs(guarded) if guarded else {}
    modes = {test: asked.get(test, {}) | runs.get(test, {}) for test in passed}
    files = session.guarded | (guarded.guarded if guarded else frozenset())
    written = {test for test in passed if scan.key(test) in scan.tests and test.partition("::")[0] in files}
    reasons = [what for test in passed for what in _unheard(test, modes[test], written=test in written)]
    if guarded and guarded.asked:
        reasons += _silent(modes, scan)
    reasons += _escaped(session, [test for test in passed if test not in runs], len(passed))
    if session.broken:
        reasons += _too_few(len(passed), len(idle), len(empty))
    return replace(tested, verdict=Verdict.SUSPECT, reasons=tuple(reasons[:5])) if reasons else tested


def _passed(tested: SuiteRun) -> list[str]:
    return [test.id for test in tested.tests if test.outcome is Outcome.PASSED]


def _runs(session: Session) -> dict[str, dict[str, list[Record]]]:
    return {line(name): modes for name, modes in session.broken_phases.items()}


def _unheard(test: str, modes: dict[str, list[Record]], *, written: bool) -> Iterator[str]:
    """Why the failures of a test are not to be seen; `written`: each one that stands in the source asks first."""
    for mode, what in (("raise", "the code that it calls raises"), ("fail", "its first assertion fails")):
        reached = any(phase["reached"] and phase["when"] == "call" for phase in modes.get(mode, []))
        if mode not in modes or outcome_of(modes[mode]) is not Outcome.PASSED:
            continue
        if reached and (mode == "fail" or _always_passes(modes)):
            yield f"{test} passes although {what}: something swallows its failures"
            return
        if mode == "fail" and written:
            yield f"{test} passes without running what its source says"


def _silent(modes: dict[str, dict[str, list[Record]]], scan: Scan) -> Iterator[str]:
    """Tests that passed, and were not seen again when their first assertion had to fail."""
    seen = {scan.key(test) for test, found in modes.items() if "fail" in found}
    lost = [test for test in modes if scan.key(test) not in seen]
    if lost:
        yield f"{len(lost)} of {len(modes)} tests did not run when they had to fail, the first is {lost[0]}"


def _escaped(session: Session, unseen: list[str], passed: int) -> Iterator[str]:
    """Why a run with broken code shows less than it should; tests that use the code at import cannot be collected."""
    if session.left and session.started:
        yield "the test runner was left early when the code under test was broken"
        return
    files = [error["id"] for error in session.errors]
    lost = [test for test in unseen if not any(covers(file, test) for file in files)]
    if session.ended and session.returned != _INTERNAL_ERROR and 2 * len(lost) > passed:
        yield f"{len(lost)} of {passed} tests did not run when the code under test was broken"


def _too_few(passed: int, idle: int, empty: int) -> Iterator[str]:
    """Why the tests together say too little.

    Half of them may ask for nothing; tests of constants and plain data are idle with good reason.
    """
    if passed and idle == passed:
        yield "every test passes with all code broken: none of them tests it"
    elif empty and (idle + empty == passed or 2 * empty > passed):
        yield f"{empty} of {passed} tests pass whatever the code gives back: they call it and check no result"


def _always_passes(modes: dict[str, list[Record]]) -> bool:
    """Whatever the code does, and it was tried what happens when it raises."""
    ruined = [outcome_of(phases) for mode, phases in modes.items() if mode in _RUINED]
    return "raise" in modes and all(outcome is Outcome.PASSED for outcome in ruined)


def _says_nothing(modes: dict[str, list[Record]]) -> bool:
    """Whatever the code gives back."""
    quiet = [outcome_of(phases) for mode, phases in modes.items() if mode in {"empty", "full"}]
    return len(quiet) > 1 and all(outcome is Outcome.PASSED for outcome in quiet)
