"""What was found out about one snapshot, as values; nothing here runs, judges a model or computes a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .examples import ExampleResult


class Verdict(StrEnum):
    """What the test run says, worst news first when several apply."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    TAMPERED = "TAMPERED"
    """The run contradicts itself: a result was changed, or the runner was left early with a good exit code."""
    SUSPECT = "SUSPECT"
    """All green, but something in the project could have made it so."""
    NO_TESTS = "NO_TESTS"
    TIMEOUT = "TIMEOUT"
    LIMIT = "LIMIT"
    """Memory, output or the report went over its bound."""
    NOT_RUN = "NOT_RUN"
    """It does not build, or nothing here can test it."""


class Status(StrEnum):
    """How a phase went."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Phase:
    """One step of a verification, as it was run."""

    name: str
    status: Status
    summary: str = ""
    command: tuple[str, ...] = ()
    exit_code: int | None = None
    """None when no process ran, or it was ended."""
    seconds: float = 0.0
    output: str = ""
    """Cleaned and cut."""


class Outcome(StrEnum):
    """What became of one test."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """A module that could not be collected, or a fixture that raised."""
    SKIPPED = "skipped"
    XFAIL = "xfail"
    NOT_RUN = "not run"


BAD = frozenset({Outcome.FAILED, Outcome.ERROR, Outcome.NOT_RUN})


@dataclass(frozen=True)
class Frame:
    """One place in the project's code that a traceback went through."""

    path: str
    line: int
    function: str
    source: str = ""
    """The lines around it, numbered, the line itself marked."""


@dataclass(frozen=True)
class Case:
    """One test, or a test file that could not be collected (`error`)."""

    id: str
    outcome: Outcome
    message: str = ""
    """The exception with its assertion diff."""
    frames: tuple[Frame, ...] = ()
    """Innermost last: the test's own line, and the innermost line of code under test."""
    output: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Coverage:
    """Lines of the code under test that ran."""

    covered: int
    statements: int
    missing: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def percent(self) -> float:
        return 100.0 * self.covered / self.statements if self.statements else 100.0


@dataclass(frozen=True)
class Finding:
    """One remark of a linter."""

    path: str
    line: int
    code: str
    message: str


@dataclass(frozen=True)
class Weakening:
    """A test that says less than it did in the best iteration so far."""

    test: str
    what: str


@dataclass(frozen=True)
class SuiteRun:
    """What came of the test suite."""

    verdict: Verdict
    tests: tuple[Case, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why the verdict is TAMPERED, SUSPECT, FAIL without a failing test, TIMEOUT or LIMIT."""
    missing: tuple[str, ...] = ()
    """Tests that stand in the source but were not collected."""
    vacuous: tuple[str, ...] = ()
    """Tests that pass although all code under test is broken."""
    empty: tuple[str, ...] = ()
    """Tests that call the code, and pass whatever it gives back: they only notice when it raises."""
    broken: int = 0
    """How many functions the vacuity run broke; 0 when it was not run."""

    @property
    def is_sound(self) -> bool:
        """It came to its end, and its results can be believed, whatever they say."""
        return self.verdict in {Verdict.PASS, Verdict.FAIL}


@dataclass(frozen=True)
class Evidence:
    """Everything the score and the report are made of."""

    language: str
    sandbox: str
    sandbox_description: str
    phases: tuple[Phase, ...] = ()
    tested: SuiteRun = SuiteRun(Verdict.NOT_RUN)
    coverage: Coverage | None = None
    findings: tuple[Finding, ...] | None = None
    """None: not measured."""
    lines: int = 0
    """Lines of code under test, to weigh the findings."""
    examples: tuple[ExampleResult, ...] = ()
    weakened: tuple[Weakening, ...] = ()
    unkept: tuple[str, ...] = ()
    """What the requirements ask for by name and the project does not have: sentences, see promised.py."""
    advice: tuple[str, ...] = ()
    """What would mend it, as far as our code can tell: a dependency that no manifest names."""
    notes: tuple[str, ...] = ()
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    """Part -> why it could not be measured."""
    seconds: float = 0.0

    @property
    def builds(self) -> bool:
        """Environment and build phases went well."""
        return not any(p.status is Status.FAILED for p in self.phases if p.name in {"environment", "build"})

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(test.outcome for test in self.tested.tests)

    @property
    def passed(self) -> frozenset[str]:
        return frozenset(t.id for t in self.tested.tests if t.outcome is Outcome.PASSED)

    @property
    def failed(self) -> frozenset[str]:
        """Ids of tests and examples that did not pass, and of tests that were not collected."""
        bad = {t.id for t in self.tested.tests if t.outcome in BAD}
        return frozenset(bad | set(self.tested.missing) | {e.id for e in self.examples if e.failed})
