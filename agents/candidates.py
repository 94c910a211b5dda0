"""Lets a small model write its program several times over, and takes the one that runs best.

Of what one answer costs on a small machine most is reading the question, and a server that has just read it writes the
next answer at once: a second program takes a fraction of another iteration. Which one is right nobody needs to guess.
The user's own examples tell, then the tests that the model writes for the first of them, and of those tests, what the
programs agree on (`votes`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.base import Work
from agents.draft import Draft
from agents.engineer_steps import Step, planned_files
from agents.plan import is_test
from agents.programs import Files, kind, program_of
from agents.verification.box import SandboxUnavailable
from agents.verification.evidence import Evidence
from agents.verification.feedback import feedback
from agents.verification.tree import SnapshotRefused
from agents.votes import VOTES, Run, outvoted
from providers import estimate_tokens

MOST_WRITTEN = 2500
"""Characters of all programs together after which no more is begun: about 40 seconds on two cores."""
LEAST_ROOM = 512
"""Tokens that every program after the first may take: the first one can be a stub."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What running a program showed."""

    builds: bool
    examples: tuple[bool, ...]
    """Whether each holds, of those that are no secret."""
    tests: int
    """How many pass, in a run that nothing is wrong with."""

    @classmethod
    def of(cls, evidence: Evidence) -> Result:
        known = (each for each in evidence.examples if not (each.example.held_back or each.example.advisory))
        tests = len(evidence.passed) if evidence.tested.is_sound else 0
        return cls(evidence.builds, tuple(each.passed for each in known), tests)

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The larger, the better; tests count among programs that hold as many examples."""
        return self.builds, sum(self.examples), self.tests


@dataclass(frozen=True)
class Candidate:
    """One answer to the question for the program."""

    draft: Draft
    program: Files
    whole: bool
    """All files came that were asked for, and none was refused."""
    result: Result | None
    """None when it is not whole, or could not be run."""

    @property
    def rank(self) -> tuple[bool, tuple[bool, int, int]]:
        return self.whole, self.result.rank if self.result else (False, 0, 0)

    @property
    def keeps_its_word(self) -> bool:
        """It builds, and all examples hold; also when there are none."""
        return self.result is not None and self.result.builds and all(self.result.examples)


async def candidates(work: Work, step: Step, answer_format: str, run: Run) -> list[Candidate]:
    """Answers to `step`, the best first. Tests among them are left out: these must not choose what they came with."""
    tried: list[Candidate] = []
    while not tried or _goes_on(tried):
        draft = Draft(work, answer_format, number=len(tried))
        await (draft.ask(_once_more(step, tried[0]), attempts=1) if tried else draft.ask(step))
        draft.files = program_of(draft.files)
        whole = set(step.paths) <= draft.files.keys() and not draft.rejected
        evidence = await _ran(work, run, draft.files) if whole else None
        tried.append(Candidate(draft, dict(draft.files), whole, Result.of(evidence) if evidence else None))
    best = max(tried, key=lambda candidate: candidate.rank)
    log.info("%s: took the program of answer %d of %d", work.project, tried.index(best) + 1, len(tried))
    best.draft.number = 0  # what it asks from now on is asked once
    return [best, *(each for each in tried if each is not best)]


def _once_more(step: Step, first: Candidate) -> Step:
    """The same question; an answer twice as long as the first one is hardly another program, and is not waited for."""
    twice = 2 * sum(estimate_tokens(reply) for reply in first.draft.replies)
    return replace(step, purpose="candidate", most_tokens=max(LEAST_ROOM, twice))


def _goes_on(tried: Sequence[Candidate]) -> bool:
    """While there are too few different programs to vote, or none does what the user's examples say."""
    last, most = tried[-1], tried[-1].draft.profile.candidates
    written = sum(len(reply) for candidate in tried for reply in candidate.draft.replies)
    said_nothing = not (last.draft.files or last.draft.rejected)
    if len(tried) >= most or written >= MOST_WRITTEN or said_nothing or (last.whole and last.result is None):
        return False
    different = {kind(each.program) for each in tried if each.whole}
    return len(different) < VOTES or not any(each.keeps_its_word for each in tried)


async def agree(tried: Sequence[Candidate], run: Run) -> None:
    """Put into the first draft, to which tests have come, the program that passes most of them.

    Of the tests it fails, those are corrected that the programs outvote.
    """
    draft, work = tried[0].draft, tried[0].draft.work
    came = {path: text for path, text in draft.files.items() if is_test(path) or _is_news(path, text, tried[0])}
    programs = [each.program for each in tried if each.result] if any(map(is_test, came)) else []
    ran = [(program, await _ran(work, run, {**program, **came})) for program in programs]
    tested = [(program, evidence) for program, evidence in ran if evidence]
    if not tested:
        return
    best, evidence = max(tested, key=lambda each: Result.of(each[1]).rank)
    draft.files = {**best, **came}
    if evidence.failed:
        drafts = (*(program for program, _ in tested if program is not best), *work.drafts)
        failing = replace(work, staged=draft.files, feedback=feedback(evidence), drafts=drafts)
        draft.files |= await outvoted(failing, run)


def _is_news(path: str, text: str, first: Candidate) -> bool:
    """Whether it came with the tests, and is no part of the program that was asked for."""
    return path not in planned_files(first.draft.work) and first.program.get(path) != text


async def _ran(work: Work, run: Run, files: Files) -> Evidence | None:
    try:
        return await run(files)
    except (SandboxUnavailable, SnapshotRefused) as problem:
        log.info("%s: a program cannot be run to see how good it is: %s", work.project, problem)
        return None
