"""Judges one run of the trusted pytest runner: what became of each test, and whether the run can be believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from .box import Ended, Ran
from .channel import Record, Secret, read_records
from .evidence import BAD, Case, Coverage, Frame, Outcome, SuiteRun, Verdict
from .source import Scan
from .text import clean, line


@dataclass
class Session:
    """The records of a run, sorted by what they say. Ids are the runner's own until they are shown."""

    collected: list[str] = field(default_factory=list)
    phases: dict[str, list[Record]] = field(default_factory=dict)
    broken_phases: dict[str, dict[str, list[Record]]] = field(default_factory=dict)
    """With broken code: id -> what the code did (see trusted/breaking.py) -> phases."""
    errors: list[Record] = field(default_factory=list)
    skips: list[Record] = field(default_factory=list)
    deselected: list[str] = field(default_factory=list)
    syntax: list[Record] = field(default_factory=list)
    files: dict[str, tuple[int, list[int], int]] = field(default_factory=dict)
    running: str = ""
    started: bool = False
    ended: bool = False
    returned: int | None = None
    broken: int = 0
    equal: list[str] = field(default_factory=list)
    """Classes that are equal to everything."""
    left: bool = False
    """The process ended by itself, and not by the runner's hand."""
    forged: str = ""
    """Why the records cannot be trusted; empty when they can."""


def read_session(ran: Ran, secret: Secret) -> Session:
    """What the runner reported."""
    records, forged = read_records(ran.report, secret.key, whole=ran.ended is Ended.EXITED and ran.exit_code >= 0)
    session = Session(forged=forged)
    for record in records:
        _sort_in(session, record)
    session.left = ran.ended is Ended.EXITED and session.returned is None
    return session


def _sort_in(session: Session, record: Record) -> None:
    match record["t"]:
        case "item":
            session.collected.append(record["id"])
        case "run":
            session.running = record["id"]
        case "phase" if mode := record.get("mode"):
            session.broken_phases.setdefault(record["id"], {}).setdefault(mode, []).append(record)
        case "phase":
            session.phases.setdefault(record["id"], []).append(record)
        case "collect_error":
            session.errors.append(record)
        case "collect_skip":
            session.skips.append(record)
        case "deselected":
            session.deselected += record["ids"]
        case "syntax":
            session.syntax.append(record)
        case "coverage":
            session.files = {path: (n, missing, m) for path, (n, missing, m) in record["files"].items()}
        case "broken":
            session.broken = record["count"]
        case "equal":
            session.equal = record["classes"]
        case "start":
            session.started = True
        case "end":
            session.ended = True
        case "returned":
            session.returned = record["code"]


def judge(ran: Ran, session: Session, scan: Scan, secret: Secret, canary_folders: int) -> SuiteRun:
    """The verdict on the suite."""
    tests = _tests(session, secret)
    missing = _missing(session, scan, tests)
    forged = _forged(ran, session, secret, canary_folders)
    verdict, reasons = _verdict(ran, session, scan, tests, missing, forged)
    return SuiteRun(verdict, tests, tuple(map(line, reasons)), missing)


