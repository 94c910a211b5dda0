"""Writes what agents have to say: plan, checks, report; a person's version of them stands, and ours goes beside it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from agents.base import Planned, Verified

from . import amendment, gather, iterations, store
from .amendment import Amendment
from .aside import keep_aside
from .diagnosis import diagnosis
from .files import Folder
from .program import program
from .project import Project
from .records import content
from .shell import Shell
from .state import State
from .tested import Tested
from .triggers import LARGEST, content_of
from .view import Level


class Documents:
    """One project's. All of it blocks."""

    def __init__(self, shell: Shell, folder: Folder) -> None:
        self._shell = shell
        self._folder = folder

    def plan(self, state: State, planned: Planned, before: str) -> State:
        """The checks first: the plan starts the Engineer, who is shown some of them. `before`: hash of the old plan.

        What a person had written there is kept aside. The state tells our plan from theirs before it is there.
        """
        self._keep_plan(state, planned, before)
        self._replace_checks(planned.acceptance)
        known = store.save(self._folder, state.model_copy(update={"plan_sha256": _sha256(planned.plan)}))
        self._write_unless_edited(state, Project.PLAN, planned.plan, before)
        return known

    def report(self, state: State, verified: Verified, tested: Tested, seconds: float) -> State:
        """The facts first, and what trials changed; then the report, which starts what is next; then ACCEPTANCE.md."""
        iterations.keep_facts(self._folder, self._facts(state, verified, tested, seconds))
        tried = Amendment(turn=state.turn, tried=tested.acceptance, acceptance=verified.acceptance)
        amendment.prepare(self._folder, tried)
        self._write_unless_edited(state, Project.report(state.iteration), verified.report, tested.report)
        amendment.finish(self._folder)
        return state.model_copy(update={"sandbox": verified.sandbox or None})

    def amend(self, state: State, *, verifying: bool) -> None:
        """Finish an amendment that was cut off, unless its verification is about to be done again."""
        amendment.finish(self._folder, verifying=state.turn if verifying else None)

    def diagnosis(self, state: State, *, best_is_back: bool) -> None:
        numbers = sorted(score.iteration for score in state.scores)
        judged = [facts for number in numbers if (facts := iterations.facts_of(self._folder, number))]
        self._folder.write(Project.DIAGNOSIS, diagnosis(state, judged, program(), best_is_back=best_is_back))

    def _keep_plan(self, state: State, planned: Planned, before: str) -> None:
        theirs = content_of(self._folder, Project.PLAN)
        if theirs != before or theirs in ("", state.plan_sha256, _sha256(planned.plan)):
            return  # one that was edited since then stands
        if (plan := content(self._folder, Project.PLAN, limit=LARGEST)) is None:
            return
        kept = keep_aside(self._folder, {Project.PLAN: plan}, datetime.now(UTC))
        told = f"{Project.PLAN} is planned anew, since the requirements are new; your version is in {kept}"
        self._shell.view.say(told, project=state.name, level=Level.WARNING)

    def _replace_checks(self, acceptance: str) -> None:
        """Those of the plan before stay beside the new ones, those of the one before that go aside."""
        earlier = self._folder.read(Project.ACCEPTANCE)
        if earlier and earlier != acceptance.encode():
            older = self._folder.read(Project.ACCEPTANCE_BEFORE)
            if older and older != earlier:
                keep_aside(self._folder, {Project.ACCEPTANCE_BEFORE: older}, datetime.now(UTC))
            self._folder.write(Project.ACCEPTANCE_BEFORE, earlier)
        if acceptance:
            self._folder.write(Project.ACCEPTANCE, acceptance)
        elif earlier is not None:
            self._folder.remove(Project.ACCEPTANCE)

    def _facts(self, state: State, verified: Verified, tested: Tested, seconds: float) -> iterations.Facts:
        return iterations.Facts(
            iteration=state.iteration,
            turn=state.turn,
            score=verified.score,
            green=verified.green,
            summary=verified.summary,
            cause=verified.cause,
            feedback=verified.feedback,
            passed=tuple(sorted(verified.passed)),
            failed=tuple(sorted(verified.failed)),
            afresh=gather.is_afresh(self._folder),
            program=_sha256(iterations.archive_of(self._folder, state.iteration) or ""),
            report_sha256=_sha256(verified.report),
            judged=datetime.now(UTC).replace(microsecond=0),
            edited=tested.edited,
            tested_seconds=round(seconds, 1),
        )

    def _write_unless_edited(self, state: State, rel: str, text: str, before: str) -> None:
        if content_of(self._folder, rel) in ("", before):
            self._folder.write(rel, text)
            return
        beside = f"{rel.removesuffix('.md')}.generated.md"
        self._folder.write(beside, text)
        told = f"{rel} was edited meanwhile and stands; what the agent wrote is in {beside}"
        self._shell.view.say(told, project=state.name, level=Level.WARNING)


def _sha256(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()
