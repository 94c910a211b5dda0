"""What an Engineer's answers come to: files that were taken, refused or are still missing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.answers import Answer, Rejected, gate, read_reply, reask, saved_tests
from agents.base import Built, UnusableReply, Work
from agents.briefing import briefing, findings, orders
from agents.context import answer_room
from agents.engineer_steps import Step, planned_files
from agents.fixers import fix
from agents.plan import is_test
from agents.single_assertions import split_assertions
from agents.tiers import Profile, profile
from providers import Completion, FinishReason, Message

_ATTEMPTS = 3
_CUT = frozenset({FinishReason.DEGENERATE, FinishReason.LENGTH})
_TESTS_BEGIN = ("### FILE: test",)
"""A small model goes on with the tests when it has written the program, whatever it is asked for."""
_REPLY_SHOWN = 1500
"""Characters of a rejected reply that the model sees again: enough to know its mistake, too few to copy it."""

log = logging.getLogger(__name__)


@dataclass
class Draft:
    """What has come together in one run."""

    work: Work
    answer_format: str
    number: int = 0
    """Of several drafts for one question."""
    files: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    kept_tests: set[str] = field(default_factory=set)
    """Test files that the last answer wanted away without others in their place: they stay."""
    rejected: dict[str, str] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def profile(self) -> Profile:
        return profile(self.work.model)

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
        return {*self.work.sources, *self.work.staged, *planned_files(self.work)}

    @property
    def changed(self) -> dict[str, str]:
        return {path: content for path, content in self.files.items() if self.work.staged.get(path) != content}

    @property
    def changes_nothing(self) -> bool:
        """A repair was read, and it repeats what is there, or only wants tests away: small models do that."""
        repairs = bool(findings(self.work)) and bool(self.files or self.kept_tests)
        return repairs and not self.changed and not self.deleted

    async def ask(self, step: Step, attempts: int = _ATTEMPTS) -> None:
        """Put one question, and again with what was wrong while nothing of the answer can be used.

        What an earlier answer gave already is not asked for.
        """
        if step.paths and self.files.keys() >= set(step.paths):
            return
        system = orders(step.orders, self.work, self.answer_format, tests=not step.only_code)
        kept_free = min(self.most_tokens, self.work.model.context_tokens // 2)
        question = briefing(system, self.work, self.project, self._task(step), answer_tokens=kept_free)
        messages = question
        for attempt in range(attempts):
            completion = await self._answer(messages, step, attempt)
            rejected = self._read(completion)
            if rejected is None:
                return
            noise = completion.finish is FinishReason.DEGENERATE
            messages = _shorter(question) if noise else _again(question, completion.text, rejected)

    def _task(self, step: Step) -> str:
        fenced = self.answer_format == "fenced"
        return f"{step.task} Begin with `### FILE: {step.begins}`." if step.begins and fenced else step.task

    async def _answer(self, messages: Sequence[Message], step: Step, attempt: int) -> Completion:
        model = self.work.model
        most = min(self.most_tokens, step.most_tokens or self.most_tokens)
        completion = await model.complete(
            messages,
            purpose=step.purpose if attempt == 0 else "retry",
            max_output_tokens=answer_room(messages, model.context_tokens, most),
            temperature=self.profile.temperature(self.work.fruitless + self.number + attempt),
            seed=self._seed(attempt),
            thinking=False,
            stop=self._stops(step),
        )
        self.replies.append(completion.text)
        return completion

    def _stops(self, step: Step) -> tuple[str, ...]:
        """Where the answer has all that was asked for."""
        named_like_tests = any(path.startswith("test") for path in step.paths)
        apart = step.only_code and self.profile.test_tokens is not None
        return _TESTS_BEGIN if apart and self.answer_format == "fenced" and not named_like_tests else ()

    def _read(self, completion: Completion) -> Rejected | None:
        """Take what of the reply can be used; why, when nothing can."""
        project = self.work.project
        try:
            self.take(read_reply(completion.text, finish=completion.finish, project=project, known=self._known))
        except Rejected as rejected:
            self.problem = rejected.received
            log.info("%s: the reply was not taken: %s", project, rejected.received)
            saved = self._saved(completion, rejected)
            if not saved:
                return rejected
            self.rejected.update(dict.fromkeys(rejected.missing, rejected.sentence))
            self.take(Answer(saved, frozenset(), "salvage"))
        return None

    def _saved(self, completion: Completion, rejected: Rejected) -> dict[str, str]:
        """What of a rejected reply is complete, and of one that was cut the tests before that."""
        tests = saved_tests(completion.text) if completion.finish in _CUT else {}
        cut = {path: content for path, content in tests.items() if is_test(path) and path not in self.work.edited}
        for path in cut:
            log.info("%s: %s was cut off; the tests that are whole stay", self.work.project, path)
        return {**rejected.salvage, **cut}

    def _seed(self, attempt: int) -> int | None:
        """Another one for every question that was put before; as the settings say for the first."""
        if not (attempt or self.number or self.work.fruitless):
            return None
        return 100 * self.work.iteration + 10 * self.number + len(self.replies)

    def take(self, answer: Answer) -> None:
        """Mend what needs no model, and set aside each file that must not replace the old one."""
        self.deleted -= answer.files.keys()
        known = answer.deleted & (self.work.sources | self.work.staged.keys()) - self.work.edited
        self.kept_tests = set() if any(map(is_test, answer.files)) else set(filter(is_test, known))
        self.deleted |= known - self.kept_tests
        whole = all(is_test(path) or path in {**self.project, **answer.files} for path in planned_files(self.work))
        fixed = fix(answer.files, self.project, self.work.requirements if whole else None)
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
        planned = [] if findings(self.work) else planned_files(self.work)
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
