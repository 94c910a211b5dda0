"""The score: one pure function from evidence and review to a number from 0 to 10, its parts and its bounds.

A part that could not be measured is left out and the others weigh more. Caps are not averaged away: what does not
build is worth 2.0 at most, what has no tests 4.0, and nothing that fails, was tampered with or was weakened reaches
the threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .evidence import Evidence, Outcome, Verdict
from .review import Review
from .text import count

THRESHOLD = 8.0
"""What is accepted unless a project says otherwise."""
MAX_BUILD_FAILED = 2.0
MAX_NO_TESTS = 4.0
MAX_TAMPERED = 3.0
MAX_DOUBTFUL = 6.0
"""Suspect results, weakened tests, a test run that was ended: the tests may say nothing."""
MAX_FAILING = 7.9
CRITERIA_WEIGHT = 1.5
"""A reviewer's "not met" lowers the score and caps nothing, however proven its quotation: the quotation shows that the
passage exists, not that the conclusion is right. Models up to 4 billion parameters are not even asked while tests fail.
For larger ones two independent answers could cap; that is left until it is measured how often they are right, since a
wrong cap holds a right project back in every round, while a missing feature is what acceptance checks are for.
"""
LEAST_COVERAGE = 50.0
"""Percent of lines below which the tests say too little: whole parts of the program have never run."""
SMALL = 20
"""Statements of a program for which one line more or less decides; no such bound is set there."""
GOOD_COVERAGE = 80.0
"""Percent of lines at which the part is full: beyond it, tests are written for the number."""


@dataclass(frozen=True)
class Part:
    """One share of the score."""

    name: str
    weight: float
    value: float | None
    """0 to 1; None: not measured."""
    evidence: str


@dataclass(frozen=True)
class Cap:
    """The score is at most `limit`, because of `reason`."""

    limit: float
    reason: str


@dataclass(frozen=True)
class Score:
    """How good an iteration is."""

    value: float
    """0 to 10, one decimal."""
    parts: tuple[Part, ...]
    caps: tuple[Cap, ...]
    green: bool
    """It builds, there are tests, and every test, example and proven criterion holds."""


def score(evidence: Evidence, review: Review, threshold: float = THRESHOLD) -> Score:
    """Equal evidence gives an equal score. `threshold` is what a failing project must stay below."""
    parts = (_tests(evidence), _examples(evidence), _criteria(review), _coverage(evidence), _lint(evidence))
    caps = tuple(_caps(evidence, below=max(0.0, round(threshold - 0.1, 1))))
    value = min((_weighted(parts), *(cap.limit for cap in caps)))
    holds = all(answer.met for answer in review.proven)
    return Score(round(value, 1), parts, caps, green=not caps and holds)


def _weighted(parts: tuple[Part, ...]) -> float:
    measured = [part for part in parts if part.value is not None]
    weight = sum(part.weight for part in measured)
    return 10 * sum(part.weight * (part.value or 0.0) for part in measured) / weight if weight else 0.0


def _tests(evidence: Evidence) -> Part:
    tested, counts = evidence.tested, evidence.counts
    if tested.verdict is Verdict.NOT_RUN:
        return Part("tests", 4.5, 0.0, "not run")
    idle = len(tested.vacuous) + len(tested.empty)
    good = counts[Outcome.PASSED] - idle
    skipped = counts[Outcome.SKIPPED] + counts[Outcome.XFAIL]
    bad = counts[Outcome.FAILED] + counts[Outcome.ERROR] + counts[Outcome.NOT_RUN] + len(tested.missing)
    if good + bad + skipped == 0:
        good = counts[Outcome.PASSED]
    value = good / (good + bad + skipped) if good + bad + skipped else 0.0
    said = f"{counts[Outcome.PASSED]} of {len(tested.tests) + len(tested.missing)} passed"
    said += f"; {skipped} skipped or expected to fail, which show nothing" if skipped else ""
    said += f"; {idle} pass whatever the code does and do not count" if idle else ""
    return Part("tests", 4.5, value, said)


def _examples(evidence: Evidence) -> Part:
    binding = [result for result in evidence.examples if not result.example.advisory]
    if not binding:
        why = evidence.unmeasured.get("examples", "the plan has only advisory ones")
        return Part("examples", 2.5, None, why)
    good = sum(result.passed for result in binding)
    return Part("examples", 2.5, good / len(binding), f"{good} of {len(binding)} as expected")


def _criteria(review: Review) -> Part:
    if not review.proven:
        return Part(
            "criteria",
            CRITERIA_WEIGHT,
            None,
            review.unmeasured or "no answer came with a quotation that could be found",
        )
    met = sum(answer.met is True for answer in review.proven)
    unproven = len(review.answers) - len(review.proven)
    said = f"{met} of {len(review.proven)} met" + (f", {unproven} unproven and left out" if unproven else "")
    return Part("criteria", CRITERIA_WEIGHT, met / len(review.proven), said)


def _coverage(evidence: Evidence) -> Part:
    covered = evidence.coverage
    if covered is None:
        return Part("coverage", 1.0, None, evidence.unmeasured.get("coverage", "not measured"))
    said = f"{covered.percent:.0f} % of {covered.statements} statements; {GOOD_COVERAGE:.0f} % is full marks"
    return Part("coverage", 1.0, min(1.0, covered.percent / GOOD_COVERAGE), said)


def _lint(evidence: Evidence) -> Part:
    if evidence.findings is None:
        return Part("lint", 0.5, None, evidence.unmeasured.get("lint", "not measured"))
    found = len(evidence.findings)
    allowed = max(10.0, evidence.lines / 10)
    return Part(
        "lint", 0.5, max(0.0, 1 - found / allowed), f"{count(found, 'finding')} in {count(evidence.lines, 'line')}"
    )


def _caps(evidence: Evidence, below: float) -> Iterator[Cap]:
    tested, counts = evidence.tested, evidence.counts
    if not evidence.builds:
        yield Cap(min(MAX_BUILD_FAILED, below), "it does not build")
    match tested.verdict:
        case Verdict.TAMPERED:
            yield Cap(min(MAX_TAMPERED, below), "the test run was tampered with")
        case Verdict.NO_TESTS:
            yield Cap(min(MAX_NO_TESTS, below), "there are no tests that ran")
        case Verdict.SUSPECT:
            yield Cap(min(MAX_DOUBTFUL, below), "the test results cannot be relied on")
        case Verdict.TIMEOUT | Verdict.LIMIT:
            yield Cap(min(MAX_DOUBTFUL, below), "the test run had to be ended")
        case Verdict.FAIL | Verdict.NOT_RUN if evidence.builds or counts:
            bad = counts[Outcome.FAILED] + counts[Outcome.ERROR] + counts[Outcome.NOT_RUN]
            none = tested.verdict is Verdict.FAIL and not counts[Outcome.PASSED] and not bad
            reason = f"{count(bad, 'test')} did not pass" if bad else "the tests did not run to their end"
            yield Cap(min(MAX_NO_TESTS if none else MAX_FAILING, below), reason)
    if failing := sum(result.failed for result in evidence.examples):
        yield Cap(min(MAX_FAILING, below), f"{count(failing, 'example')} of the plan failed")
    covered = evidence.coverage
    if covered and covered.statements >= SMALL and covered.percent < LEAST_COVERAGE:
        said = f"tests reach {covered.percent:.0f} % of the statements, and {LEAST_COVERAGE:.0f} % is the least"
        yield Cap(min(MAX_FAILING, below), said)
    if evidence.unkept:
        yield Cap(min(MAX_FAILING, below), _in_short(evidence.unkept))
    if evidence.weakened:
        tests = {found.test for found in evidence.weakened}
        yield Cap(min(MAX_DOUBTFUL, below), f"{count(len(tests), 'test')} deleted or weakened")


def _in_short(sentences: tuple[str, ...]) -> str:
    more = f", and {len(sentences) - 1} more like that" if len(sentences) > 1 else ""
    return f"{sentences[0][:1].lower()}{sentences[0][1:]}{more}"
