"""What the Engineer is told: the causes first, few failures, each with what was expected, what came and where."""

from __future__ import annotations

from collections.abc import Iterator

from .evidence import BAD, Case, Evidence, Frame, Outcome, Status
from .examples import Call, ExampleResult
from .review import Review
from .text import cut, fence, inline, prose

MAX_FAILURES = 5
MAX_CHARACTERS = 6000
"""About 2,000 tokens."""


def feedback(evidence: Evidence, review: Review | None = None) -> str:
    """Markdown of at most about 2,000 tokens; empty when there is nothing to mend. Whole items only."""
    kept: list[str] = []
    room = MAX_CHARACTERS
    left_out = 0
    for item in _items(evidence, review):
        if len(item) <= room:
            kept.append(item)
            room -= len(item) + 2
        else:
            left_out += 1
    if left_out:
        kept.append(f"({left_out} more problems are left out; mend these first.)")
    return "\n\n".join(kept)


def _items(evidence: Evidence, review: Review | None) -> Iterator[str]:
    yield from _build(evidence)
    yield from (f"- {prose(advice)}" for advice in evidence.advice)
    yield from (f"- {prose(sentence)}" for sentence in evidence.unkept[:5])
    yield from failures(evidence)
    yield from _doubts(evidence)
    if review is not None:
        unmet = [answer for answer in review.proven if not answer.met]
        yield from (
            f"- Not met: {a.criterion.id}: {prose(a.criterion.text)}\n  The reviewer points at {inline(a.quote)}"
            for a in unmet
        )
    yield from _hints(evidence)


def _build(evidence: Evidence) -> Iterator[str]:
    for phase in evidence.phases:
        if phase.status is Status.FAILED and phase.name in {"environment", "build"}:
            detail = "\n" + fence(cut(phase.output, 1500)) if phase.output else ""
            yield f"### The {phase.name} phase failed: {prose(phase.summary)}{detail}"


def failures(evidence: Evidence) -> Iterator[str]:
    """At most 5 failing tests and examples."""
    ordered = failing(evidence)
    examples = [result for result in evidence.examples if result.failed]
    share = MAX_FAILURES - min(len(examples), 2 if ordered else MAX_FAILURES)
    yield from map(_test, ordered[:share])
    yield from map(_example, examples[: MAX_FAILURES - min(share, len(ordered))])
    if (rest := ordered[share:]) and len(rest) <= 30:
        yield "Also not passing: " + ", ".join(inline(test.id, 80) for test in rest)
    elif rest:
        yield f"Also not passing: {len(rest)} more tests"


def failing(evidence: Evidence) -> list[Case]:
    """Collection errors first, then one failure of each cause, then the rest."""
    tests = sorted((t for t in evidence.tested.tests if t.outcome in BAD), key=_urgency)
    first = list({_cause(test): test for test in reversed(tests)}.values())[::-1]
    return [*first, *(t for t in tests if t not in first)]


def _urgency(test: Case) -> int:
    return {Outcome.ERROR: 0, Outcome.FAILED: 1}.get(test.outcome, 2)


def _cause(test: Case) -> str:
    """Failures with the same innermost line of code, or the same message, most likely have one cause."""
    frame = test.frames[-1] if test.frames else None
    return f"{frame.path}:{frame.line}" if frame else test.message.partition("\n")[0]


def _test(test: Case) -> str:
    verb = {Outcome.ERROR: "could not be set up or collected", Outcome.NOT_RUN: "did not run"}.get(
        test.outcome, "fails"
    )
    parts = [f"### {inline(test.id, 120)} {verb}"]
    if test.message:
        parts.append(fence(cut(test.message, 900)))
    parts += [_frame(frame) for frame in test.frames[-2:]]
    if test.output.strip():
        parts.append("It printed:\n" + fence(cut(test.output.strip(), 700)))
    return "\n".join(parts)


def _frame(frame: Frame) -> str:
    place = f"{inline(frame.path)}, line {frame.line}, in {inline(frame.function)}:"
    return f"{place}\n{fence(cut(frame.source, 600))}" if frame.source else place


def _example(result: ExampleResult) -> str:
    example = result.example
    if example.held_back:
        wanted = f" for {prose(example.requirement, 20)}" if example.requirement else ""
        return f"### A check{wanted} that is not shown fails: read again what the requirements say there"
    if isinstance(example, Call):
        return _call(example, result)
    parts = [
        f"### Example {inline(example.name)} fails: {prose(result.problem)}",
        f"Command: {inline(' '.join(example.run), 300)}",
    ]
    if example.stdin:
        parts.append("Input:\n" + fence(cut(example.stdin, 300)))
    if example.stdout is not None:
        parts.append("Expected on stdout:\n" + fence(cut(example.stdout, 400)))
    parts.append("Got:\n" + fence(cut(result.stdout, 400)))
    if result.errors.strip() and result.errors.strip() != result.stdout.strip():
        parts.append("All output:\n" + fence(cut(result.errors[-700:], 700)))
    return "\n".join(parts)


def _call(call: Call, result: ExampleResult) -> str:
    before = "".join(f"{statement}\n" for statement in call.setup)
    return "\n".join(
        [
            f"### A call into {inline(call.path)} fails:",
            fence(cut(before + call.call, 600)),
            f"Expected: it {'' if call.raises else 'returns '}{inline(call.expected, 400)}",
            f"Got: it {inline(result.stdout, 400)}",
        ]
    )


def _doubts(evidence: Evidence) -> Iterator[str]:
    yield from (f"- {prose(reason)}" for reason in evidence.tested.reasons[:5])
    yield from (f"- {inline(item.test)} {prose(item.what)}; put it back as it was" for item in evidence.weakened[:5])


def _hints(evidence: Evidence) -> Iterator[str]:
    if evidence.tested.vacuous:
        names = ", ".join(inline(name, 80) for name in evidence.tested.vacuous[:5])
        yield f"- These tests pass even when all code is broken, so they test nothing: {names}"
    if evidence.tested.empty:
        names = ", ".join(inline(name, 80) for name in evidence.tested.empty[:5])
        yield f"- These tests pass whatever the code gives back; assert the expected results in them: {names}"
    if evidence.coverage and evidence.coverage.percent < 80:
        for path, lines in list(evidence.coverage.missing.items())[:5]:
            yield f"- {inline(path)}: no test reaches lines {ranges(lines)}"
    for finding in (evidence.findings or ())[:5]:
        yield f"- {inline(finding.path)}:{finding.line}: {finding.code} {prose(finding.message)}"


def ranges(lines: tuple[int, ...]) -> str:
    """`1-3, 7` for (1, 2, 3, 7); at most 12 ranges."""
    found: list[list[int]] = []
    for number in sorted(lines):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in found[:12]]
    return ", ".join(shown) + (" ..." if len(found) > 12 else "")
