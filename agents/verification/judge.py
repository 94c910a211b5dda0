"""Judges one run of the trusted pytest runner: what became of each test, and whether the run can be believed."""

from __future__ import annotations

from collections.abc import Iterable

from .box import Ended, Ran
from .channel import Record, Secret
from .evidence import BAD, Case, Frame, Outcome, SuiteRun, Verdict
from .session import Session, covers, outcome_of
from .source import Scan
from .text import clean, line


def judge(ran: Ran, session: Session, scan: Scan, secret: Secret, canary_folders: int) -> SuiteRun:
    """The verdict on the suite."""
    tests = _tests(session, scan, secret)
    missing = _missing(session, scan, tests)
    forged = _forged(ran, session, secret, canary_folders)
    doubts = _suspicions(session, scan, tests, missing) + _stopped(session, secret)
    verdict, reasons = _verdict(ran, session, tests, missing, forged, doubts)
    return SuiteRun(verdict, tests, tuple(map(line, reasons)), missing)


def _verdict(
    ran: Ran,
    session: Session,
    tests: tuple[Case, ...],
    missing: tuple[str, ...],
    forged: list[str],
    doubts: list[str],
) -> tuple[Verdict, list[str]]:
    if ran.ended is Ended.TIMEOUT:
        where = f" in {session.running}" if session.running else ""
        return Verdict.TIMEOUT, [f"the test suite was ended after {ran.seconds:.0f} s{where}"]
    if ran.ended is not Ended.EXITED:
        return Verdict.LIMIT, [f"the test suite was ended by the sandbox: {ran.ended.value}"]
    if forged:
        return Verdict.TAMPERED, forged
    if broken := _broken_off(ran, session):
        return Verdict.FAIL, [broken]
    outcomes = [test.outcome for test in tests]
    if any(outcome in BAD for outcome in outcomes):
        return Verdict.FAIL, []
    if not tests and not missing:
        return Verdict.NO_TESTS, ["no tests were found"]
    if doubts:
        return Verdict.SUSPECT, doubts
    if Outcome.PASSED not in outcomes:
        return Verdict.NO_TESTS, ["no test passed: all are skipped or expected to fail"]
    return Verdict.PASS, []


def _broken_off(ran: Ran, session: Session) -> str:
    """Why an honest run did not come to its end; empty when it did."""
    if session.returned is None:
        how = f"signal {-ran.exit_code}" if ran.exit_code < 0 else f"exit code {ran.exit_code}"
        where = f" in {session.running}" if session.running else ""
        return f"the test runner ended early{where}: {how}"
    meaning = {2: "was interrupted", 3: "had an internal error", 4: "could not start: configuration or conftest.py"}
    return f"pytest {meaning[session.returned]}" if session.returned in meaning else ""


def _suspicions(session: Session, scan: Scan, tests: tuple[Case, ...], missing: tuple[str, ...]) -> list[str]:
    outcomes = [test.outcome for test in tests]
    reasons = [f"{test} stands in the source but was not collected" for test in missing[:5]]
    if session.deselected:
        reasons.append(f"{len(session.deselected)} tests were deselected, the first is {session.deselected[0]}")
    reasons += scan.flags
    reasons += [what for what in session.changed if not _is_said(what, scan.flags) and not _is_harmless(what, scan)]
    reasons += [f"{test} is expected to fail, but not by its own file" for test in _undeclared(tests, scan)]
    reasons += [f"{name} is equal to things that differ from each other" for name in session.equal]
    idle = sum(outcome in {Outcome.SKIPPED, Outcome.XFAIL} for outcome in outcomes)
    if idle > outcomes.count(Outcome.PASSED):
        reasons.append(f"{idle} of {len(outcomes)} tests are skipped or expected to fail")
    return reasons


def _is_said(what: str, flags: Iterable[str]) -> bool:
    """Whether a hook that was seen at work was also read in the source."""
    return any(word in flag for word in what.split() if word.startswith("pytest_") for flag in flags)


def _is_harmless(what: str, scan: Scan) -> bool:
    """Whether a hook that was seen at work was read in the source, and does no harm there."""
    return what.partition(",")[0] in scan.harmless


def _undeclared(tests: Iterable[Case], scan: Scan) -> list[str]:
    """Expected failures that something else than the test's file has declared."""
    xfailed = [test.id for test in tests if test.outcome is Outcome.XFAIL]
    return [test for test in xfailed if not scan.by_title and test.partition("::")[0] not in scan.expects_failures]


