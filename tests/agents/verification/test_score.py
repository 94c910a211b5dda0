"""The score from evidence alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.verification.evidence import (
    Case,
    Coverage,
    Evidence,
    Finding,
    Outcome,
    Phase,
    Status,
    SuiteRun,
    Verdict,
    Weakening,
)
from agents.verification.examples import Example, ExampleResult
from agents.verification.review import Answer, Criterion, Review
from agents.verification.score import score

NONE = Review(unmeasured="not asked")
BUILT = (Phase("environment", Status.OK), Phase("build", Status.OK))


def cases(passed: int, failed: int = 0) -> tuple[Case, ...]:
    good = (Case(f"t.py::test_{n}", Outcome.PASSED) for n in range(passed))
    bad = (Case(f"t.py::test_bad_{n}", Outcome.FAILED) for n in range(failed))
    return (*good, *bad)


def evidence(verdict: Verdict = Verdict.PASS, passed: int = 4, failed: int = 0, **more: object) -> Evidence:
    base = Evidence("python", "bwrap", "keeps it in", BUILT, SuiteRun(verdict, cases(passed, failed)), lines=100)
    return replace(base, **more)  # type: ignore[arg-type]


def review(*met: bool | None) -> Review:
    return Review(tuple(Answer(Criterion(f"R{n}", "x"), value, "quote") for n, value in enumerate(met, 1)))


def example(*, passed: bool, advisory: bool = False) -> ExampleResult:
    return ExampleResult(Example(("python", "a.py"), name="a", advisory=advisory), passed)


PERFECT = evidence(coverage=Coverage(80, 100), findings=(), examples=(example(passed=True),))


def test_everything_measured_and_good_is_ten() -> None:
    result = score(PERFECT, review(True, True))
    assert (result.value, result.green, result.caps) == (10.0, True, ())


@pytest.mark.parametrize(
    ("coverage", "value"),
    [(Coverage(35, 91), 7.9), (Coverage(49, 100), 7.9), (Coverage(50, 100), 9.3), (Coverage(5, 19), 8.8)],
)
def test_a_program_of_which_tests_reach_less_than_half_is_not_done(coverage: Coverage, value: float) -> None:
    result = score(evidence(coverage=coverage), NONE)
    assert (result.value, result.green) == (value, value > 8)
    assert any("% of the statements" in cap.reason for cap in result.caps) is (value < 8)


def test_what_was_not_measured_is_left_out_and_the_rest_weighs_more() -> None:
    result = score(evidence(), NONE)
    assert result.value == 10.0
    assert [part.name for part in result.parts if part.value is None] == ["examples", "criteria", "coverage", "lint"]
    assert next(part for part in result.parts if part.name == "criteria").evidence == "not asked"


@pytest.mark.parametrize(
    ("found", "limit"),
    [
        (evidence(phases=(Phase("build", Status.FAILED),)), 2.0),
        (evidence(phases=(Phase("environment", Status.FAILED),)), 2.0),
        (evidence(Verdict.NO_TESTS, passed=0), 4.0),
        (evidence(Verdict.TAMPERED), 3.0),
        (evidence(Verdict.SUSPECT), 6.0),
        (evidence(Verdict.TIMEOUT), 6.0),
        (evidence(Verdict.LIMIT), 6.0),
        (evidence(Verdict.FAIL, passed=99, failed=1), 7.9),
        (evidence(examples=(example(passed=False), *[example(passed=True)] * 30)), 7.9),
        (evidence(weakened=(Weakening("t.py::test_a", "was deleted"),)), 6.0),
        (evidence(unkept=("Requirements and plan name the file reader.py, which is not there",)), 7.9),
    ],
)
def test_a_serious_defect_caps_the_score_whatever_else_is_good(found: Evidence, limit: float) -> None:
    found = replace(found, coverage=Coverage(100, 100), findings=())
    result = score(found, review(True, True, True))
    assert result.value == limit or (limit == 4.0 and result.value <= limit)
    assert not result.green
    assert any(cap.limit == limit for cap in result.caps)


@pytest.mark.parametrize("threshold", [1.0, 5.0, 8.0, 9.5, 10.0])
def test_a_failing_test_never_reaches_the_threshold(threshold: float) -> None:
    assert score(evidence(Verdict.FAIL, passed=999, failed=1), NONE, threshold).value < threshold


def test_an_advisory_example_counts_neither_way() -> None:
    result = score(evidence(examples=(example(passed=False, advisory=True),)), NONE)
    assert (result.value, result.green) == (10.0, True)


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.XFAIL])
def test_skipped_tests_show_nothing(outcome: Outcome) -> None:
    tests = (*cases(3, 0), Case("t.py::test_later", outcome))
    part = score(evidence(tested=SuiteRun(Verdict.PASS, tests)), NONE).parts[0]
    assert part.value == 0.75
    assert "1 skipped" in part.evidence


def test_tests_that_cannot_fail_do_not_count() -> None:
    tested = SuiteRun(Verdict.FAIL, cases(3, 1), vacuous=("t.py::test_0",), empty=("t.py::test_1",), broken=5)
    part = score(evidence(tested=tested), NONE).parts[0]
    assert part.value == 0.5
    assert "2 pass whatever the code does" in part.evidence


def test_a_test_that_was_not_collected_counts_as_failed() -> None:
    tested = SuiteRun(Verdict.SUSPECT, cases(1), missing=("t.py::test_gone",))
    assert score(evidence(tested=tested), NONE).parts[0].value == 0.5


def test_an_unproven_answer_is_left_out() -> None:
    part = score(evidence(), review(True, None, None)).parts[2]
    assert (part.value, part.evidence) == (1.0, "1 of 1 met, 2 unproven and left out")


def test_a_criterion_proven_unmet_is_not_green_but_no_cap() -> None:
    result = score(PERFECT, review(True, False))
    assert not result.green
    assert result.value == 9.2


def test_the_model_alone_cannot_pull_a_flawless_project_below_the_threshold() -> None:
    assert score(PERFECT, review(False, False, False)).value >= 8.0


@pytest.mark.parametrize(("covered", "value"), [(0, 0.0), (40, 0.5), (80, 1.0), (100, 1.0)])
def test_coverage_is_full_at_eighty_percent(covered: int, value: float) -> None:
    assert score(evidence(coverage=Coverage(covered, 100)), NONE).parts[3].value == value


def test_many_findings_cost_the_whole_lint_part() -> None:
    findings = tuple(Finding("a.py", n, "F401", "unused") for n in range(50))
    assert score(evidence(findings=findings), NONE).parts[4].value == 0.0


def test_the_same_evidence_gives_the_same_score() -> None:
    assert score(PERFECT, review(True)) == score(PERFECT, review(True))
