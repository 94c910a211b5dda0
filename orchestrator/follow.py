"""Tells from a workspace's files what a daemon in another process does, in the words of the daemon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from agents.verification.text import count

from . import live_file, store
from .files import FileProblem, Fingerprint, Folder
from .invocation import no_project
from .machine import WORKING
from .program import program
from .project import Project
from .state import State, Status
from .status import daemon, names
from .tell import tell
from .view import Level, Row, View


class Follower:
    """Call `look` twice a second or so. Only reads."""

    def __init__(self, workspace: Path, view: View, only: str | None = None) -> None:
        self._workspace = workspace
        self._view = view
        self._only = only
        self._states: dict[str, tuple[Fingerprint, State]] = {}
        self._shown: set[str] = set()
        self._pid: int | None = -1
        self._looked = False

    def look(self) -> None:
        """Say what happened since the last call, and show who is at work."""
        watched = [name for name in names(self._workspace) if self._only in (None, name)]
        for name in watched:
            self._project(name)
        pid = self._daemon()
        if not self._looked:
            self._view.say(self._summary(watched))
        self._looked = True
        rows = [] if pid is None else live_file.read(self._workspace, pid) or self._guessed()
        self._show([row for row in rows if self._only in (None, row.project)])

    def _summary(self, watched: Sequence[str]) -> str:
        """How the projects stand when somebody begins to watch."""
        statuses = [self._states[name][1].status if name in self._states else Status.IDLE for name in watched]
        if not statuses:
            return no_project()
        if self._only is not None:
            return f"{self._only}: {statuses[0]}"
        told = ", ".join(f"{number} {status}" for status, number in sorted(Counter(statuses).items()))
        return f"{count(len(statuses), 'project')}: {told}; what is next: {program()} status"

    def _daemon(self) -> int | None:
        pid = daemon(self._workspace)["pid"]
        if pid != self._pid:
            self._pid = pid
            if pid is None:
                self._view.say(f"no daemon works here; start it with: {program()} run", level=Level.WARNING)
            else:
                self._view.say(f"the daemon works (process {pid}); Ctrl+C ends only this view")
        return pid if isinstance(pid, int) else None

    def _project(self, name: str) -> None:
        """What is unreadable now is told by `status`; here it is passed over until it can be read."""
        try:
            with Folder.open(self._workspace / name) as folder:
                found = folder.stat(Project.STATE)
                known = self._states.get(name)
                if found is None or (known is not None and known[0] == found):
                    return
                state = store.load(folder, name)
        except (FileProblem, store.StateProblem):
            return
        before = known[1] if known else State(name=name)
        if self._looked and _told(before) != _told(state):
            tell(self._view, before, state)
        self._states[name] = (found, state)

    def _guessed(self) -> list[Row]:
        """For want of the daemon's own rows: the projects whose state says that they are worked on."""
        busy = (state for _, state in self._states.values() if state.status in WORKING)
        return [
            Row(
                project=state.name,
                status=state.status,
                model=state.model or "",
                iteration=state.iteration,
                max_iterations=state.max_iterations,
                score=state.last_score,
            )
            for state in busy
        ]

    def _show(self, rows: list[Row]) -> None:
        for row in rows:
            self._view.show(row.project, row)
        for project in self._shown - {row.project for row in rows}:
            self._view.show(project, None)
        self._shown = {row.project for row in rows}


def _told(state: State) -> tuple[object, ...]:
    """What of a state is worth a line; it is also saved when an agent's model becomes known."""
    return state.status, state.iteration, state.turn, state.scores, state.error
