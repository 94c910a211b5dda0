"""Lets independent drafts vote on the failing tests of a small model.

Such a model computes badly in its head and better in code: what several different programs give that it wrote without
seeing one another is better evidence than the value it put into a test. A test is corrected when enough of them agree
against it and none with it. When a draft passes a test of its own that the program fails, the drafts do not agree, and
no test is corrected; nor when so many of the tests would have to be that little else is left. What the user's own
examples say is not voted on.
"""

from __future__ import annotations

import ast
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from agents.base import Work
from agents.plan import is_test
from agents.settled import Disputed, corrected, disputed, got_of, stated_result
from agents.verification.box import SandboxUnavailable
from agents.verification.earlier import breaks_promise
from agents.verification.evidence import Case, Evidence, Outcome
from agents.verification.examples_judged import same
from agents.verification.tree import SnapshotRefused

VOTES = 3
"""Drafts that must agree, the program's own one with them."""
SHARE = 4
"""At most one test in so many is corrected: of a few tests, drafts that share a mistake would leave none to show it."""

Files = Mapping[str, str]
Run = Callable[[Files], Awaitable[Evidence]]
"""Runs the tests among the files, and the examples. Raises SandboxUnavailable and SnapshotRefused."""

_EXAMPLE = re.compile(r"^### (?:A call into|Example|A check)\b.*\bfails?:", re.MULTILINE)
_TEST = re.compile(r"^[ \t]*(?:(?:async )?def test|(?:test|it)(?:\.\w+)?\()", re.MULTILINE)

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
    if fails_examples(work.feedback):
        return {}
    others = {kind(draft): draft for draft in work.drafts}
    others.pop(kind(work.staged), None)
    if not disputes or len(others) + 1 < VOTES:
        return {}
    agreed, supported = Counter(disputes), set[Disputed]()
    for draft in work.drafts:
        if await _contradicts(work.staged, draft, run):
            return {}
    for draft in others.values():
        evidence = await run(program_of(draft) | _tests(work.staged))
        cases = {case.id: case for case in evidence.tested.tests}
        supported.update(dispute for dispute in disputes if _passes(cases.get(dispute.test)))
        agreed.update(dispute for dispute in disputes if _agrees(dispute, cases.get(dispute.test)))
    lost = [dispute for dispute in disputes if agreed[dispute] >= VOTES and dispute not in supported]
    if SHARE * len(lost) > sum(len(_TEST.findall(text)) for text in _tests(work.staged).values()):
        return {}
    for dispute in lost:
        log.info("%s: %d drafts agree against %s: %s", work.project, agreed[dispute], dispute.test, dispute.corrected)
    return corrected(work.staged, lost)


def fails_examples(told: str) -> bool:
    """Whether the Engineer is `told` of an example that does not hold: then the program is wrong."""
    return bool(_EXAMPLE.search(told))


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
    if not (tests := _tests(draft)):
        return False
    own = (await run(draft)).passed
    return any(
        case.id in own and breaks_promise(case) for case in (await run(program_of(program) | tests)).tested.tests
    )


def program_of(files: Files) -> dict[str, str]:
    """What is no test."""
    return {path: text for path, text in files.items() if not is_test(path)}


def kind(files: Files) -> str:
    """Equal for projects whose programs differ in layout and comments at most: written twice, it is one opinion."""
    return repr(sorted((path, _plain(path, text)) for path, text in program_of(files).items()))


def _plain(path: str, text: str) -> str:
    try:
        return ast.dump(ast.parse(text)) if path.endswith(".py") else "".join(text.split())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text


def _tests(files: Files) -> dict[str, str]:
    return {path: text for path, text in files.items() if is_test(path)}
