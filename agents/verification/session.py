"""What a trusted runner told, sorted by what it says. Nothing is judged here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .box import Ended, Ran
from .channel import Record, Secret, read_records
from .evidence import Coverage, Outcome


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
    asked: bool = False
    """Tests were made to fail on demand."""
    equal: list[str] = field(default_factory=list)
    """Classes that are equal to things that differ from each other."""
    changed: list[str] = field(default_factory=list)
    """What the project changed in the machinery that tests it, in words."""
    guarded: frozenset[str] = frozenset()
    """Files whose tests begin with an assertion that fails when it is told to."""
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
            session.broken, session.asked = record["count"], True
            session.guarded = frozenset(record.get("guarded", ()))
        case "changed":
            session.changed.append(record["what"])
        case "equal":
            session.equal = record["classes"]
        case "start":
            session.started = True
        case "end":
            session.ended = True
        case "returned":
            session.returned = record["code"]


def outcome_of(phases: list[Record]) -> Outcome:
    by_phase = {phase["when"]: phase for phase in phases}
    if any(phase["outcome"] == "failed" for phase in phases):
        in_call = any(phase["outcome"] == "failed" and phase["when"] == "call" for phase in phases)
        return Outcome.FAILED if in_call else Outcome.ERROR
    if any(phase["xfail"] and phase["outcome"] == "skipped" for phase in phases):
        return Outcome.XFAIL
    if any(phase["outcome"] == "skipped" for phase in phases):
        return Outcome.SKIPPED
    return Outcome.PASSED if {"setup", "call", "teardown"} <= by_phase.keys() else Outcome.NOT_RUN


def covers(excuse: str, test: str) -> bool:
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
