"""Lets independent drafts vote on the failing tests of a small model.

Such a model computes badly in its head and better in code: what several different programs give that it wrote without
seeing one another is better evidence than the value it put into a test. A test is corrected when enough of them agree
against it and none with it. When a draft passes a test of its own that the program fails, the drafts do not agree, and
no test is corrected; nor when so many tests fail that little else is left, or the program fails an example. What the
user's own examples say is not voted on, and who fails them has no vote.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from agents.base import Work
from agents.programs import Files, kind, program_of, tests_of
from agents.rivals import rivals
from agents.settled import Disputed, corrected, disputed, got_of, stated_result
from agents.verification.box import SandboxUnavailable
from agents.verification.earlier import breaks_promise
from agents.verification.evidence import BAD, Case, Evidence, Outcome
from agents.verification.examples_judged import same
from agents.verification.tree import SnapshotRefused

VOTES = 3
"""Drafts that must agree, the program's own one with them."""
SHARE = 4
"""At most one test in so many may fail: of a few tests, drafts that share a mistake would leave none to show it."""

Run = Callable[[Files], Awaitable[Evidence]]
"""Runs the tests among the files, and the examples. Raises SandboxUnavailable and SnapshotRefused."""

log = logging.getLogger(__name__)


async def outvoted(work: Work, run: Run) -> dict[str, str]:
    """Path -> test file with the expectations that the drafts agree on.

    Empty when they do not agree, are too few, or one of them cannot be run.
    """
    try:
        return await _outvoted(work, run)
    except (SandboxUnavailable, SnapshotRefused) as problem:
        log.info("%s: the drafts cannot vote: %s", work.project, problem)
        return {}


async def _outvoted(work: Work, run: Run) -> dict[str, str]:
    disputes = [dispute for dispute in disputed(work) if stated_result(work, dispute) is None]
    voters = (*work.drafts, *rivals(work)) if disputes else ()
    if len({kind(work.staged), *map(kind, voters)}) < VOTES:
        return {}
    if not _nearly_right(await run(work.staged)):
        return {}
    agreed, supported, counted = Counter(disputes), set[Disputed](), {kind(work.staged)}
    for draft in voters:
        if await _contradicts(work.staged, draft, run):
            return {}
        evidence = await run(program_of(draft) | tests_of(work.staged))
        cases = {case.id: case for case in evidence.tested.tests}
        supported.update(dispute for dispute in disputes if _passes(cases.get(dispute.test)))
        if kind(draft) not in counted and _may_vote(evidence):
            counted.add(kind(draft))
            agreed.update(dispute for dispute in disputes if _agrees(dispute, cases.get(dispute.test)))
    lost = [dispute for dispute in disputes if agreed[dispute] >= VOTES and dispute not in supported]
    for dispute in lost:
        log.info("%s: %d drafts agree against %s: %s", work.project, agreed[dispute], dispute.test, dispute.corrected)
    return corrected(work.staged, lost)


def _may_vote(evidence: Evidence) -> bool:
    """Whether the program does what the user says, and the run can be trusted."""
    return evidence.tested.is_sound and not any(example.failed for example in evidence.examples)


def _nearly_right(evidence: Evidence) -> bool:
    """Whether it may vote, and so few of its tests fail that the others would show what is wrong with it."""
    tests = evidence.tested.tests
    failing = sum(case.outcome in BAD for case in tests)
    return _may_vote(evidence) and SHARE * failing <= len(tests)


def _passes(case: Case | None) -> bool:
    return case is not None and case.outcome is Outcome.PASSED


def _agrees(dispute: Disputed, case: Case | None) -> bool:
    """Whether the test failed at the same assertion, because the draft gives the same value."""
    if case is None or case.outcome is not Outcome.FAILED:
        return False
    there = [(frame.path, frame.line) for frame in case.frames[-1:]] == [(dispute.path, dispute.line)]
    got = got_of(case.message)
    return there and got is not None and same(dispute.got, got.removeprefix("not "))


async def _contradicts(program: Files, draft: Files, run: Run) -> bool:
    """Whether the program fails a test of the draft that the draft itself passes."""
    if not (tests := tests_of(draft)):
        return False
    own = (await run(draft)).passed
    return any(
        case.id in own and breaks_promise(case) for case in (await run(program_of(program) | tests)).tested.tests
    )
