"""One project's cycle: look, decide, record, act, look again, until nothing is left to do."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from agents.verification.report import read_score
from providers import ProviderError, Unavailable

from . import gather, iterations, steering, store
from .budget import Budget, BudgetExceeded
from .calls import Ledger
from .config import Config, ConfigError, for_project
from .crew import AGENT
from .files import Folder, Gone
from .machine import HELD, WORK, Action, Arrived, Event, Failed, Resumed, Stalled, next_arrival, outdates, step, take
from .project import Project, Trigger
from .shell import Shell
from .state import Score, State, Status
from .steps import Steps, sweep
from .tell import tell
from .threads import off_loop
from .triggers import fingerprints, report_iteration, untouched
from .trouble import LONGEST, event_for
from .view import Level

log = logging.getLogger(__name__)

WORKING = frozenset({Status.PLANNING, Status.ENGINEERING, Status.VERIFYING, Status.FINALIZING})


class Cycle:
    """One project while it is looked at. Set `poked` when its files may have changed."""

    def __init__(self, shell: Shell, folder: Folder, name: str) -> None:
        self.poked = asyncio.Event()
        self._shell = shell
        self._folder = folder
        self._name = name
        self._config: Config = shell.config
        self._state = State(name=name)

    async def run(self, *, first: bool) -> State:
        """Take the project as far as it goes; the state in which it comes to rest. `first`: since the daemon started.

        Raises Gone when the folder disappears, StateProblem and FileProblem when it cannot be worked on at all.
        """
        await self._load(first=first)
        try:
            self._apply_settings()
        except ConfigError as error:
            return await self._stall(str(error))
        event = self._look(resume=first or await self._can_go_on())
        if event is not None:
            async with self._shell.slot():
                await self._tumble(event)
        return self._state

    async def _tumble(self, event: Event | None) -> None:
        steps = Steps(self._shell, self._folder, self._config, self._state)
        while event is not None:
            before = self._state
            state, action = step(before, event)
            if state.status is Status.FINALIZING and before.status is not Status.FINALIZING:
                state = state.model_copy(update={"accepted": _now()})
            self._state = await off_loop(lambda state=state: store.save(self._folder, state))  # type: ignore[misc]
            tell(self._shell.view, before, self._state)
            event = None
            if action is not None:
                steps.state = self._state
                event = await self._watched(steps, action)
                self._state = steps.state
            event = event or self._look()

    # --- look

    async def _load(self, *, first: bool) -> None:
        self._state, rebuilt = await off_loop(lambda: store.load_or_rebuild(self._folder, self._name))
        if rebuilt:
            self._shell.view.say(rebuilt, project=self._name, level=Level.WARNING)
        if first:
            await off_loop(lambda: sweep(self._folder))
            found = fingerprints(self._folder, self._state)
            self._state = self._state.model_copy(update={"taken": untouched(self._state.taken, found)})

    def _apply_settings(self) -> None:
        """Lay the project's own settings over the daemon's; state.json shows what is enforced. Raises ConfigError."""
        text = self._folder.read(Project.OVERRIDES, limit=1 << 20)
        if text is not None:
            self._config = for_project(self._shell.config, text, f"{self._name}/{Project.OVERRIDES}")
        limits = {"max_iterations": self._config.max_iterations, "quality_threshold": self._config.quality_threshold}
        self._state = self._state.model_copy(update=limits)

    async def _stall(self, reason: str) -> State:
        """The project cannot even be looked at: remember why, once."""
        if (self._state.status, self._state.error) != (Status.WAITING, reason):
            before, state = self._state, step(self._state, Stalled(reason))[0]
            self._state = await off_loop(lambda: store.save(self._folder, state))
            tell(self._shell.view, before, self._state)
        return self._state

    async def _can_go_on(self) -> bool:
        """Whether what held the project is over, as far as can be told without trying."""
        state = self._state
        if steering.told(self._folder) or (state.not_before and _now() < state.not_before < _now() + LONGEST):
            return False
        try:
            if state.status is Status.PAUSED:
                ledger = await off_loop(lambda: Ledger.open(self._folder, self._shell.today))
                Budget(self._config.limits, ledger.spent, self._shell.today).check()
            elif state.status is Status.WAITING and WORK.get(state.current_phase) in AGENT:
                await self._shell.crew.agent(WORK[state.current_phase], self._config)
        except (BudgetExceeded, ProviderError):
            return False
        return True

    def _look(self, *, resume: bool = False) -> Event | None:
        """What is next: the most upstream change, else what was interrupted."""
        if self._state.restoring:
            return Resumed()
        found = fingerprints(self._folder, self._state)
        trigger = next_arrival(self._state.taken, found)
        word = steering.told(self._folder)
        if word is not None:
            wanted = trigger is not None or self._state.status in WORKING
            return steering.halted(word) if wanted and self._state.status is not Status.PAUSED else None
        if trigger is not None:
            return self._arrival(trigger, found)
        return Resumed() if resume and self._interrupted() else None

    def _interrupted(self) -> bool:
        return self._state.status in WORKING or self._state.status in HELD

    def _arrival(self, trigger: Trigger, found: dict[Trigger, str]) -> Event | None:
        """Take the trigger up, unless it is an empty requirements file that somebody may be about to write."""
        iteration = report_iteration(self._state)
        rel = Project.file(trigger, iteration)
        try:
            text = "" if trigger is Trigger.MANIFEST else gather.required(self._folder, rel)
        except gather.Unreadable as problem:
            if problem.blank and trigger is Trigger.REQUIREMENTS:
                self._shell.say_once(self._name, str(problem))
                return None
            self._state = take(self._state, trigger, found)
            return Failed(str(problem))
        self._state = take(self._state, trigger, found)
        if trigger is Trigger.REQUIREMENTS or self._state.start_time is None:
            self._state = self._state.model_copy(update={"start_time": _now()})
        return self._report(text, rel, iteration) if trigger is Trigger.REPORT else Arrived(trigger)

    def _report(self, text: str, rel: str, iteration: int) -> Event:
        """The score as the report has it, a person's correction included."""
        value = read_score(text)
        if value is None:
            return Failed(
                f"{rel} has no score that can be read",
                "write a first line such as `Score: 7.5/10`, or touch 03_staging/.manifest.json to verify again",
            )
        facts = iterations.facts_of(self._folder, iteration)
        if facts is None:
            return Arrived(Trigger.REPORT, Score(iteration=iteration, score=value, green=True, summary="by hand"))
        best = iterations.facts_of(self._folder, self._state.best_iteration)
        lost = set(best.passed) - set(facts.passed) if best and best.iteration != iteration else set()
        return Arrived(
            Trigger.REPORT,
            Score(
                iteration=iteration,
                score=value,
                green=facts.green,
                lost=tuple(sorted(lost)[:50]),
                summary=facts.summary,
            ),
        )

    # --- act

    async def _watched(self, steps: Steps, action: Action) -> Event | None:
        """Perform `action`; stop it at once when a change upstream makes it worthless."""
        work = asyncio.create_task(self._perform(steps, action), name=f"{self._name}: {action}")
        try:
            while not work.done():
                poke = asyncio.create_task(self.poked.wait())
                await asyncio.wait({work, poke}, return_when=asyncio.FIRST_COMPLETED)
                poke.cancel()
                if not work.done() and steering.told(self._folder) == steering.STOP:
                    return steering.halted(steering.STOP)
                if not work.done() and self._outdated():
                    self._shell.view.say("a newer version arrived; the work on the old one stops", project=self._name)
                    return None
            return await work
        finally:
            work.cancel()
            await asyncio.wait({work})
            self._shell.view.show(self._name, None)

    def _outdated(self) -> bool:
        """Whether a change upstream of the work has arrived. Raises Gone when the folder is another or none."""
        self.poked.clear()
        if not self._folder.still_there():
            raise Gone(f"{self._name} was deleted, renamed or replaced while it was worked on; that work is dropped")
        trigger = next_arrival(self._state.taken, fingerprints(self._folder, self._state))
        return trigger is not None and outdates(trigger, self._state.current_phase)

    async def _perform(self, steps: Steps, action: Action) -> Event | None:
        """The work itself; trouble becomes an event. One project must not stop the others."""
        try:
            return await steps.perform(action)
        except Gone:
            raise
        except Exception as error:
            if isinstance(error, Unavailable) and self._state.provider:
                self._shell.crew.doubt(self._state.provider)
            event = event_for(error, _now())
            if event is None:
                log.exception("%s: %s broke", self._name, action)
                event = Failed(
                    f"internal error in {action}: {error!r}", "this is a defect; the traceback is in the log"
                )
            return event


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
