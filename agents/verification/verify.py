"""From a snapshot to evidence: the phases in order, each in the sandbox. Computes no score and asks no model."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agents.languages import Bench, Language, Languages, Linted, Prepared, Suite

from .box import Sandbox
from .channel import Secret
from .earlier import broken_promises
from .evidence import Evidence, Outcome, Phase, Status, SuiteRun, Verdict, Weakening
from .examples import Call, Check, ExampleResult
from .examples_judged import asked, judge, judge_call
from .examples_text import read_examples
from .groups import task_group
from .integrity import compare
from .power import lost_power
from .settings import VerificationSettings
from .tree import MAX_CODE, Tree, read_tree, snapshot

_NETWORK = re.compile(r"\b(?:import socket|http\.server|socketserver|localhost|127\.0\.0\.1|\bManager\(\))")


@dataclass(frozen=True)
class Subject:
    """What is verified, and what it is held against."""

    root: Path
    """A snapshot that nothing else writes to."""
    plan: str = ""
    acceptance: str = ""
    """ACCEPTANCE.md: checks that were written before the code."""
    previous_tests: Mapping[str, str] = field(default_factory=dict)
    previous_passed: frozenset[str] = frozenset()


async def verify(
    subject: Subject, sandbox: Sandbox, settings: VerificationSettings, languages: Languages | None = None
) -> Evidence:
    """Run everything that can be run. Raises SandboxUnavailable; a bad project is evidence, not an error."""
    started = time.monotonic()
    tree = await asyncio.to_thread(read_tree, subject.root)
    bench = Bench(subject.root, tree, sandbox, settings)
    language = (languages or Languages(settings)).of(tree)
    prepared = _too_large(tree, language) or await language.prepare(bench)
    evidence = Evidence(
        language=language.name,
        sandbox=sandbox.name,
        sandbox_description=sandbox.description,
        phases=(prepared.phase,),
        advice=prepared.advice,
        notes=(*prepared.notes, *_limits_of(sandbox, tree)),
        lines=_lines(tree, language),
        weakened=await asyncio.to_thread(compare, subject.previous_tests, tree.texts, subject.previous_passed),
    )
    if prepared.phase.status is Status.FAILED:
        evidence = _not_run(evidence)
    else:
        evidence = await _examine(evidence, subject, bench, language, prepared)
        evidence = await _held_against(evidence, subject, bench, language, prepared)
    return replace(evidence, seconds=time.monotonic() - started)


def _too_large(tree: Tree, language: Language) -> Prepared | None:
    size = sum(len(text) for path, text in tree.texts.items() if language.is_code(path))
    if size <= MAX_CODE:
        return None
    summary = (
        f"{size} characters of source code are more than the {MAX_CODE} that are examined: move data to other files"
    )
    return Prepared(Phase("environment", Status.FAILED, summary))


def _lines(tree: Tree, language: Language) -> int:
    """Lines of code under test."""
    code = [text for path, text in tree.texts.items() if language.is_code(path) and not language.is_test(path)]
    return sum(text.count("\n") + 1 for text in code)


def _limits_of(sandbox: Sandbox, tree: Tree) -> tuple[str, ...]:
    """What this sandbox does not let honest code do."""
    if sandbox.network == "none" and any(_NETWORK.search(text) for text in tree.texts.values()):
        return (f"the sandbox {sandbox.name} has no network at all, so tests with a server on this machine fail in it",)
    return ()


def _not_run(evidence: Evidence) -> Evidence:
    reason = "the environment could not be prepared"
    skipped = tuple(Phase(name, Status.SKIPPED, reason) for name in ("build", "tests", "lint", "examples"))
    parts = dict.fromkeys(("tests", "coverage", "lint", "examples"), reason)
    return replace(evidence, phases=(*evidence.phases, *skipped), tested=SuiteRun(Verdict.NOT_RUN), unmeasured=parts)


async def _examine(
    evidence: Evidence, subject: Subject, bench: Bench, language: Language, prepared: Prepared
) -> Evidence:
    async with task_group() as group:
        suite_task = group.create_task(language.test(bench, prepared))
        lint_task = group.create_task(_lint(bench, language, prepared))
        examples_task = group.create_task(_examples(subject, bench, language, prepared))
    suite, linted, (results, problems, phase) = suite_task.result(), lint_task.result(), examples_task.result()
    return replace(
        evidence,
        phases=(*evidence.phases, *suite.phases, linted.phase, phase),
        tested=suite.tested,
        coverage=None if "coverage" in suite.unmeasured else suite.coverage,
        findings=linted.findings,
        examples=results,
        notes=(*evidence.notes, *problems),
        unmeasured=_unmeasured(suite, linted, phase),
    )


async def _held_against(
    evidence: Evidence, subject: Subject, bench: Bench, language: Language, prepared: Prepared
) -> Evidence:
    """With the tests that only pass because they were changed, and, where all is well, those that notice less."""
    if not evidence.builds:
        return evidence
    texts, passed = subject.previous_tests, subject.previous_passed
    idle = {test.id for test in evidence.tested.tests if test.outcome in {Outcome.SKIPPED, Outcome.XFAIL}}
    weakened = [
        *evidence.weakened,
        *(Weakening(test, "passed before and is skipped now") for test in sorted(passed & idle)),
    ]
    weakened += await broken_promises(texts, passed - evidence.failed, bench, language, prepared)
    if bench.settings.vacuity and evidence.tested.verdict is Verdict.PASS and not (weakened or evidence.failed):
        found = await lost_power(texts, evidence.tested, bench, language, prepared)
        if found is None:
            reason = "there was not time enough to see whether they still notice what they noticed before"
            evidence = replace(evidence, unmeasured={**evidence.unmeasured, "changed tests": reason})
        weakened += found or ()
    return replace(evidence, weakened=tuple(weakened))


def _unmeasured(suite: Suite, linted: Linted, examples: Phase) -> dict[str, str]:
    parts = dict(suite.unmeasured)
    if linted.findings is None:
        parts["lint"] = linted.phase.summary
    if examples.status is Status.SKIPPED:
        parts["examples"] = examples.summary
    return parts


async def _lint(bench: Bench, language: Language, prepared: Prepared) -> Linted:
    if not bench.settings.lint:
        return Linted(Phase("lint", Status.SKIPPED, "switched off"), None)
    return await language.lint(bench, prepared)


async def _examples(
    subject: Subject, bench: Bench, language: Language, prepared: Prepared
) -> tuple[tuple[ExampleResult, ...], tuple[str, ...], Phase]:
    planned, problems = read_examples(subject.plan)
    accepted, more = read_examples(subject.acceptance, "ACCEPTANCE.md")
    examples, problems = (*planned, *accepted), (*problems, *more)
    if not examples:
        return (), problems, Phase("examples", Status.SKIPPED, "there are none that can be run")
    started = time.monotonic()
    results = [await _example(example, bench, language, prepared) for example in examples]
    good = sum(result.passed for result in results)
    status = Status.FAILED if any(result.failed for result in results) else Status.OK
    summary = f"{good} of {len(results)} as expected"
    return tuple(results), problems, Phase("examples", status, summary, seconds=time.monotonic() - started)


async def _example(example: Check, bench: Bench, language: Language, prepared: Prepared) -> ExampleResult:
    job = replace(
        language.program(example.run, bench, prepared),
        source=bench.root,
        limits=bench.limits(bench.settings.example_timeout),
    )
    if isinstance(example, Call):
        secret = Secret.fresh()
        modules = f"{prepared.environment}/node_modules" if prepared.environment else ""
        ran = await bench.sandbox.run(replace(job, secret=secret.message(asked(example, modules))))
        return judge_call(example, ran, secret.key)
    job = replace(job, stdin=example.stdin.encode())
    if not example.files:
        return judge(example, await bench.sandbox.run(job))
    with tempfile.TemporaryDirectory(prefix="tumbler-example-") as folder:
        try:
            await asyncio.to_thread(_with_files, bench.root, Path(folder), example.files)
        except OSError as error:
            return ExampleResult(example, passed=False, problem=f"its files cannot be laid out: {error.strerror}")
        return judge(example, await bench.sandbox.run(replace(job, source=Path(folder))))


def _with_files(root: Path, folder: Path, files: Mapping[str, str]) -> None:
    """A copy of the snapshot with an example's input files; the snapshot has no links, so neither has the copy."""
    snapshot(root, folder)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
