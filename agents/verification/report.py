"""Renders REPORT_iterN.md from evidence, and reads a score back from one that a person may have edited."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .evidence import Evidence, Outcome, Phase
from .examples import ExampleResult
from .feedback import failures, ranges
from .review import Review
from .score import Part, Score
from .text import count, cut, fence, inline, line, prose

_SCORE = re.compile(r"(?i)score[*_`:\s=]*(?:is\s+)?[*_`]*(-?\d+(?:[.,]\d+)?)[*_`\s]*/[*_`\s]*(\d+(?:\.\d+)?)")


def read_score(text: str) -> float | None:
    """The score on the first line that has one, for example `Score: 7.5/10` or `**Score:** 8 / 10`.

    None when no line has one, or when the first is not on the scale of 0 to 10: `85/100` is not ours to convert.
    """
    for row in text.splitlines():
        if found := _SCORE.search(row):
            value, scale = float(found[1].replace(",", ".")), float(found[2])
            return round(value, 1) if scale == 10 and 0 <= value <= 10 else None
    return None


def summary(evidence: Evidence) -> str:
    """One line for the console."""
    counts, tested = evidence.counts, evidence.tested
    total = sum(counts.values()) + len(tested.missing)
    parts = [f"{counts[Outcome.PASSED]} of {total} tests passed" if total else "no tests"]
    if failing := sum(result.failed for result in evidence.examples):
        parts.append(f"{failing} of {len(evidence.examples)} examples failed")
    elif evidence.examples:
        parts.append(f"{count(sum(r.passed for r in evidence.examples), 'example')} passed")
    if not evidence.builds:
        failed = next(p for p in evidence.phases if p.name in {"environment", "build"} and p.status == "failed")
        parts = [f"{failed.name} failed: {line(failed.summary, 120)}"]
    elif tested.verdict not in {"PASS", "FAIL", "NO_TESTS"}:
        parts.append(str(tested.verdict))
    if evidence.weakened:
        parts.append(f"{count(len({found.test for found in evidence.weakened}), 'test')} weakened or deleted")
    return ", ".join(parts)


def render(iteration: int, evidence: Evidence, review: Review, score: Score, threshold: float = 8.0) -> str:
    """The whole report."""
    sections = [
        f"# Report, iteration {iteration}: Score: {score.value:.1f}/10",
        f"{_sentence(prose(summary(evidence)))} Verdict of the test run: **{evidence.tested.verdict}**.",
        _next_step(score, evidence, threshold),
        _parts(score),
        *_phases(evidence),
        *_problems(evidence),
        *_tests(evidence),
        *_examples(evidence),
        *_remarks(evidence),
        _review(review),
        _method(evidence),
    ]
    return "\n\n".join(part for part in sections if part) + "\n"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _next_step(score: Score, evidence: Evidence, threshold: float) -> str:
    if score.value >= threshold:
        return f"The threshold of {threshold:g} is reached."
    reason = score.caps[0].reason if score.caps else _weakest(score.parts)
    advice = "".join(f"\n- {prose(item)}" for item in evidence.advice)
    return f"The threshold of {threshold:g} is not reached. Next: mend what comes first below ({reason}).{advice}"


def _weakest(parts: tuple[Part, ...]) -> str:
    measured = [part for part in parts if part.value is not None]
    worst = max(measured, key=lambda part: part.weight * (1 - (part.value or 0)), default=None)
    return f"{worst.name}: {worst.evidence}" if worst else "nothing could be measured"


def _parts(score: Score) -> str:
    rows = ["## How the score is made", "", "| part | weight | value | evidence |", "|---|---|---|---|"]
    for part in score.parts:
        value = "not measured, left out" if part.value is None else f"{10 * part.value:.1f}"
        rows.append(f"| {part.name} | {part.weight:g} | {value} | {_cell(part.evidence)} |")
    rows += ["", *(f"- At most {cap.limit:.1f}, because {line(cap.reason)}." for cap in score.caps)]
    return "\n".join(rows).rstrip()


def _cell(text: str) -> str:
    return prose(text, 200).replace("|", "\\|")


def _phases(evidence: Evidence) -> Iterator[str]:
    rows = ["## What was run", "", "| phase | result | exit code | seconds | command |", "|---|---|---|---|---|"]
    for phase in evidence.phases:
        command = inline(" ".join(phase.command), 200).replace("|", "\\|") if phase.command else ""
        code = "" if phase.exit_code is None else str(phase.exit_code)
        rows.append(
            f"| {phase.name} | {phase.status}: {_cell(phase.summary)} | {code} | {phase.seconds:.2f} | {command} |"
        )
    note = ""
    if (
        any(phase.name == "tests" and phase.exit_code == 1 for phase in evidence.phases)
        and evidence.language == "python"
    ):
        note = "\n\nA healthy run of pytest ends with exit code 1 here: one planted test must fail."
    yield "\n".join(rows) + note
    yield from (_output(phase) for phase in evidence.phases if phase.output and phase.name in {"environment", "build"})


def _output(phase: Phase) -> str:
    return f"### Output of the {phase.name} phase\n\n{fence(cut(phase.output, 2000))}"


def _problems(evidence: Evidence) -> Iterator[str]:
    shown = list(failures(evidence))
    reasons = [f"- {prose(reason)}" for reason in evidence.tested.reasons]
    reasons += [f"- {prose(sentence)}" for sentence in evidence.unkept[:20]]
    reasons += [f"- {inline(item.test)} {prose(item.what)}" for item in evidence.weakened[:20]]
    if shown or reasons:
        yield "\n\n".join(["## What is wrong", *(["\n".join(reasons)] if reasons else []), *shown])
    output = next((p.output for p in evidence.phases if p.name == "tests"), "")
    if not evidence.tested.tests and output:
        yield f"### Output of the tests\n\n{fence(cut(output, 2000))}"


def _tests(evidence: Evidence) -> Iterator[str]:
    tests = evidence.tested.tests
    if not tests:
        return
    rows = [f"- {test.outcome}: {inline(test.id)} ({test.seconds:.2f} s)" for test in tests[:100]]
    rows += [f"- and {len(tests) - 100} more"] if len(tests) > 100 else []
    rows += [f"- not collected: {inline(name)}" for name in evidence.tested.missing[:20]]
    yield "## Tests\n\n" + "\n".join(rows)


def _examples(evidence: Evidence) -> Iterator[str]:
    for title, stated in (("Stated in the requirements", True), ("Written before the code", False)):
        if results := [result for result in evidence.examples if result.example.stated is stated]:
            yield f"## Examples: {title.lower()}\n\n" + "\n".join(map(_example, results))


def _example(result: ExampleResult) -> str:
    held_back = " (not shown to the Engineer)" if result.example.held_back else ""
    problem = f": {prose(result.problem, 500)}" if result.problem else ""
    problem += f"; tried in {line(result.example.tried)}" if result.example.tried else ""
    note = f" ({prose(result.note)})" if result.note else ""
    name = f"{inline(result.example.name)} {prose(result.example.requirement, 20)}".rstrip()
    return f"- {_example_word(result)}: {name}{held_back}{problem}{note}"


def _example_word(result: ExampleResult) -> str:
    if result.passed:
        return "as expected"
    return "FAILS" if result.failed else "not as was guessed, does not count"


def _remarks(evidence: Evidence) -> Iterator[str]:
    rows = [f"- passes with all code broken: {inline(name)}" for name in evidence.tested.vacuous[:20]]
    rows += [f"- passes whatever the code gives back: {inline(name)}" for name in evidence.tested.empty[:20]]
    if evidence.coverage:
        rows += [
            f"- {inline(p)}: lines {ranges(n)} are not reached" for p, n in list(evidence.coverage.missing.items())[:10]
        ]
    rows += [f"- {inline(f.path)}:{f.line}: {f.code} {prose(f.message)}" for f in (evidence.findings or ())[:10]]
    rows += [f"- {prose(note)}" for note in evidence.notes[:20]]
    if rows:
        yield "## Remarks\n\n" + "\n".join(rows)


def _review(review: Review) -> str:
    if not review.answers:
        return f"## Review by the model\n\nNone: {prose(review.unmeasured or 'it was not asked')}."
    words = {True: "met", False: "NOT met", None: "unproven, left out"}
    rows = [
        f"- {words[a.met]}: {a.criterion.id}: {prose(a.criterion.text)}"
        + (f"; quoted: {inline(a.quote)}" if a.quote else "")
        for a in review.answers
    ]
    by = f"By {prose(review.model)} ({prose(review.provider)}). " if review.model else ""
    return (
        f"## Review by the model\n\n{by}An answer counts only when its quotation stands in the files or the output.\n\n"
        + "\n".join(rows)
    )


def _method(evidence: Evidence) -> str:
    text = (
        f"## Sandbox\n\n{evidence.sandbox}: {line(evidence.sandbox_description, 400)}. Total {evidence.seconds:.2f} s."
    )
    left_out = [f"- {name}: {prose(reason)}" for name, reason in sorted(evidence.unmeasured.items())]
    return text + ("\n\nNot measured:\n" + "\n".join(left_out) if left_out else "")
