"""Looks at one project: what its files and its state say is next."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self

from . import gather, iterations, steering, store
from .config import Config
from .config_error import ConfigError
from .config_file import for_project
from .events import Arrived, Event, Failed, Resumed, Stalled
from .files import Denied, FileProblem, Folder, NotRegular, TooLarge
from .hold import Hold
from .machine import AT_REST, HELD, WORKING, Action, next_arrival, outdates, take
from .project import Project, Trigger
from .shell import Shell
from .state import State, Status
from .tested import sweep
from .threads import off_loop
from .triggers import fingerprint, fingerprints, report_iteration, untouched
from .verdict import verdict
from .view import Level


class Look:
    """A project as it stands. `state` goes on with the work; `config` holds the project's own settings too.

    Whatever reads files blocks, and is called in a thread.
    """

    def __init__(self, shell: Shell, folder: Folder, state: State, *, first: bool = False) -> None:
        self.state = state
        self.config: Config = shell.config
        self.awaits: Action | None = None
        """The work whose server has to be asked before it can go on."""
        self._shell = shell
        self._folder = folder
        self._first = first

    @classmethod
    async def at(cls, shell: Shell, folder: Folder, name: str, *, first: bool = False) -> Self:
        """Read the state; `first` since the daemon started: clear away what a killed one left, forget mere touches.

        Raises StateProblem, FileProblem.
        """
        state, rebuilt = await off_loop(lambda: store.load_or_rebuild(folder, name))
        if rebuilt:
            shell.view.say(rebuilt, project=name, level=Level.WARNING)
        begun = await off_loop(lambda: _begun(folder, state, shell.began)) if first else state
        return cls(shell, folder, begun, first=first)

    def apply_settings(self) -> None:
        """Lay the project's own settings over the daemon's; state.json shows what is enforced. Raises ConfigError."""
        try:
            text = self._folder.read(Project.OVERRIDES, limit=1 << 20)
        except (NotRegular, TooLarge, Denied) as problem:
            raise ConfigError(f"{self.state.name}: {problem}") from problem
        place = f"{self.state.name}/{Project.OVERRIDES}"
        self.config = self._shell.config if text is None else for_project(self._shell.config, text, place)
        limits = {"max_iterations": self.config.max_iterations, "quality_threshold": self.config.quality_threshold}
        self.state = self.state.model_copy(update=limits)

    def event(self, *, resume: bool = False) -> Event | None:
        """What is next: the most upstream change, else what was interrupted, else nothing.

        A trigger that is taken up is marked so in `state`.
        """
        word = steering.told(self._folder)
        if self.state.restoring:
            return Resumed() if word is None and (resume or self.state.status is Status.EXHAUSTED) else None
        found = fingerprints(self._folder, self.state)
        trigger = next_arrival(self.state.taken, found)
        if word is not None:
            return self._held(word, trigger)
        if trigger is not None:
            return self._arrival(trigger, found)
        if self._may_try_longer():
            return Arrived(Trigger.REPORT, self.state.scores[-1])
        return Resumed() if resume and self.state.status in WORKING | HELD else None

    def _held(self, word: str, trigger: Trigger | None) -> Event | None:
        """A person's PAUSE or STOP is news only to a project that has something to do, and only once."""
        has_work = trigger is not None or self.state.status in WORKING
        return steering.halted(word, self.state.name) if has_work and self.state.status is not Status.PAUSED else None

    def at_rest(self) -> bool:
        """Whether there is nothing to do for the project: no work was cut off, and no trigger is new."""
        return self.state.status in AT_REST and self._newest() is None

    def outdated(self) -> bool:
        """Whether a change upstream of the work under way has arrived. The way back to the best is made to its end."""
        trigger = None if self.state.restoring else self._newest()
        return trigger is not None and outdates(trigger, self.state.current_phase)

    def _newest(self) -> Trigger | None:
        return next_arrival(self.state.taken, fingerprints(self._folder, self.state))

    @property
    def hold(self) -> Hold:
        """What may keep the project, as it stands now."""
        return Hold(self._shell, self._folder, self.state, self.config, self._first)

    def _may_try_longer(self) -> bool:
        """An exhausted project goes on when max_iterations was raised."""
        if self.state.status is not Status.EXHAUSTED or not self.state.scores:
            return False
        return (self.state.exhausted_at or self.state.scores[-1].iteration) < self.state.max_iterations

    def _arrival(self, trigger: Trigger, found: dict[Trigger, str]) -> Event | None:
        """Take the trigger up, unless it is an empty requirements file that somebody may be about to write."""
        iteration = report_iteration(self.state)
        rel = Project.file(trigger, iteration)
        try:
            text = "" if trigger is Trigger.MANIFEST else gather.required(self._folder, rel)
        except gather.Unreadable as problem:
            if problem.blank and trigger is Trigger.REQUIREMENTS:
                return self._blank(str(problem))
            self.state = take(self.state, trigger, found)
            return Failed(str(problem))
        self.state = take(self.state, trigger, self._with_old_report(trigger, found))
        if trigger is Trigger.REQUIREMENTS or self.state.start_time is None:
            self.state = self.state.model_copy(update={"start_time": _now().replace(microsecond=0)})
        if trigger is Trigger.REPORT:
            return verdict(self._folder, self.state, iteration, text)
        return Arrived(trigger)

    def unheeded(self) -> str | None:
        """What to say about a report that a person has just edited and that decides nothing any more."""
        newest = report_iteration(self.state)
        for score in self.state.scores:
            with suppress(FileProblem):
                if score.iteration != newest and self._is_edited_lately(score.iteration):
                    rel = Project.report(score.iteration)
                    return f"{rel} was edited, but only the newest report decides; edit {Project.report(newest)}"
        return None

    def _is_edited_lately(self, iteration: int) -> bool:
        """Whether a report is not as we wrote it, and was written after the state was."""
        rel, since = Project.report(iteration), self.state.last_update
        found = self._folder.stat(rel)
        if found is None or since is None or found.mtime_ns < since.timestamp() * 1e9:
            return False
        facts = iterations.facts_of(self._folder, iteration)
        return self._folder.sha256(rel) != (facts.report_sha256 if facts else "")

    def _blank(self, problem: str) -> Event | None:
        if self.state.status in WORKING:
            return Stalled(problem)
        self._shell.say_once(self.state.name, problem)
        return None

    def _with_old_report(self, trigger: Trigger, found: dict[Trigger, str]) -> dict[Trigger, str]:
        """`found`, and the report that an earlier plan left for the iteration that is to be verified: it is stale."""
        if trigger is not Trigger.MANIFEST:
            return found
        old = fingerprint(self._folder, Project.report(max(1, self.state.iteration)))
        return found if old is None else {**found, Trigger.REPORT: old}


TICK = 10_000_000
"""Nanoseconds by which a file's time may lie behind the clock: file systems take the time of the last timer tick."""


def _begun(folder: Folder, state: State, began: int) -> State:
    """The state at the daemon's first look; written when files were only touched between the last one and its start."""
    sweep(folder)
    now, saved = time.time_ns(), folder.stat(Project.STATE)
    since = began - TICK if saved is not None and saved.mtime_ns < began else now  # a copy just made was not touched
    taken = untouched(state.taken, fingerprints(folder, state), since=since, now=now)
    return state if taken == state.taken else store.save(folder, state.model_copy(update={"taken": taken}))


def _now() -> datetime:
    return datetime.now(UTC)