def _verdict(
    ran: Ran, session: Session, scan: Scan, tests: tuple[Case, ...], missing: tuple[str, ...], forged: list[str]
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
    suspicious = _suspicions(session, scan, outcomes, missing)
    if suspicious:
        return Verdict.SUSPECT, suspicious
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


def _suspicions(session: Session, scan: Scan, outcomes: list[Outcome], missing: tuple[str, ...]) -> list[str]:
    reasons = [f"{test} stands in the source but was not collected" for test in missing[:5]]
    if session.deselected:
        reasons.append(f"{len(session.deselected)} tests were deselected, the first is {session.deselected[0]}")
    reasons += scan.flags
    reasons += [f"{name} is equal to whatever it is compared with" for name in session.equal]
    idle = sum(outcome in {Outcome.SKIPPED, Outcome.XFAIL} for outcome in outcomes)
    if idle > outcomes.count(Outcome.PASSED):
        reasons.append(f"{idle} of {len(outcomes)} tests are skipped or expected to fail")
    return reasons


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
    outcome = {_tag(name, secret): _outcome(session.phases.get(name, [])) for name in session.collected}
    unreadable = [error["id"] for error in session.errors]
    reasons = []
    for number in range(folders):
        for tag, wanted in (("p", Outcome.PASSED), ("f", Outcome.FAILED)):
            got = outcome.get(f"{number}{tag}")
            if got is not wanted and not (got is None and unreadable):
                reasons.append(f"a canary test came back {got or 'uncollected'}, expected {wanted}")
    return reasons


def _tag(name: str, secret: Secret) -> str:
    return name.rpartition(secret.canary)[2] if secret.canary in name else ""


def _outcome(phases: list[Record]) -> Outcome:
    by_phase = {phase["when"]: phase for phase in phases}
    if any(phase["outcome"] == "failed" for phase in phases):
        in_call = any(phase["outcome"] == "failed" and phase["when"] == "call" for phase in phases)
        return Outcome.FAILED if in_call else Outcome.ERROR
    if any(phase["xfail"] and phase["outcome"] == "skipped" for phase in phases):
        return Outcome.XFAIL
    if any(phase["outcome"] == "skipped" for phase in phases):
        return Outcome.SKIPPED
    return Outcome.PASSED if {"setup", "call", "teardown"} <= by_phase.keys() else Outcome.NOT_RUN


def _tests(session: Session, secret: Secret) -> tuple[Case, ...]:
    tests = [_collect_error(record) for record in session.errors if secret.canary not in record["id"]]
    tests += [Case(line(r["id"]), Outcome.SKIPPED, clean(r["message"], 300)) for r in session.skips]
    for name in session.collected:
        if secret.canary not in name:
            tests.append(_test(name, session.phases.get(name, []), hung=name == session.running and not session.ended))
    return tuple(tests)


def _test(name: str, phases: list[Record], *, hung: bool) -> Case:
    bad = next((phase for phase in phases if phase["outcome"] == "failed"), None)
    message = "still running when the time was up" if hung and not bad else ""
    return Case(
        id=line(name),
        outcome=_outcome(phases),
        message=clean(bad["message"], 3000) if bad else message,
        frames=_frames(bad["frames"]) if bad else (),
        output=clean(bad["output"], 1200) if bad else "",
        seconds=sum(phase["seconds"] for phase in phases),
    )


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
    excused = {t.id for t in tests if "::" not in t.id and t.outcome in {Outcome.ERROR, Outcome.SKIPPED}}
    return tuple(sorted(t for t in scan.tests - seen if not any(_covers(file, t) for file in excused)))


def _covers(excuse: str, test: str) -> bool:
    path = test.partition("::")[0]
    return path == excuse or path.startswith(excuse.rstrip("/") + "/") or excuse in {".", "pytest"}


def coverage_of(session: Session, is_test: Iterable[str]) -> Coverage | None:
    """Line coverage of the code under test; None when it was not measured."""
    tests = set(is_test)
    files = {path: row for path, row in session.files.items() if path not in tests}
    if not files:
        return None
    statements = sum(n for n, _, _ in files.values())
    missed = sum(m for _, _, m in files.values())
    return Coverage(statements - missed, statements, {p: tuple(lines) for p, (_, lines, _) in files.items() if lines})


_RUINED = ("empty", "full", "raise")
_INTERNAL_ERROR = 3
"""Of pytest: a hook of the project's that uses the code under test finds it broken."""


def with_vacuity(tested: SuiteRun, session: Session, secret: Secret) -> SuiteRun:
    """The verdict after the run with broken code."""
    passed = [test.id for test in tested.tests if test.outcome is Outcome.PASSED]
    runs = {line(name): modes for name, modes in session.broken_phases.items() if secret.canary not in name}
    idle = tuple(test for test in passed if _always_passes(runs.get(test, {})))
    empty = tuple(test for test in passed if test not in idle and _says_nothing(runs.get(test, {})))
    tested = replace(tested, vacuous=idle, empty=empty, broken=session.broken)
    if tested.verdict is not Verdict.PASS:
        return tested
    reasons = [what for test in passed for what in _unheard(test, runs.get(test, {}))]
    reasons += _escaped(session, [test for test in passed if test not in runs], len(passed))
    if session.broken:
        reasons += _too_few(len(passed), len(idle), len(empty))
    return replace(tested, verdict=Verdict.SUSPECT, reasons=tuple(reasons[:5])) if reasons else tested


def _unheard(test: str, modes: dict[str, list[Record]]) -> Iterator[str]:
    """Why the failures of a test are not to be seen."""
    for mode, what in (("raise", "the code that it calls raises"), ("fail", "its first assertion fails")):
        reached = any(phase["reached"] and phase["when"] == "call" for phase in modes.get(mode, []))
        if reached and _outcome(modes[mode]) is Outcome.PASSED and (mode == "fail" or _always_passes(modes)):
            yield f"{test} passes although {what}: something swallows its failures"
            return


def _escaped(session: Session, unseen: list[str], passed: int) -> Iterator[str]:
    """Why a run with broken code shows less than it should; tests that use the code at import cannot be collected."""
    if session.left and session.started:
        yield "the test runner was left early when the code under test was broken"
        return
    files = [error["id"] for error in session.errors]
    lost = [test for test in unseen if not any(_covers(file, test) for file in files)]
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
    ruined = [_outcome(phases) for mode, phases in modes.items() if mode in _RUINED]
    return "raise" in modes and all(outcome is Outcome.PASSED for outcome in ruined)


def _says_nothing(modes: dict[str, list[Record]]) -> bool:
    """Whatever the code gives back."""
    quiet = [_outcome(phases) for mode, phases in modes.items() if mode in {"empty", "full"}]
    return len(quiet) > 1 and all(outcome is Outcome.PASSED for outcome in quiet)