def _forged(ran: Ran, session: Session, secret: Secret, canary_folders: int) -> list[str]:
    """Contradictions that no honest run shows."""
    reasons = [session.forged] if session.forged else []
    for name, phases in session.phases.items():
        for phase in phases:
            if phase["raw"] and phase["outcome"] == "passed" and phase["raw"] != "Skipped" and not phase["xfail"]:
                reasons.append(f"{name} raised {phase['raw']} but was reported as passed")  # noqa: PERF401 - reads better
    if session.returned is not None and session.returned != ran.exit_code:
        reasons.append(f"exit code {ran.exit_code}, but the runner said {session.returned}")
    if session.returned in {0, 1} and not session.ended:
        reasons.append("the runner's reporter was taken out")
    if ran.exit_code == 0 and canary_folders:
        reasons.append("exit code 0, although a canary test must fail")
    if session.ended and session.returned == 1:
        reasons += _canaries(session, secret, canary_folders)
    return reasons


def _canaries(session: Session, secret: Secret, folders: int) -> list[str]:
    """Those of which the outcome is not theirs; an error is that of a fixture, see `_stopped`."""
    outcome = {_tag(name, secret): outcome_of(session.phases.get(name, [])) for name in session.collected}
    unreadable = [error["id"] for error in session.errors]
    reasons = []
    for number in range(folders):
        for tag, wanted in (("p", Outcome.PASSED), ("f", Outcome.FAILED)):
            got = outcome.get(f"{number}{tag}")
            if got not in {wanted, Outcome.ERROR} and not (got is None and unreadable):
                reasons.append(f"a canary test came back {got or 'uncollected'}, expected {wanted}")
    return reasons


def _stopped(session: Session, secret: Secret) -> list[str]:
    """What fixtures raise around canaries, of which nothing is known then."""
    around = (p for name in session.collected if _tag(name, secret) for p in session.phases.get(name, []))
    raised = [p["message"] for p in around if p["when"] != "call" and p["outcome"] == "failed"]
    return [f"a fixture stops tests that it does not know: {raised[0]}"] if raised else []


def _tag(name: str, secret: Secret) -> str:
    return name.rpartition(secret.canary)[2] if secret.canary in name else ""


def _tests(session: Session, scan: Scan, secret: Secret) -> tuple[Case, ...]:
    tests = [_collect_error(record) for record in session.errors if secret.canary not in record["id"]]
    for record in session.skips:
        tests += [Case(name, Outcome.SKIPPED, clean(record["message"], 300)) for name in _skipped(record["id"], scan)]
    for name in session.collected:
        if secret.canary not in name:
            tests.append(_test(name, session.phases.get(name, []), hung=name == session.running and not session.ended))
    return tuple(tests)


def _test(name: str, phases: list[Record], *, hung: bool) -> Case:
    bad = next((phase for phase in phases if phase["outcome"] == "failed"), None)
    message = "still running when the time was up" if hung and not bad else ""
    return Case(
        id=line(name),
        outcome=outcome_of(phases),
        message=clean(bad["message"], 3000) if bad else message,
        frames=_frames(bad["frames"]) if bad else (),
        output=clean(bad["output"], 1200) if bad else "",
        seconds=sum(phase["seconds"] for phase in phases),
    )


def _skipped(file: str, scan: Scan) -> list[str]:
    """What is skipped with a file: each test in it, or the file when none can be read."""
    return sorted(line(test) for test in scan.tests if covers(file, test)) or [line(file)]


def _collect_error(record: Record) -> Case:
    message = clean(record["message"], 3000)
    return Case(line(record["id"] or "pytest"), Outcome.ERROR, message, _frames(record["frames"]))


def _frames(records: Iterable[Record]) -> tuple[Frame, ...]:
    return tuple(
        Frame(line(r["path"]), int(r["line"]), line(r["function"], 80), clean(r["source"], 1000)) for r in records
    )


def _missing(session: Session, scan: Scan, tests: tuple[Case, ...]) -> tuple[str, ...]:
    """Tests of the source that are neither collected nor in a file that failed or was skipped as a whole."""
    if not session.ended:
        return ()
    seen = {scan.key(name) for name in session.collected} - set(session.deselected)
    excused = {t.id for t in tests if "::" not in t.id and t.outcome is Outcome.ERROR} | {
        r["id"] for r in session.skips
    }
    return tuple(sorted(t for t in scan.tests - seen if not any(covers(file, t) for file in excused)))
