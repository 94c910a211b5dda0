"""One project's cycle: look, decide, record, act, look again, until nothing is left to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from providers import ProviderError, Unavailable

from . import steering, store
from .budget import BudgetExceeded
from .config_error import ConfigError
from .events import Arrived, Event, Failed, Stalled
from .files import DiskError, FileProblem, Folder, Gone
from .look import Look
from .machine import WORKING, Action, step
from .project import Trigger
from .shell import Shell
from .state import State, Status
from .steps import Steps
from .tell import tell
from .threads import off_loop
from .triggers import written_at
from .trouble import event_for
from .workspace import advice

log = logging.getLogger(__name__)

_DEFECT = "this is a defect; the traceback is in the daemon's output"


class Cycle:
    """One project while it is attended to. Set `poked` when its files may have changed."""

    def __init__(self, shell: Shell, name: str, open_folder: Callable[[], Folder]) -> None:
        self.poked = asyncio.Event()
        self._shell = shell
        self._name = name
        self._open = open_folder

    async def run(self, *, first: bool) -> State:
        """Take the project as far as it goes; the state in which it comes to rest. `first`: since the daemon started.

        The folder is held open only while it is looked at or worked on, so that any number of projects may wait their
        turn. Raises Gone when the folder disappears, StateProblem and FileProblem when it cannot be worked on at all.
        """
        async with self._shell.glance():
            with self._open() as folder:
                look = await Look.at(self._shell, folder, self._name, first=first)
                event = await self._first_event(look, folder)
        if event is None and not await self._is_served(look):
            return look.state
        async with self._shell.slot(look.state):
            with self._open() as folder:
                look = await Look.at(self._shell, folder, self._name)
                event = await self._first_event(look, folder, resume=True)
                return await self._tumble(look, folder, event)

    async def _first_event(self, look: Look, folder: Folder, *, resume: bool = False) -> Event | None:
        try:
            await off_loop(look.apply_settings)
        except ConfigError as error:
            return await off_loop(partial(self._unsettled, look, error.brief))
        resume = resume or look.hold.begins_again() or await look.hold.is_over()
        event = await off_loop(lambda: look.event(resume=resume))
        look.awaits = look.hold.awaited() if event is None else None
        if event is None:
            await off_loop(lambda: self._advise(look, folder))
        return event

    async def _is_served(self, look: Look) -> bool:
        """Whether the server that the project waits for is back; no place is held while that is asked."""
        if look.awaits is None:
            return False
        try:
            await self._shell.crew.agent(look.awaits, look.config)
        except ProviderError:
            return False
        return True

    def _advise(self, look: Look, folder: Folder) -> None:
        """Say why what a person did starts nothing."""
        with suppress(FileProblem):
            told = advice(folder) if look.state.status is Status.IDLE else look.hold.still_waiting() or look.unheeded()
            if told:
                self._shell.say_once(self._name, told)

    async def _tumble(self, look: Look, folder: Folder, event: Event | None) -> State:
        steps = Steps(self._shell, folder, look.config, look.state)
        while event is not None:
            action = await self._record(look, folder, event)
            event = await self._act(steps, action, look, folder) if action is not None else None
            event = event or await off_loop(partial(self._next, look, worked=action is not None))
        return look.state

    async def _act(self, steps: Steps, action: Action, look: Look, folder: Folder) -> Event | None:
        steps.state, steps.config = look.state, look.config
        event = await self._watched(steps, action, look, folder)
        look.state = steps.state
        return event

    async def _record(self, look: Look, folder: Folder, event: Event) -> Action | None:
        """Decide, and make the decision durable before anything is done about it."""
        before = look.state
        state, action = step(before, event)
        noted = _dated(state, event, datetime.now(UTC)).model_copy(update={"waits_on": look.hold.waits_on(event)})
        look.state = await off_loop(lambda: store.save(folder, noted))
        self._shell.goes_on(look.state.name)
        tell(self._shell.view, before, look.state)
        return action

    def _next(self, look: Look, *, worked: bool) -> Event | None:
        """Look again, with the project's settings as they are now.

        Work that has ended and left nothing new is done once more: the edit that stopped it was taken back, or what it
        had written is gone already.
        """
        try:
            look.apply_settings()
        except ConfigError as error:
            return self._unsettled(look, error.brief)
        return look.event(resume=worked and look.state.status in WORKING)

    def _unsettled(self, look: Look, problem: str) -> Event | None:
        """The project's settings are wrong: what has something to do waits until they are mended."""
        if look.at_rest():
            self._shell.say_once(self._name, problem)
            return None
        return None if (look.state.status, look.state.error) == (Status.WAITING, problem) else Stalled(problem)

    async def _watched(self, steps: Steps, action: Action, look: Look, folder: Folder) -> Event | None:
        """Perform `action`; stop it at once when a change upstream makes it worthless, or the person says STOP."""
        work = asyncio.create_task(self._perform(steps, action), name=f"{self._name}: {action}")
        try:
            while await self._is_poked(during=work):
                if not await off_loop(folder.still_there):
                    raise Gone(f"{self._name} was deleted, renamed or replaced while it was worked on; that is dropped")
                if await off_loop(lambda: steering.told(folder)) == steering.STOP:
                    return steering.halted(steering.STOP, self._name)
                if await off_loop(lambda: _outdated(look)):
                    self._shell.view.say("a newer version arrived; the work on the old one stops", project=self._name)
                    return None
                await off_loop(lambda: self._advise(look, folder))
            return await work
        finally:
            work.cancel()
            await asyncio.wait({work})
            if not work.cancelled():
                work.exception()  # what cancelled work failed with is no news: its folder may be gone
            self._shell.view.show(look.state.name, None)

    async def _is_poked(self, *, during: asyncio.Task[Event | None]) -> bool:
        """Wait until the files may have changed; False when the work has ended before."""
        poke = asyncio.create_task(self.poked.wait())
        try:
            await asyncio.wait({during, poke}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            poke.cancel()
        if during.done():
            return False  # a poke that came as well is for the next look
        self.poked.clear()
        return True

    async def _perform(self, steps: Steps, action: Action) -> Event | None:
        """The work itself; trouble becomes an event. One project must not stop the others."""
        self._shell.spent_out.pop(steps.state.name, None)
        try:
            return await steps.perform(action)
        except Gone:
            raise
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            log.exception("%s: %s was cancelled, but not by us", self._name, action)
            return Failed(f"internal error in {action}: it was cancelled from within", _DEFECT)
        except Exception as error:
            if isinstance(error, Unavailable) and steps.state.provider:
                self._shell.crew.doubt(steps.state.provider)
            if isinstance(error, BudgetExceeded):
                self._shell.spent_out[steps.state.name] = (steps.config.limits, self._shell.today.day)
            event = event_for(error, self._name, datetime.now(UTC))
            if event is None:
                log.exception("%s: %s broke", self._name, action)
                event = Failed(f"internal error in {action}: {error!r}", _DEFECT)
            return event


def _is_cancelled() -> bool:
    """Whether somebody wants the running task to end; a library that cancels its own scope may let that slip out."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _outdated(look: Look) -> bool:
    """Not when the disk does not let us look just now: the work that is paid for goes on, and meets the disk itself."""
    try:
        return look.outdated()
    except DiskError:
        return False


def _dated(state: State, event: Event, now: datetime) -> State:
    """Note when the score reached the threshold: the zip is named after it, also when it is made later.

    That is when the report was written, so that a state that was rebuilt says the same; `now` when nobody knows.
    """
    if state.status is not Status.FINALIZING or not isinstance(event, Arrived):
        return state
    reported = written_at(state.taken.get(Trigger.REPORT, ""))
    return state.model_copy(update={"accepted": (reported or now).replace(microsecond=0)})
