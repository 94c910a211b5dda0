"""The event loop of the daemon: notes which projects may have changed, and runs one cycle per busy project."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime

from agents.verification.box import SandboxUnavailable

from .busy import Busy
from .cycle import Cycle
from .files import PASSING, FileProblem, Folder, Gone
from .machine import HELD
from .program import again
from .project import Project
from .shell import Shell
from .state import State, Status
from .store import StateProblem
from .threads import in_thread
from .triggers import report_iteration
from .trouble import kept_waiting
from .view import Level
from .watch import Debounce, watching
from .workspace import Workspace, WorkspaceError, WorkspaceLock

log = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""What running work gets to end itself once it is cancelled."""


class Loop:
    """One run of the daemon: until it is stopped, idle or out of time."""

    def __init__(self, workspace: Workspace, lock: WorkspaceLock, shell: Shell, ending: Callable[[], object]) -> None:
        """`ending` is called when no more work is begun."""
        self._workspace = workspace
        self._lock = lock
        self._shell = shell
        self._ending = ending
        self._watch = shell.config.watch
        quiet = self._watch.debounce_seconds
        self._debounce = Debounce(quiet)
        self._woken = asyncio.Event()
        self._stopping = False
        self._busy = Busy(self._look_again)
        self._states: dict[str, State] = {}
        self._seen: dict[str, dict[str, str]] = {}
        self._day = shell.today.day

    def stop(self) -> None:
        """End soon: running work is cancelled and goes on at the next start."""
        self._stopping = True
        self._woken.set()

    async def run(self, *, until_idle: bool, timeout: float | None) -> bool:
        """Until stopped, idle or out of time; whether every project is completed."""
        rescan: asyncio.Task[None] | None = None
        greeting: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(timeout if until_idle else None):
                async with watching(self._workspace.path, self._note, polling=self._watch.polling) as watcher:
                    self._say(f"watching {self._workspace.path}; write NAME/{Project.REQUIREMENTS} to begin")
                    await in_thread(self._count_today)
                    await self._rescan(at_once=True)
                    rescan = asyncio.create_task(self._rescan_forever(watcher.check), name="rescan")
                    greeting = asyncio.create_task(self._tell_sandbox(), name="sandbox")
                    await self._serve(until_idle=until_idle, patient=timeout is not None)
        except TimeoutError:
            self._say(
                f"out of time after {timeout:g} seconds; what is unfinished goes on at the next start", Level.WARNING
            )
            return False
        finally:
            for task in (rescan, greeting):
                if task is not None:
                    task.cancel()
            await self._end_work()
        return not self._stopping and all(state.status is Status.COMPLETED for state in self._begun())

    async def _tell_sandbox(self) -> None:
        """How code is kept in, or why nothing can be verified yet; the work itself decides again."""
        try:
            sandbox = await self._shell.crew.sandbox()
        except SandboxUnavailable as problem:
            self._say(f"no sandbox works here, so nothing can be verified: {problem}", Level.WARNING)
            return
        if sandbox:
            self._say(f"code is tested in {sandbox}")

    def _count_today(self) -> None:
        """What was spent today before this start counts in the daily limits."""
        for name in self._workspace.projects():
            try:
                with self._workspace.folder(name) as folder:
                    self._shell.today.read(folder)
            except FileProblem as problem:
                log.warning("%s: what it has spent today is not known: %s", name, problem)
            except Exception:
                log.exception("%s: what it has spent today is not known", name)

    def _begun(self) -> list[State]:
        """The projects that have anything to be done or that was done."""
        return [s for name, s in self._states.items() if s.status is not Status.IDLE or self._seen.get(name)]

    async def _serve(self, *, until_idle: bool, patient: bool) -> None:
        now = asyncio.get_running_loop().time
        while not self._stopping:
            for name in self._debounce.take_due(now()):
                self._attend(name)
            if until_idle and self._idle(patient=patient):
                return
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._debounce.due_at()):
                    await self._woken.wait()

    def _idle(self, *, patient: bool) -> bool:
        waiting = patient and any(state.status is Status.WAITING for state in self._states.values())
        return not self._busy and self._debounce.due_at() is None and not waiting

    # --- noticing

    def _note(self, name: str) -> None:
        """The project's files may have changed; it is looked at when it has been quiet for a while."""
        self._debounce.note(name, asyncio.get_running_loop().time())
        self._woken.set()

    def _note_now(self, name: str) -> None:
        self._debounce.note(name, asyncio.get_running_loop().time() - 10 * self._watch.debounce_seconds - 1)
        self._woken.set()

    async def _rescan_forever(self, check: Callable[[], Iterable[str]]) -> None:
        """`check` mends the watcher and says what was wrong with it."""
        while True:
            await asyncio.sleep(self._watch.rescan_seconds)
            try:
                for problem in check():
                    self._say(problem, Level.WARNING)
                await self._rescan()
            except WorkspaceError as error:
                self._shell.say_once("", str(error), Level.ERROR)
            except Exception:
                log.exception("a scan of the workspace broke; the next one is made all the same")

    async def _rescan(self, *, at_once: bool = False) -> None:
        """Note every project whose files differ from what was last seen, and those that time alone may let go on.

        Raises WorkspaceError.
        """
        await in_thread(self._lock.renew)
        found = await in_thread(lambda: self._workspace.scan(self._report_iteration, self._is_held))
        another_day, self._day = self._day != self._shell.today.day, self._shell.today.day
        note = self._note_now if at_once else self._note
        for name, marks in found.items():
            if at_once or self._seen.get(name) != marks or self._may_go_on(name, another_day=another_day):
                note(name)
        for name in set(self._states) - set(found):
            self._forget(name)
        self._seen = found

    def _is_held(self, name: str) -> bool:
        return name in self._states and self._states[name].status in HELD

    def _may_go_on(self, name: str, *, another_day: bool) -> bool:
        """Whether a look is worth while although no file has changed."""
        state = self._states.get(name)
        if state is not None and state.status is Status.WAITING:
            return not kept_waiting(state, datetime.now(UTC))
        return another_day and self._is_held(name)  # the limits of the day are new

    def _report_iteration(self, name: str) -> int:
        state = self._states.get(name)
        return report_iteration(state) if state else 0

    def _forget(self, name: str) -> None:
        """The project's folder is gone."""
        self._busy.poke(name)
        self._states.pop(name, None)
        self._shell.spent_out.pop(name, None)

    # --- working

    def _attend(self, name: str) -> None:
        """Start the project's cycle, or tell the one that runs in its folder that something may have changed.

        Not in a workspace that was put in the place of ours, before a scan has locked it.
        """
        if not self._lock.holds():
            return
        folder = self._workspace.identity(name)
        if not self._busy.joins(name, folder):
            cycle = Cycle(self._shell, name, lambda: self._open(name, folder))
            self._busy.begin(name, folder, cycle.poked, self._cycle(cycle, name))

    def _open(self, name: str, identity: tuple[int, int] | None) -> Folder:
        """The folder that the cycle was started for. Raises Gone when another stands in its place."""
        folder = self._workspace.folder(name)
        if folder.identity() == identity:
            return folder
        folder.close()
        raise Gone(f"{name} was replaced by another folder before it was looked at; that is looked at now")

    async def _cycle(self, cycle: Cycle, name: str) -> None:
        """One project's trouble is told and ends here."""
        try:
            self._states[name] = await cycle.run(first=name not in self._states)
        except Gone as gone:
            if self._states.pop(name, None):
                self._say(str(gone), Level.WARNING, name)
            if (self._workspace.path / name).is_dir():
                self._note(name)  # another folder stands in its place, or only a part of it was deleted
        except (StateProblem, FileProblem) as problem:
            self._stuck(name, str(problem), Status.WAITING)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in PASSING:
                self._stuck(name, f"the system failed: {error}; it is tried again by itself", Status.WAITING)
                return
            log.exception("%s: the cycle broke", name)
            self._stuck(name, f"internal error; the traceback is in the daemon's output; {again(name)}", Status.FAILED)

    def _stuck(self, name: str, problem: str, status: Status) -> None:
        """The state cannot be read or written: remember it here; while it is `waiting`, each rescan looks again."""
        self._shell.say_once(name, problem, Level.ERROR)
        known = self._states.get(name, State(name=name))
        self._states[name] = known.model_copy(update={"status": status, "error": problem})

    def _look_again(self, names: Iterable[str]) -> None:
        for name in names:
            self._note_now(name)
        self._woken.set()

    async def _end_work(self) -> None:
        """Cancel what runs and wait for it; nothing is lost, since all that counts is already on disk."""
        self._ending()
        await self._busy.end(STOP_SECONDS)
        if self._stopping:
            self._say("stopped; projects in progress go on at the next start")

    def _say(self, text: str, level: Level = Level.INFO, project: str | None = None) -> None:
        self._shell.view.say(text, project=project, level=level)
