"""Lets a small model write its program several times over, and takes the one that runs best.

Of what one answer costs on a small machine most is reading the question, and a server that has just read it writes the
next answer at once: a second program takes a fraction of another iteration. Which one is right nobody needs to guess.
The user's own examples tell, then the tests that the model writes for the first of them, and of those tests what the
programs agree on (`votes`).
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
class Candidate:
    """A program, and what running it showed."""

    draft: Draft
    whole: bool
    """All files came that were asked for, and none was refused."""
    evidence: Evidence | None
    """None when it is not whole, or could not be run."""

    @property
    def program(self) -> dict[str, str]:
        return {path: text for path, text in self.draft.project.items() if not is_test(path)}

    @property
    def examples(self) -> int:
        """How many examples hold, of those that are no secret."""
        return sum(self._examples)

    @property
    def keeps_its_word(self) -> bool:
        """It ran, and all examples hold; also when there are none."""
        return self.evidence is not None and all(self._examples)

    @property
    def rank(self) -> tuple[bool, bool, int, int]:
        """The larger, the better; tests count among programs that hold as many examples."""
        if self.evidence is None:
            return self.whole, False, 0, 0
        return True, self.evidence.builds, self.examples, len(self.evidence.passed)

    @property
    def _examples(self) -> list[bool]:
        results = self.evidence.examples if self.evidence else ()
        return [each.passed for each in results if not (each.example.held_back or each.example.advisory)]


async def candidates(work: Work, step: Step, answer_format: str, run: Run) -> list[Candidate]:
    """Programs that answer `step`, the best first."""
    tried: list[Candidate] = []
    while not tried or _goes_on(tried):
        draft = Draft(work, answer_format, number=len(tried))
        await draft.ask(replace(step, purpose="candidate") if tried else step)
        whole = set(step.paths) <= draft.files.keys() and not draft.rejected
        tried.append(Candidate(draft, whole, await _ran(work, run, draft.project) if whole else None))
    best = max(tried, key=lambda candidate: candidate.rank)
    log.info("%s: took the program of answer %d of %d", work.project, best.draft.number + 1, len(tried))
    return [best, *(each for each in tried if each is not best)]


def _goes_on(tried: Sequence[Candidate]) -> bool:
    last, most = tried[-1], tried[-1].draft.profile.candidates
    written = sum(len(reply) for candidate in tried for reply in candidate.draft.replies)
    if written >= MOST_WRITTEN or (last.whole and last.evidence is None):
        return False
    return len(tried) < ENOUGH or (len(tried) < most and not any(each.keeps_its_word for each in tried))


async def agree(tried: Sequence[Candidate], run: Run) -> None:
    """Put into the first draft, whose tests are written, the program that passes most of them.

    Of the tests it fails, those are corrected that the programs outvote.
    """
    draft = tried[0].draft
    tests = {path: text for path, text in draft.project.items() if is_test(path)}
    if not tests:
        return
    tested = [replace(c, evidence=await _ran(draft.work, run, c.program | tests)) for c in tried if c.evidence]
    if not tested:
        return
    best = max(tested, key=lambda candidate: candidate.rank)
    draft.files.update(best.program)
    if best.evidence is None or not best.evidence.failed:
        return
    others = [each.program for each in tested if each is not best and each.examples == best.examples]
    drafts = (*others, *draft.work.drafts)
    failing = replace(draft.work, staged=draft.project, feedback=feedback(best.evidence), drafts=drafts)
    draft.files.update(await outvoted(failing, run))


async def _ran(work: Work, run: Run, files: Files) -> Evidence | None:
    try:
        return await run(files)
    except (SandboxUnavailable, SnapshotRefused) as problem:
        log.info("%s: a program cannot be run to see how good it is: %s", work.project, problem)
        return None
