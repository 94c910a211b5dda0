"""Lets an agent run again on what stands: a touch of its trigger file, or a note in the state while no daemon runs."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Mapping
from pathlib import Path

from . import store
from .files import FileProblem, Folder
from .machine import INPUT
from .program import program
from .project import Project, Trigger
from .state import Phase, State
from .workspace_lock import AlreadyRunning, WorkspaceError, WorkspaceLock

TRIGGERS: Mapping[str, Trigger] = {
    "architect": Trigger.REQUIREMENTS,
    "engineer": Trigger.PLAN,
    "verifier": Trigger.MANIFEST,
}
_AGENTS = {trigger: agent for agent, trigger in TRIGGERS.items()}
_FOLLOWS: Mapping[Trigger, str] = {
    Trigger.REQUIREMENTS: f"the Architect plans anew; {Project.PLAN} is replaced, and the scores begin anew",
    Trigger.PLAN: f"the Engineer starts again from {Project.PLAN} with what is in {Project.STAGING}; "
    "the scores begin anew",
    Trigger.MANIFEST: f"the Verifier tests what is in {Project.STAGING} once more",
}


class SteeringError(Exception):
    """It cannot be done; the text says why and what to do."""


def rerun(workspace: Path, name: str, agent: str | None) -> str:
    """Let `agent` (None: the one that worked last) run again; a sentence about what happens now.

    Raises SteeringError, StateProblem and FileProblem.
    """
    with Folder.open(workspace / name) as folder:
        state = store.load(folder, name)
        trigger = TRIGGERS[agent] if agent else _last(state)
        rel = Project.file(trigger, state.iteration)
        if folder.stat(rel) is None:
            raise SteeringError(f"{name}: {rel} is not there; {_before(trigger, name)}")
        try:
            with WorkspaceLock(workspace):
                _forget(folder, store.load(folder, name), trigger)  # a daemon may have ended since
            return f"when the daemon runs, {_FOLLOWS[trigger]}"
        except AlreadyRunning:
            _touch(workspace / name / rel)
            return f"{_FOLLOWS[trigger]}; this begins now"
        except WorkspaceError as error:
            raise SteeringError(str(error)) from error


def _last(state: State) -> Trigger:
    if state.current_phase is Phase.IDLE:
        return Trigger.REQUIREMENTS
    return min(INPUT[state.current_phase], Trigger.MANIFEST, key=list(Trigger).index)


def _before(trigger: Trigger, name: str) -> str:
    if trigger is Trigger.REQUIREMENTS:
        return "write down there what is wanted"
    earlier = list(Trigger)[list(Trigger).index(trigger) - 1]
    return f"begin with: {program()} rerun {shlex.quote(name)} {_AGENTS[earlier]}"


def _forget(folder: Folder, state: State, trigger: Trigger) -> None:
    """A touch counts only while the daemon runs, so the state is made to say that the trigger was never taken up."""
    taken = {key: mark for key, mark in state.taken.items() if key is not trigger}
    store.save(folder, state.model_copy(update={"taken": taken}))


def _touch(path: Path) -> None:
    now = time.time_ns()
    try:
        os.utime(path, ns=(now, now), follow_symlinks=False)
    except OSError as error:
        raise FileProblem(f"{path}: cannot be touched: {error.strerror}") from error
