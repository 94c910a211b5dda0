"""Builds and tests what the Engineer wrote, asks the model about each criterion, and writes the report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from agents.answers import Rejected, fenced, read_json
from agents.base import AgentError, Built, Verified, Work
from agents.bisection import better_part
from agents.context import Section, answer_room, fit, room
from agents.outline import read_plan
from agents.plan import is_test
from agents.prompts import prompt
from agents.tiers import profile
from agents.trial import amended, doubtful, tried
from agents.verification.box import Sandbox
from agents.verification.cause import cause
from agents.verification.evidence import BAD, Evidence, Verdict
from agents.verification.examples_text import read_examples
from agents.verification.feedback import failures, feedback
from agents.verification.promised import unkept
from agents.verification.report import render, summary
from agents.verification.review import Answer, Criterion, Review, criteria_of, read_answers, schema
from agents.verification.runner import Runner
from agents.verification.score import score
from agents.verification.settings import VerificationSettings
from agents.verification.tree import SnapshotRefused
from agents.verification.verify import Subject
from providers import Message, Provider

_TOKENS_PER_ANSWER = 110
_TEMPERATURES = (0.0, 0.4)
_TESTS_NAMED = 40


class Verifier:
    """Evidence first, then one model call. The number is computed from both by `score`."""

    def __init__(
        self,
        provider: Provider,
        settings: VerificationSettings | None = None,
        *,
        threshold: float = 8.0,
        sandbox: Sandbox | None = None,
        slots: asyncio.Semaphore | None = None,
    ) -> None:
        """`threshold` is what a failing project stays below; `sandbox` is chosen at the first run when None.

        `slots` bounds how many projects are built and tested at once on this machine; None: any number.
        """
        self._provider = provider
        self._threshold = threshold
        self._runner = Runner(settings, sandbox, slots)

    @property
    def provider(self) -> Provider:
        return self._provider

    async def run(self, work: Work) -> Verified | Built:
        """The verdict; or what must be put back first, because only a part of this round is good.

        Raises SandboxUnavailable and ProviderError, after both of which the same work can be done again.
        """
        evidence = _held_to_its_word(work, await self._evidence(work))
        if part := await self._better_part(work, evidence):
            return part
        evidence, acceptance = await _tried(work, evidence)
        review = await self._review(work, evidence)
        result = score(evidence, review, self._threshold)
        return Verified(
            report=render(work.iteration, evidence, review, result, self._threshold),
            score=result.value,
            green=result.green,
            passed=evidence.passed,
            failed=evidence.failed,
            feedback=feedback(evidence, review),
            summary=summary(evidence),
            cause=cause(evidence),
            sandbox=evidence.sandbox,
            acceptance=acceptance,
        )

    async def _evidence(self, work: Work) -> Evidence:
        if work.snapshot is None:
            raise AgentError(f"{work.project}: there is no snapshot of 03_staging to verify")
        before = {path: text for path, text in work.previous_tests.items() if path not in work.edited}
        subject = Subject(work.snapshot, work.plan, work.acceptance, before, work.previous_passed)
        try:
            return await self._runner.evidence(subject)
        except SnapshotRefused as refused:
            raise AgentError(str(refused)) from refused

    async def _better_part(self, work: Work, evidence: Evidence) -> Built | None:
        best, now = work.previous_tests, work.staged
        if any(best.get(path) != now.get(path) for path in work.edited):
            return None  # what a person wrote is not put back

        async def passing(files: Mapping[str, str]) -> frozenset[str]:
            return (await self._runner.tests(files, work.plan)).passed

        return await better_part(best, now, work.previous_passed, evidence.passed, passing)

    async def _review(self, work: Work, evidence: Evidence) -> Review:
        """The model's answers; a project that does not build has nothing to review."""
        criteria = criteria_of(work.plan, work.requirements)
        if not evidence.builds:
            return Review(unmeasured="the model was not asked, because the project does not build")
        if not criteria:
            return Review(unmeasured="there are no criteria to check")
        asked = profile(work.model)
        if not asked.judges:
            return Review(unmeasured="so small a model is not asked, as its answers to this could not be used")
        if not (evidence.tested.verdict is Verdict.PASS or asked.invents):
            return Review(unmeasured="so small a model is only asked when all tests pass")
        return await _ask(work, evidence, criteria)


