"""Sums up what a trusted runner reported as phases of a report."""

from __future__ import annotations

from collections import Counter

from agents.verification.box import Ended, Ran
from agents.verification.evidence import Phase, Status, SuiteRun, Verdict
from agents.verification.session import Session
from agents.verification.settings import VerificationSettings
from agents.verification.source import Scan
from agents.verification.text import clean, count, line

BROKEN_SECONDS = 60.0
"""At most for the run with broken code, in which some tests wait for ever; without its end nothing is concluded."""
PATIENCE = 4.0
"""How many times as long as the first run the one may take in which each test has to fail.

Should it not end, the project is doubted, and a busy machine must not be the reason."""


def suite_seconds(settings: VerificationSettings, broken: str, took: float) -> float:
    """How long the test suite may take; `broken` is what is broken in it, `took` the seconds of the run before."""
    if broken == "all":
        return min(settings.test_timeout, BROKEN_SECONDS)
    return max(settings.test_timeout, PATIENCE * took)


def build_phase(session: Session) -> Phase:
    """Whether every file compiles."""
    if not session.syntax:
        return Phase("build", Status.OK, "all files compile")
    first = session.syntax[0]
    text = "\n".join(
        clean(f"{r['path']}:{r['line']}: {r['message']}\n    {r['source']}", 600) for r in session.syntax[:5]
    )
    return Phase("build", Status.FAILED, line(f"{first['path']}:{first['line']}: {first['message']}"), output=text)


def test_phase(ran: Ran, tested: SuiteRun, scanned: Scan, command: tuple[str, ...]) -> Phase:
    """The test run in a line; its output is kept when all is not well."""
    counts = Counter(test.outcome for test in tested.tests)
    summary = ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())) or "no tests ran"
    good = tested.verdict is Verdict.PASS
    return Phase(
        "tests",
        Status.OK if good else Status.FAILED,
        f"{tested.verdict}: {summary}; {count(len(scanned.tests), 'test function')} in the source",
        command,
        ran.exit_code if ran.ended is Ended.EXITED else None,
        ran.seconds,
        "" if good else clean(ran.output, 3000),
    )
