"""Does what the state machine asks for: lets an agent work on what the files hold, and keeps what it gives back."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from agents.base import Agent, Built, Outcome, Planned, UnusableReply, Verified, Work
from providers import Activity, Progress, ProviderError

from . import delivery, gather, iterations, store
from .archive import pack, publish, snapshot
from .budget import Budget
from .calls import JournaledModel
from .config import Config
from .crew import AGENT
from .diagnosis import diagnosis
from .events import Archived, Event, Restored, SnapshotLost
from .expected import End, Forecast, Usual, end_of_tests
from .files import Folder
from .ledger import Ledger
from .machine import Action
from .program import program
from .project import Project, Trigger
from .shell import Shell
from .state import State
from .threads import off_loop
from .triggers import content, fingerprint, fingerprints
from .view import Level, Row

WORK_FOLDER = f"{Project.MEMORY}/work"


class Steps:
    """The work of one project, phase by phase. `state` follows what a step notes; `config` may be replaced."""

    def __init__(self, shell: Shell, folder: Folder, config: Config, state: State) -> None:
        self.state = state
        self._shell = shell
        self._folder = folder
        self.config = config
        self._name = state.name
        self._ledger: Ledger | None = None
        self._budget: Budget | None = None
        self._began = time.monotonic()
        self._asked: float | None = None
        """When a model was first heard of in this step, on the monotonic clock."""

    async def perform(self, action: Action) -> Event | None:
        """Do `action` to its end; None when a trigger file tells what is next.

        Raises AgentError, ProviderError, BudgetExceeded, SandboxUnavailable, FileProblem, gather.Unreadable.
        """
        self._began, self._asked = time.monotonic(), None
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

    async def _plan(self) -> None:
        before = content(self.state.taken.get(Trigger.PLAN, ""))
        agent, model = await self._hire(Action.PLAN)
        planned = await self._run(agent, model, partial(gather.for_architect, self._folder, self.state, model))
        assert isinstance(planned, Planned)
        await off_loop(lambda: self._keep_plan(planned, before))
        self.state = self.state.model_copy(update={"plan_sha256": _sha256(planned.plan)})

    async def _build(self) -> None:
        unfinished = delivery.pending(self._folder, self.state.turn)
        if unfinished is not None:
            await off_loop(lambda: self._publish(unfinished))
            return
        agent, model = await self._hire(Action.BUILD)
        base = await off_loop(lambda: gather.base_for(self._folder, self.state))
        try:
            work = partial(gather.for_engineer, self._folder, self.state, model, base)
            built = await self._run(agent, model, work)
        except UnusableReply as error:
            kept = self._shell.keep_raw(self._name, "engineer", self.state.iteration, error.raw)
            raise UnusableReply(f"{error}; the raw reply is in {kept}", error.raw) from error
        assert isinstance(built, Built)
        await off_loop(lambda: self._keep_build(built, base))

    async def _verify(self) -> None:
        """Test a private copy of staging, which is kept as this iteration before anything is run."""
        unfinished = delivery.pending(self._folder, self.state.turn)
        if unfinished is not None:
            await off_loop(lambda: self._publish(unfinished))
            return
        agent, model = await self._hire(Action.VERIFY)
        place = self._folder.path / WORK_FOLDER / "snapshot"
        try:
            base = await off_loop(lambda: gather.staging(self._folder))
            files = await off_loop(self._take_snapshot)
            edited = await off_loop(lambda: self._edited(files))
            before = self._content(Project.report(self.state.iteration))
            acceptance = self._content(Project.ACCEPTANCE)
            earlier, testing = await off_loop(lambda: iterations.tested_seconds(self._folder)), time.monotonic()
            end = end_of_tests(earlier, testing, test_timeout=self.config.verification.test_timeout)
            self._show("verifier", model.name, "testing", end)
            work = partial(gather.for_verifier, self._folder, self.state, model, place, files)
            verified = await self._run(agent, model, work)
            seconds = (self._asked or time.monotonic()) - testing
            if isinstance(verified, Built):
                await off_loop(lambda: self._put_back(verified, base))
                return
            assert isinstance(verified, Verified)
            await off_loop(lambda: self._keep_report(verified, before, edited, seconds))
            await off_loop(lambda: self._amend(verified.acceptance, acceptance))
        finally:
            await off_loop(lambda: self._folder.remove_tree(WORK_FOLDER))

    async def _archive(self) -> Event:
        archive = await off_loop(lambda: iterations.archive_of(self._folder, self.state.iteration))
        if archive is None:
            return SnapshotLost()
        accepted = (self.state.accepted or datetime.now(UTC)).astimezone()
        made = await off_loop(lambda: publish(self._folder, archive, self._name, accepted))
        await off_loop(lambda: self._folder.remove(Project.DIAGNOSIS))
        self._say(f"archived to {made}", Level.GOOD)
        return Archived()

    async def _restore(self) -> Event:
        """Put the best iteration back; the manifest that closes it starts nothing."""
        await off_loop(self._diagnose)
        if self.state.best_iteration != self.state.iteration:
            made = await off_loop(lambda: delivery.pending(self._folder, self.state.turn) or self._return())
            await off_loop(lambda: self._publish(made))
        found = fingerprints(self._folder, self.state)
        if Trigger.MANIFEST in found:
            taken = {**self.state.taken, Trigger.MANIFEST: found[Trigger.MANIFEST]}
            self.state = self.state.model_copy(update={"taken": taken})
        return Restored()

    def _diagnose(self) -> None:
        numbers = sorted(score.iteration for score in self.state.scores)
        judged = [facts for number in numbers if (facts := iterations.facts_of(self._folder, number))]
        self._folder.write(Project.DIAGNOSIS, diagnosis(self.state, judged, program()))

    # --- the agent and its model

    async def _hire(self, action: Action) -> tuple[Agent, JournaledModel]:
        """The agent for `action` and its model; state.json names them before they begin."""
        role = AGENT[action]
        self._show(role, "", "asking the server")
        agent = await self._healthy(action)
        provider = agent.provider
        if self._ledger is None:
            self._ledger = await off_loop(lambda: Ledger.open(self._folder, self._shell.today))
        if (self.state.provider, self.state.model) != (provider.name, provider.model):
            named = self.state.model_copy(update={"provider": provider.name, "model": provider.model})
            self.state = await off_loop(lambda: store.save(self._folder, named))
        self._budget = budget = Budget(self.config.limits, self._ledger.spent, self._shell.today)
        forecast = Forecast(lambda: self._usual(role, provider.model), provider.max_output_tokens)
        model = JournaledModel(
            provider,
            role,
            self.state,
            self._ledger,
            budget,
            lambda told: self._show(role, provider.model, told, forecast.end(told, time.monotonic())),
        )
        return agent, model

    async def _run(self, agent: Agent, model: JournaledModel, gathered: Callable[[], Work]) -> Outcome:
        work = await off_loop(gathered)
        model.work_sha256 = await off_loop(lambda: gather.digest(work))
        return await agent.run(work)

    async def _healthy(self, action: Action) -> Agent:
        try:
            return await self._shell.crew.agent(action, self.config)
        except ProviderError as error:
            told = f"Provider health check failed: {error}"
            raise type(error)(told, status=error.status, body=error.body, retry_after=error.retry_after) from error

    # --- keep

    def _take_snapshot(self) -> dict[str, bytes]:
        self._folder.remove_tree(WORK_FOLDER)
        self._folder.mkdir(f"{WORK_FOLDER}/snapshot")
        with self._folder.folder(f"{WORK_FOLDER}/snapshot") as copy:
            hashes = snapshot(self._folder, copy)
            iterations.keep_files(self._folder, self.state.iteration, pack(copy, hashes))
        return iterations.files_of(self._folder, self.state.iteration) or {}

    def _keep_plan(self, planned: Planned, before: str) -> None:
        """The checks first: the plan starts the Engineer, who is shown some of them."""
        earlier = self._folder.read(Project.ACCEPTANCE)
        if earlier and earlier != planned.acceptance.encode():
            self._folder.write(Project.ACCEPTANCE_BEFORE, earlier)
        if planned.acceptance:
            self._folder.write(Project.ACCEPTANCE, planned.acceptance)
        elif earlier is not None:
            self._folder.remove(Project.ACCEPTANCE)
        self._write_unless_edited(Project.PLAN, planned.plan, before)

    def _keep_build(self, built: Built, base: gather.Base) -> None:
        self._shell.keep_raw(self._name, "engineer", self.state.iteration, built.raw)
        for path, reason in built.rejected.items():
            self._say(f"{path} keeps its old version: {reason}", Level.WARNING)
        made = self._delivery(base, iteration=self.state.iteration, built=built)
        delivery.prepare(self._folder, made)
        self._publish(made)

    def _put_back(self, part: Built, base: gather.Base) -> None:
        """Leave of the round what is good; the new manifest lets that be verified."""
        made = self._delivery(base, iteration=self.state.iteration, built=part)
        delivery.prepare(self._folder, made)
        paths = ", ".join(sorted((*part.files, *part.deleted)))
        self._say(f"a part of iteration {self.state.iteration} is better than all of it; put back: {paths}")
        self._publish(made)

    def _return(self) -> delivery.Delivery:
        """The way back to the best iteration, prepared."""
        base = gather.best_of(self._folder, self.state)
        made = self._delivery(base, iteration=self.state.best_iteration or 0)
        delivery.prepare(self._folder, made)
        return made

    def _delivery(self, base: gather.Base, *, iteration: int, built: Built | None = None) -> delivery.Delivery:
        files = dict(built.files) if built else {}
        deleted = {*(built.deleted if built else ()), *base.dropped} - set(files)
        return delivery.Delivery(
            turn=self.state.turn,
            iteration=iteration,
            provider=self.state.provider,
            model=self.state.model,
            files=files,
            restored={path: n for path, n in base.restored.items() if path not in files and path not in deleted},
            deleted=tuple(sorted(deleted)),
            seen=dict(base.hashes),
            edited=tuple(sorted(base.edited)),
            afresh=built is not None and built.afresh,
        )

    def _publish(self, made: delivery.Delivery) -> None:
        for path in sorted(delivery.apply(self._folder, made)):
            self._say(f"{Project.STAGING}/{path} was edited meanwhile; your version stays", Level.WARNING)

    def _edited(self, files: Mapping[str, bytes]) -> tuple[str, ...]:
        """Which of the files that are tested hold a person's changes."""
        hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
        return tuple(sorted(delivery.edited_by_hand(self._folder, hashes)))

    def _keep_report(self, verified: Verified, before: str | None, edited: tuple[str, ...], seconds: float) -> None:
        facts = iterations.Facts(
            iteration=self.state.iteration,
            turn=self.state.turn,
            score=verified.score,
            green=verified.green,
            summary=verified.summary,
            feedback=verified.feedback,
            passed=tuple(sorted(verified.passed)),
            failed=tuple(sorted(verified.failed)),
            afresh=gather.is_afresh(self._folder),
            program=_sha256(iterations.archive_of(self._folder, self.state.iteration) or ""),
            report_sha256=_sha256(verified.report),
            judged=datetime.now(UTC).replace(microsecond=0),
            edited=edited,
            tested_seconds=round(seconds, 1),
        )
        iterations.keep_facts(self._folder, facts)
        self.state = self.state.model_copy(update={"sandbox": verified.sandbox or None})
        self._write_unless_edited(Project.report(self.state.iteration), verified.report, before)

    def _amend(self, acceptance: str, before: str) -> None:
        """Note what came of a trial, behind the report: what a call was asked with must not change before it counts."""
        if acceptance and self._content(Project.ACCEPTANCE) == before:
            self._folder.write(Project.ACCEPTANCE, acceptance)

    def _write_unless_edited(self, rel: str, text: str, before: str | None) -> None:
        """Write an agent's text; when a person wrote the file meanwhile, theirs stands and ours goes beside it."""
        if self._content(rel) in ("", before):
            self._folder.write(rel, text)
            return
        beside = f"{rel.removesuffix('.md')}.generated.md"
        self._folder.write(beside, text)
        self._say(f"{rel} was edited meanwhile and stands; what the agent wrote is in {beside}", Level.WARNING)

    def _content(self, rel: str) -> str:
        """Tells an edit; a mere touch of what is about to be replaced is none."""
        return content(fingerprint(self._folder, rel) or "")

    # --- show

    def _say(self, text: str, level: Level = Level.INFO) -> None:
        self._shell.view.say(text, project=self._name, level=level)

    def _usual(self, role: str, model: str) -> Usual | None:
        """From the project's own calls; while it has none, from those of another one."""
        found = Usual.of(self._ledger.spent.rows, role, model) if self._ledger else None
        if found is not None:
            self._shell.usual[role, model] = found
        return found or self._shell.usual.get((role, model))

    def _show(self, role: str, model: str, doing: Progress | str, end: End | None = None) -> None:
        progress = doing if isinstance(doing, Progress) else None
        if progress and self._asked is None:
            self._asked = time.monotonic()
        row = Row(
            project=self._name,
            status=self.state.status,
            agent=role,
            model=model,
            iteration=self.state.iteration,
            max_iterations=self.state.max_iterations,
            score=self.state.last_score,
            activity=_activity(progress) if progress else str(doing),
            ahead=progress.ahead if progress else None,
            ends=end.at if end else 0.0,
            ends_latest=end is not None and end.latest,
            tokens=progress.output_tokens if progress else 0,
            tokens_per_second=progress.tokens_per_second if progress else None,
            started=self._began,
            budget_left=self._budget.left() if self._budget else None,
        )
        self._shell.view.show(self._name, row)


def _activity(progress: Progress) -> str:
    """What is done before the prompt can be read, such as fetching a model, stands in the note."""
    return progress.note if progress.note and progress.activity is Activity.READING else str(progress.activity)


def sweep(folder: Folder) -> None:
    """Remove what a daemon that was killed left half done; nothing of it is needed."""
    folder.sweep()
    folder.remove_tree(WORK_FOLDER)


def _sha256(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()
