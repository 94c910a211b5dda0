"""Does what the state machine asks for: lets an agent work on what the files hold, and keeps what it gives back."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

from agents.base import Built, Planned, UnusableReply, Verified

from . import gather, iterations
from .archive import publish
from .config import Config
from .documents import Documents
from .events import Archived, Event, Restored, SnapshotLost
from .expected import end_of_tests
from .files import Folder
from .hiring import Hired, Hiring
from .machine import Action
from .project import Project, Trigger
from .publishing import Publishing
from .shell import Shell
from .state import State
from .step_row import StepRow
from .tested import SNAPSHOT, WORK_FOLDER, Tested
from .threads import off_loop
from .triggers import content, fingerprints
from .view import Level


class Steps:
    """The work of one project, phase by phase. `state` follows what a step notes; `config` may be replaced."""

    def __init__(self, shell: Shell, folder: Folder, config: Config, state: State) -> None:
        self.state = state
        self.config = config
        self._shell = shell
        self._folder = folder
        self._row = StepRow(shell.view, state)
        self._hiring = Hiring(shell, folder, self._row)
        self._documents = Documents(shell, folder)
        self._publishing = Publishing(shell, folder)

    async def perform(self, action: Action) -> Event | None:
        """Do `action` to its end; None when a trigger file tells what is next.

        Raises AgentError, ProviderError, BudgetExceeded, SandboxUnavailable, FileProblem, gather.Unreadable.
        """
        self._row.begin(self.state)
        await off_loop(lambda: self._documents.amend(self.state, verifying=action is Action.VERIFY))
        match action:
            case Action.PLAN:
                await self._plan()
            case Action.BUILD:
                await self._build()
            case Action.VERIFY:
                await self._verify()
            case Action.ARCHIVE:
                return await self._archive()
            case Action.RESTORE:
                return await self._restore()
        return None

    async def _hire(self, action: Action) -> Hired:
        hired = await self._hiring.hire(action, self.state, self.config)
        self.state = hired.state
        return hired

    async def _plan(self) -> None:
        before = content(self.state.taken.get(Trigger.PLAN, ""))
        architect = await self._hire(Action.PLAN)
        planned = await architect.work_on(partial(gather.for_architect, self._folder, self.state, architect.model))
        assert isinstance(planned, Planned)
        self.state = await off_loop(lambda: self._documents.plan(self.state, planned, before))

    async def _build(self) -> None:
        if await off_loop(lambda: self._publishing.finish(self.state)):
            return
        engineer = await self._hire(Action.BUILD)
        base = await off_loop(lambda: gather.base_for(self._folder, self.state))
        try:
            work = partial(gather.for_engineer, self._folder, self.state, engineer.model, base)
            built = await engineer.work_on(work)
        except UnusableReply as error:
            raw, number = error.raw, self.state.iteration
            kept = await off_loop(lambda: self._shell.keep_raw(self.state.name, "engineer", number, raw))
            raise UnusableReply(f"{error}; look at the raw reply in {kept}, or choose another model", raw) from error
        assert isinstance(built, Built)
        await off_loop(lambda: self._publishing.build(self.state, built, base))

    async def _verify(self) -> None:
        if await off_loop(lambda: self._publishing.finish(self.state)):
            return
        verifier = await self._hire(Action.VERIFY)
        try:
            await self._test(verifier)
        finally:
            await off_loop(lambda: self._folder.remove_tree(WORK_FOLDER))

    async def _test(self, verifier: Hired) -> None:
        """Test a private copy of staging, which is kept as this iteration before anything is run."""
        tested = await off_loop(lambda: Tested.take(self._folder, self.state))
        earlier, began = await off_loop(lambda: iterations.tested_seconds(self._folder)), time.monotonic()
        end = end_of_tests(earlier, began, test_timeout=self.config.verification.test_timeout)
        self._row.show("verifier", verifier.model.name, "testing", end)
        place = self._folder.path / SNAPSHOT
        work = partial(gather.for_verifier, self._folder, self.state, verifier.model, place, tested.files)
        verified = await verifier.work_on(work)
        seconds = (self._row.asked or time.monotonic()) - began
        if isinstance(verified, Built):
            await off_loop(lambda: self._publishing.part(self.state, verified, tested.base))
            return
        assert isinstance(verified, Verified)
        self.state = await off_loop(lambda: self._documents.report(self.state, verified, tested, seconds))

    async def _archive(self) -> Event:
        archive = await off_loop(lambda: iterations.archive_of(self._folder, self.state.iteration))
        if archive is None:
            return SnapshotLost()
        accepted = (self.state.accepted or datetime.now(UTC)).astimezone()
        made = await off_loop(lambda: publish(self._folder, archive, self.state.name, accepted))
        await off_loop(lambda: self._folder.remove(Project.DIAGNOSIS))
        self._shell.view.say(f"archived to {made}", project=self.state.name, level=Level.GOOD)
        return Archived()

    async def _restore(self) -> Event:
        """Put the best iteration back; the manifest that closes it starts nothing."""
        back = await off_loop(lambda: self._publishing.best(self.state))
        await off_loop(lambda: self._documents.diagnosis(self.state, best_is_back=back))
        found = await off_loop(lambda: fingerprints(self._folder, self.state))
        if Trigger.MANIFEST in found:
            taken = {**self.state.taken, Trigger.MANIFEST: found[Trigger.MANIFEST]}
            self.state = self.state.model_copy(update={"taken": taken})
        return Restored()
