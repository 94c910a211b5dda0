"""Writes the program, and repairs it after each verification."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from agents.base import Built, UnusableReply, Work
from agents.candidates import Candidate, agree, candidates
from agents.draft import Draft
from agents.engineer_steps import OTHERWISE, Step, aim_of, missing, steps
from agents.plan import is_test
from agents.settled import settled
from agents.tiers import Profile, profile
from agents.verification.evidence import Evidence
from agents.verification.report import read_score
from agents.verification.runner import Runner
from agents.votes import outvoted
from providers import Provider

AnswerFormat = Literal["fenced", "json"]

_HOPE = 4.0
"""A score, 0-10, from which on a program is near enough to right that a repair comes before another draft."""
_NEARLY_RIGHT = 7.0
"""From here on one of three repairs of what broke down helped a model of 1.5; below, none of five, in 100 s each."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Begun:
    """A draft of which some questions are still to be put."""

    draft: Draft
    tried: Sequence[Candidate]
    left: Sequence[Step]


class Engineer:
    """One call for a small plan, several for a large one; what was refused or is missing is asked for again, alone."""

    def __init__(
        self, provider: Provider, answer_format: AnswerFormat = "fenced", runner: Runner | None = None
    ) -> None:
        """Without a `runner` a small model writes one program a round, and drafts do not vote on tests."""
        self._provider = provider
        self._format: AnswerFormat = answer_format
        self._runner = runner

    @property
    def provider(self) -> Provider:
        return self._provider

    async def run(self, work: Work) -> Built:
        """Raises UnusableReply when not one file could be read."""
        asked = profile(work.model)
        if not asked.invents and (tests := await self._outvoted(work) or await settled(work)):
            return Built(tests)
        return await (self._afresh(work) if _begins_anew(work, asked) else self._draft(work))

    async def _outvoted(self, work: Work) -> dict[str, str]:
        return await outvoted(work, partial(self._tests, work)) if self._runner else {}

    async def _afresh(self, work: Work) -> Built:
        """A new draft that has not seen the old one; what a person edited stays, tests of the old draft go.

        It is put with another seed and more freedom than the first draft: asked the same, a model answers the same.
        When its programs show that a test of the old draft is wrong, there is none.
        """
        kept = {path: content for path, content in work.staged.items() if path in work.edited}
        earlier = (*work.drafts, work.staged)
        anew = replace(work, staged=kept, drafts=earlier, feedback="", report="", fruitless=work.fruitless + 1)
        begun = await self._begun(anew)
        voters = tuple(each.program for each in begun.tried if each.keeps_its_word)
        if voters and (tests := await self._outvoted(replace(work, drafts=(*work.drafts, *voters)))):
            return Built(tests)
        built = await self._finished(begun)
        stale = {path for path in work.staged.keys() - kept.keys() - built.files.keys() if is_test(path)}
        return replace(built, deleted=built.deleted | stale, afresh=True)

    async def _draft(self, work: Work) -> Built:
        return await self._finished(await self._begun(work))

    async def _begun(self, work: Work) -> _Begun:
        draft = Draft(work, self._format)
        asked = steps(work, draft.profile)
        if not self._has_candidates(draft, asked):
            return _Begun(draft, (), asked)
        tried = await candidates(work, asked[0], self._format, partial(self._tests, work))
        return _Begun(tried[0].draft, tried, asked[1:])

    async def _finished(self, begun: _Begun) -> Built:
        draft, work = begun.draft, begun.draft.work
        for step in begun.left:
            await draft.ask(step)
        if wanted := draft.wanted():
            await draft.ask(missing(wanted, draft.rejected))
        elif draft.changes_nothing and aim_of(work, draft.profile):
            with suppress(UnusableReply):
                return await self._afresh(work)
        elif draft.changes_nothing:
            await draft.ask(OTHERWISE)
        if begun.tried:
            await agree(begun.tried, partial(self._tests, work))
        return draft.built()

    def _has_candidates(self, draft: Draft, asked: Sequence[Step]) -> bool:
        """Whether the first question is for the whole program, the others are for its tests, and both can be run."""
        first, *others = asked
        apart = first.only_code and bool(others) and not any(step.only_code for step in others)
        return apart and draft.profile.candidates > 1 and self._runner is not None

    async def _tests(self, work: Work, files: Mapping[str, str]) -> Evidence:
        assert self._runner is not None
        return await self._runner.glance(files, work.plan, work.acceptance)


def _begins_anew(work: Work, asked: Profile) -> bool:
    """Whether the next round is a new draft.

    Where the best code breaks down, that is mended first, once; by the smallest models only where little else is wrong.
    """
    score = read_score(work.report) or 0.0
    mends = work.fruitless == 0 and (asked.repairs or score >= _NEARLY_RIGHT)
    if not work.staged or (mends and aim_of(work, asked)):
        return False
    return asked.starts_afresh(len(work.drafts) + 1, work.fruitless, hopeful=score >= _HOPE)
