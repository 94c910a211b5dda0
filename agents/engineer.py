"""Writes the program, and repairs it after each verification."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from agents.answers import Answer, Rejected, gate, read_reply, reask, saved_tests
from agents.base import Built, UnusableReply, Work
from agents.briefing import briefing, findings, listed, orders
from agents.context import answer_room
from agents.fixers import fix
from agents.outline import is_source, read_plan
from agents.plan import is_test
from agents.settled import settled
from agents.single_assertions import split_assertions
from agents.tiers import Profile, profile
from agents.verification.box import SandboxUnavailable
from agents.verification.evidence import Case
from agents.verification.report import read_score
from agents.verification.runner import Runner
from agents.verification.tree import SnapshotRefused
from agents.votes import outvoted
from providers import Completion, FinishReason, Message, Provider

AnswerFormat = Literal["fenced", "json"]

_ATTEMPTS = 3
_HOPE = 4.0
"""A score, 0-10."""
_CUT = frozenset({FinishReason.DEGENERATE, FinishReason.LENGTH})
_REPLY_SHOWN = 1500
"""Characters of a rejected reply that the model sees again: enough to know its mistake, too few to copy it."""

log = logging.getLogger(__name__)


class Engineer:
    """One call for a small plan, several for a large one; what was refused or is missing is asked for again, alone."""

    def __init__(
        self, provider: Provider, answer_format: AnswerFormat = "fenced", runner: Runner | None = None
    ) -> None:
        """Without a `runner` the drafts of small models do not vote on tests."""
        self._provider = provider
        self._format: AnswerFormat = answer_format
        self._runner = runner

    @property
    def provider(self) -> Provider:
        return self._provider

    async def run(self, work: Work) -> Built:
        """Raises UnusableReply when not one file could be read."""
        asked = profile(work.model.name)
        if not asked.invents and (tests := await self._outvoted(work) or await settled(work)):
            return Built(tests)
        if work.staged and asked.starts_afresh(work.iteration, work.fruitless, hopeful=_hopeful(work)):
            return await self._afresh(work)
        return await self._draft(work)

    async def _outvoted(self, work: Work) -> dict[str, str]:
        if (runner := self._runner) is None:
            return {}

        async def run(files: Mapping[str, str]) -> tuple[Case, ...]:
            return (await runner.tests(files, work.plan)).tested.tests

        try:
            return await outvoted(work, run)
        except (SandboxUnavailable, SnapshotRefused) as problem:
            log.info("%s: the drafts cannot vote: %s", work.project, problem)
            return {}

    async def _afresh(self, work: Work) -> Built:
        """A new draft that has not seen the old one; what a person edited stays, tests of the old draft go.

        It is put with another seed and more freedom than the first draft: asked the same, a model answers the same.
        """
        kept = {path: content for path, content in work.staged.items() if path in work.edited}
        built = await self._draft(replace(work, staged=kept, feedback="", report="", fruitless=work.fruitless + 1))
        stale = {path for path in work.staged.keys() - kept.keys() - built.files.keys() if is_test(path)}
        return replace(built, deleted=built.deleted | stale, afresh=True)

    async def _draft(self, work: Work) -> Built:
        draft = _Draft(work, self._format)
        for step in _steps(work, draft.profile):
            await draft.ask(step)
        if wanted := draft.wanted():
            await draft.ask(_missing(wanted, draft.rejected))
        elif draft.changes_nothing:
            await draft.ask(_OTHERWISE)
        return draft.built()


def _hopeful(work: Work) -> bool:
    """Whether the best program so far is near enough to right that a repair comes before another draft."""
    return (read_score(work.report) or 0.0) >= _HOPE


@dataclass(frozen=True)
class _Step:
    """One question to the model."""

    purpose: str
    orders: str
    task: str


def _steps(work: Work, profile: Profile) -> list[_Step]:
    if work.staged:
        return [_repair(work)]
    planned = _planned(work)
    if len(planned) <= profile.files_per_call:
        named = f": {listed(planned)}" if planned else ""
        return [_Step("build", "engineer", f"Now write all files, the tests too{named}.")]
    groups = _groups(planned, profile.files_per_call)
    return [_Step("build", "engineer", f"Now write {listed(group)}, no other file.") for group in groups]


def _planned(work: Work) -> list[str]:
    return [file.path for file in read_plan(work.plan) if is_source(file.path)]


def _groups(paths: Sequence[str], size: int) -> list[Sequence[str]]:
    """Programs before their tests, `size` at a time."""
    code = [path for path in paths if not is_test(path)]
    tests = [path for path in paths if is_test(path)]
    return [part[start : start + size] for part in (code, tests) for start in range(0, len(part), size)]


def _repair(work: Work) -> _Step:
    if findings(work):
        task = "Repair the program. Send only the files that change, each of them whole."
    else:
        task = "Bring the files in line with requirements and plan. Send each file that changes or is new, whole."
    return _Step("repair", "engineer_repair", task)


def _missing(paths: Sequence[str], rejected: Mapping[str, str]) -> _Step:
    name = "engineer_tests" if all(map(is_test, paths)) else "engineer"
    reasons = "".join(f"\n- {rejected[path]}" for path in paths if path in rejected)
    heard = f"\n\nYour last answer was not taken:{reasons}" if reasons else ""
    return _Step("missing", name, f"Write {listed(paths)}, whole, and no other file.{heard}")


_OTHERWISE = _Step(
    "otherwise",
    "engineer_repair",
    "Your last answer left every file as it was, so what was found is still wrong. Repair it in another way. "
    "Send only the files that change, each of them whole.",
)


@dataclass
class _Draft:
    """What has come together in one run."""

    work: Work
    answer_format: AnswerFormat
    files: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    kept_tests: set[str] = field(default_factory=set)
    """Test files that the last answer wanted away without others in their place: they stay."""
    rejected: dict[str, str] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def profile(self) -> Profile:
        return profile(self.work.model.name)

    @property
    def most_tokens(self) -> int:
        return min(self.profile.answer_tokens, self.work.model.max_output_tokens)

    @property
    def project(self) -> dict[str, str]:
        """Staging as it would be now."""
        merged = {**self.work.staged, **self.files}
        return {path: content for path, content in merged.items() if path not in self.deleted}

    @property
    def _known(self) -> set[str]:
        return {*self.work.sources, *self.work.staged, *_planned(self.work)}

    @property
    def changed(self) -> dict[str, str]:
        return {path: content for path, content in self.files.items() if self.work.staged.get(path) != content}

    @property
    def changes_nothing(self) -> bool:
        """A repair was read, and it repeats what is there, or only wants tests away: small models do that."""
        repairs = bool(findings(self.work)) and bool(self.files or self.kept_tests)
        return repairs and not self.changed and not self.deleted

    async def ask(self, step: _Step) -> None:
        """Put one question, and again with what was wrong while nothing of the answer can be used."""
        system = orders(step.orders, self.work, self.answer_format)
        model = self.work.model
        kept_free = min(self.most_tokens, model.context_tokens // 2)
        question = briefing(system, self.work, self.project, step.task, answer_tokens=kept_free)
        messages = question
        for attempt in range(_ATTEMPTS):
            completion = await model.complete(
                messages,
                purpose=step.purpose if attempt == 0 else "retry",
                max_output_tokens=answer_room(messages, model.context_tokens, self.most_tokens),
                temperature=self.profile.temperature(self.work.fruitless + attempt),
                seed=self._seed(attempt),
                thinking=False,
            )
            self.replies.append(completion.text)
            try:
                self.take(
                    read_reply(completion.text, finish=completion.finish, project=self.work.project, known=self._known)
                )
                return
            except Rejected as rejected:
                self.problem = rejected.sentence
                log.info("%s: the reply was not taken: %s", self.work.project, rejected)
                if saved := self._saved(completion, rejected):
                    self.rejected.update(dict.fromkeys(rejected.missing, rejected.sentence))
                    self.take(Answer(saved, frozenset(), "salvage"))
                    return
                noise = completion.finish is FinishReason.DEGENERATE
                messages = _shorter(question) if noise else _again(question, completion.text, rejected)

    def _saved(self, completion: Completion, rejected: Rejected) -> dict[str, str]:
        """What of a rejected reply is complete, and of one that was cut the tests before that."""
        tests = saved_tests(completion.text) if completion.finish in _CUT else {}
        cut = {path: content for path, content in tests.items() if is_test(path) and path not in self.work.edited}
        for path in cut:
            log.info("%s: %s was cut off; the tests that are whole stay", self.work.project, path)
        return {**rejected.salvage, **cut}

    def _seed(self, attempt: int) -> int | None:
        """Another one for every question that was put before; as the settings say for the first."""
        return 100 * self.work.iteration + len(self.replies) if attempt or self.work.fruitless else None

    def take(self, answer: Answer) -> None:
        """Mend what needs no model, and set aside each file that must not replace the old one."""
        self.deleted -= answer.files.keys()
        known = answer.deleted & (self.work.sources | self.work.staged.keys()) - self.work.edited
        self.kept_tests = set() if any(map(is_test, answer.files)) else set(filter(is_test, known))
        self.deleted |= known - self.kept_tests
        fixed = fix(answer.files, self.project)
        for path, content in (fixed if self.profile.invents else split_assertions(fixed)).items():
            if problem := gate(path, content, self.work.staged.get(path)):
                self.rejected[path] = problem
            else:
                self.files[path] = content
                self.rejected.pop(path, None)

    def wanted(self) -> list[str]:
        """Files to ask for again: refused ones, and planned ones that are nowhere. None after an unusable answer.

        While tests fail, the failures tell what is missing.
        """
        if not self.files and not self.rejected:
            return []
        planned = [] if findings(self.work) else _planned(self.work)
        missing = [path for path in planned if path not in self.project and path not in self.deleted]
        return list(dict.fromkeys([*self.rejected, *missing]))

    def built(self) -> Built:
        raw = "\n\n".join(self.replies)
        if not (self.files or self.deleted or self.kept_tests):
            reason = self.problem or "; ".join(self.rejected.values()) or "the answer holds no file"
            raise UnusableReply(f"All JSON parsing strategies failed: {reason}", raw)
        return Built(self.changed, frozenset(self.deleted), dict(self.rejected), raw)


def _shorter(question: Sequence[Message]) -> list[Message]:
    """Without the noise: a model that sees it goes on with it."""
    told = "Your last answer repeated itself without end. Write shorter files: at most 6 tests, each of a few lines."
    return [*question[:-1], Message("user", f"{question[-1].content}\n\n{told}")]


def _again(question: Sequence[Message], reply: str, rejected: Rejected) -> list[Message]:
    return [*question, Message("assistant", reply[:_REPLY_SHOWN] or "(nothing)"), Message("user", reask(rejected))]