def _held_to_its_word(work: Work, evidence: Evidence) -> Evidence:
    """With what the requirements ask for by name and the project does not have."""
    planned = [file.path for file in read_plan(work.plan) if not is_test(file.path)]
    return replace(evidence, unkept=tuple(unkept(work.requirements, planned, work.sources | work.staged.keys())))


async def _tried(work: Work, evidence: Evidence) -> tuple[Evidence, str]:
    """The evidence after the trials that are due, and ACCEPTANCE.md when one of them changed it."""
    checks, _ = read_examples(work.acceptance, "ACCEPTANCE.md")
    due = doubtful(checks, evidence.failed, work.failed_before)
    if not due:
        return evidence, ""
    verdicts = await tried(work, due)
    results = tuple(replace(r, example=verdicts.get(r.example.id, r.example)) for r in evidence.examples)
    return replace(evidence, examples=results), amended(work.acceptance, work.project, verdicts)


async def _ask(work: Work, evidence: Evidence, criteria: tuple[Criterion, ...]) -> Review:
    """Asked again once when the answer cannot be read; then there is no review, which the report says."""
    messages, shown = briefing(work, evidence, criteria)
    first, problem = messages, ""
    for temperature in _TEMPERATURES:
        completion = await work.model.complete(
            messages,
            purpose="retry" if problem else "review",
            schema=schema(criteria),
            max_output_tokens=answer_room(messages, work.model.context_tokens, _answer_tokens(work, criteria)),
            temperature=temperature,
            thinking=False,
        )
        read = _read(completion.text, completion.finish, criteria, shown)
        if not isinstance(read, str):
            return Review(read, provider=completion.provider, model=completion.model)
        problem = read
        said = Message("assistant", completion.text[:800] or "(nothing)")
        messages = [*first, said, Message("user", f"{problem} Answer with the JSON object only.")]
    return Review(unmeasured=f"the model gave no answer that can be read, also when asked again ({problem})")


def _read(text: str, finish: str, criteria: tuple[Criterion, ...], shown: str) -> tuple[Answer, ...] | str:
    try:
        content = read_json(text, finish=finish)
    except Rejected as rejected:
        return rejected.sentence
    return read_answers(content, criteria, shown)


def _answer_tokens(work: Work, criteria: tuple[Criterion, ...]) -> int:
    return min(100 + _TOKENS_PER_ANSWER * len(criteria), work.model.max_output_tokens)


def briefing(work: Work, evidence: Evidence, criteria: tuple[Criterion, ...]) -> tuple[list[Message], str]:
    """The prompt, and the part of it that may be quoted: files and test results, whole, as far as they fit."""
    system = prompt("verifier")
    results = Section("Test results", _results(evidence), rank=1)
    files = [_file(path, content, evidence) for path, content in sorted(work.staged.items())]
    sections = [
        Section("Requirements", work.requirements),
        *files,
        results,
        Section("Acceptance criteria", "\n".join(f"- {criterion.id}: {criterion.text}" for criterion in criteria)),
        Section("Task", "Answer for each acceptance criterion. JSON only."),
    ]
    tokens = room(system, work.model.context_tokens, _answer_tokens(work, criteria))
    fitted = fit(sections, tokens)
    shown = [section.text for section in (*files, results) if section.title not in fitted.left_out]
    return [Message("system", system), Message("user", fitted.text)], "\n".join(shown)


def _file(path: str, content: str, evidence: Evidence) -> Section:
    """What failures point at comes first, then code, then tests, then the rest."""
    pointed = {frame.path for test in evidence.tested.tests if test.outcome in BAD for frame in test.frames}
    rank = 2 if path in pointed else 5
    if path.endswith((".py", ".js", ".mjs", ".cjs", ".ts")):
        rank = min(rank, 4 if "test" in path.lower() else 3)
    return Section(f"File {path}", fenced(path, content).partition("\n")[2].rstrip(), rank)


def _results(evidence: Evidence) -> str:
    rows = [f"Verdict: {evidence.tested.verdict}. {summary(evidence)}."]
    rows += [f"- {test.outcome}: {test.id}" for test in evidence.tested.tests[:_TESTS_NAMED]]
    rows += [
        f"- example {result.example.name}: {'passed' if result.passed else result.problem}"
        for result in evidence.examples
    ]
    return "\n".join([*rows, "", *failures(evidence)])
