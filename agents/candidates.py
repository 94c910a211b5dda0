"""Lets a small model write its program several times over, and takes the one that runs best.

Of what one answer costs on a small machine most is reading the question, and a server that has just read it writes the
next answer at once: a second program takes a fraction of another iteration. Which one is right nobody needs to guess.
The user's own examples tell, then the tests that the model writes for the first of them, and of those tests, what the
programs agree on (`votes`). Programs of earlier iterations take part in that: tests come and go, and a right program
that failed a wrong test may pass the next ones.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.base import Work
from agents.draft import Draft
from agents.engineer_steps import Step
from agents.plan import is_test
from agents.verification.box import SandboxUnavailable
from agents.verification.evidence import Evidence
from agents.verification.feedback import feedback
from agents.verification.tree import SnapshotRefused
from agents.votes import VOTES, Files, Run, outvoted

ENOUGH = VOTES
"""Programs that are written in any case; more only while none gives what the user's examples say."""
MOST_WRITTEN = 4000
"""Characters of all programs together after which no more is begun: about a minute on two cores."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What running a program showed."""

    builds: bool
    examples: tuple[bool, ...]
    """Whether each holds, of those that are no secret."""
    tests: int
    """How many pass."""

    @classmethod
    def of(cls, evidence: Evidence) -> Result:
        known = (each for each in evidence.examples if not (each.example.held_back or each.example.advisory))
        return cls(evidence.builds, tuple(each.passed for each in known), len(evidence.passed))

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The larger, the better; tests count among programs that hold as many examples."""
        return self.builds, sum(self.examples), self.tests


@dataclass(frozen=True)
class Candidate:
    """A new program."""

    draft: Draft
    whole: bool
    """All files came that were asked for, and none was refused."""
    result: Result | None
    """None when it is not whole, or could not be run."""

    @property
    def rank(self) -> tuple[bool, tuple[bool, int, int]]:
        return self.whole, self.result.rank if self.result else (False, 0, 0)

    @property
    def keeps_its_word(self) -> bool:
        """It ran, and all examples hold; also when there are none."""
        return self.result is not None and all(self.result.examples)


async def candidates(work: Work, step: Step, answer_format: str, run: Run) -> list[Candidate]:
    """Programs that answer `step`, the best first."""
    tried: list[Candidate] = []
    while not tried or _goes_on(tried):
        draft = Draft(work, answer_format, number=len(tried))
        await draft.ask(replace(step, purpose="candidate") if tried else step)
        whole = set(step.paths) <= draft.files.keys() and not draft.rejected
        evidence = await _ran(work, run, draft.project) if whole else None
        tried.append(Candidate(draft, whole, Result.of(evidence) if evidence else None))
    best = max(tried, key=lambda candidate: candidate.rank)
    log.info("%s: took the program of answer %d of %d", work.project, best.draft.number + 1, len(tried))
    return [best, *(each for each in tried if each is not best)]


def _goes_on(tried: Sequence[Candidate]) -> bool:
    last, most = tried[-1], tried[-1].draft.profile.candidates
    written = sum(len(reply) for candidate in tried for reply in candidate.draft.replies)
    if written >= MOST_WRITTEN or (last.whole and last.result is None):
        return False
    return len(tried) < ENOUGH or (len(tried) < most and not any(each.keeps_its_word for each in tried))


async def agree(tried: Sequence[Candidate], run: Run) -> None:
    """Put into the first draft, whose tests are written, the program that passes most of them.

    Of the tests it fails, those are corrected that the programs outvote.
    """
    draft = tried[0].draft
    work, tests = draft.work, {path: text for path, text in draft.project.items() if is_test(path)}
    programs = [each.draft.project for each in tried if each.result]
    if not (tests and programs):
        return
    ran = [(files, await _ran(work, run, _with(files, tests, work))) for files in (*programs, *work.drafts)]
    tested = [(files, evidence) for files, evidence in ran if evidence]
    if not tested:
        return
    best, evidence = max(tested, key=lambda each: Result.of(each[1]).rank)
    if all(best is not files for files in programs):
        log.info("%s: a program of an earlier iteration passes more of the new tests", work.project)
    draft.files.update(_with(best, tests, work))
    if evidence.failed:
        examples = Result.of(evidence).examples
        drafts = tuple(files for files, other in tested if files is not best and Result.of(other).examples == examples)
        failing = replace(work, staged=draft.project, feedback=feedback(evidence), drafts=drafts)
        draft.files.update(await outvoted(failing, run))


def _with(files: Files, tests: Files, work: Work) -> dict[str, str]:
    """The program among `files` with other tests; what a person edited is as it is now."""
    program = {path: text for path, text in files.items() if not is_test(path)}
    return {**program, **tests, **work.staged}


async def _ran(work: Work, run: Run, files: Files) -> Evidence | None:
    try:
        return await run(files)
    except (SandboxUnavailable, SnapshotRefused) as problem:
        log.info("%s: a program cannot be run to see how good it is: %s", work.project, problem)
        return None
