"""The sentence that says what a project needs next, from its state and its files; `status` and `report` show it."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from . import intake
from .files import FileProblem, Folder
from .machine import next_arrival
from .paragraph import joined
from .program import again, program
from .project import Project, Trigger
from .state import State, Status
from .steering import halted_by, told
from .triggers import fingerprints, report_iteration, untouched
from .workspace import advice

LATER = "when the daemon runs: "
_UNWATCHED = "no daemon works now"
"""Follows the promise that something happens by itself."""


def outlook(folder: Folder, state: State, *, running: bool | None = None) -> str:
    """What is next; `running`: whether a daemon works there, None when that is not known. Raises FileProblem."""
    absent = running is False
    rel = _changed(folder, state) if absent else ""
    following = f"{LATER}it takes up {rel}" if rel else _NEXT[state.status](folder, state, absent)
    return _held(folder, state, following)


def _changed(folder: Folder, state: State) -> str:
    """What a daemon would take up of a project that had its end, by its start; empty when nothing has changed since."""
    if state.status not in _ENDED:
        return ""
    found = fingerprints(folder, state)
    known = untouched(state.taken, found, since=0, now=0)  # a mere touch does not count at a start
    trigger = next_arrival(known, found)
    return Project.file(trigger, report_iteration(state)) if trigger else ""


def _held(folder: Folder, state: State, following: str) -> str:
    """With what a person's PAUSE or STOP means for a project that has not noticed it, because it is at rest."""
    word = told(folder)
    if word is None or state.status is Status.PAUSED:
        return following
    return joined(following, f"{word} holds it, until: {program()} resume {shlex.quote(folder.path.name)}")


def _idle(folder: Folder, _state: State, absent: bool) -> str:
    try:
        misplaced = advice(folder)
        written = intake.read(folder, Project.REQUIREMENTS) is not None
    except FileProblem as problem:
        return str(problem)
    if misplaced:
        return misplaced
    if not written:
        return f"write {Project.REQUIREMENTS}"
    return f"{LATER}it takes up {Project.REQUIREMENTS}" if absent else "the daemon takes it up"


def _completed(folder: Folder, _state: State, _absent: bool) -> str:
    try:
        builds = [name for name in folder.names(Project.FINAL) if name.endswith(".zip")]
        newest = max(builds, key=lambda name: folder.status(f"{Project.FINAL}/{name}").st_mtime_ns)  # type: ignore[union-attr]
    except (FileProblem, ValueError, AttributeError):
        rerun = f"{program()} rerun {shlex.quote(folder.path.name)} verifier"
        return f"there is no zip in {Project.FINAL}; make it again with: {rerun}"
    return f"take {Project.FINAL}/{newest}"


def _working(text: str) -> Callable[[Folder, State, bool], str]:
    return lambda _folder, _state, absent: f"{LATER if absent else ''}{text}"


def _waiting(_folder: Folder, state: State, absent: bool) -> str:
    until = f", not before {state.not_before.astimezone():%H:%M}" if state.not_before else ""
    goes_on = state.hint or f"it goes on by itself{until}"
    return joined(state.error or "something is not there", goes_on, _UNWATCHED if absent else None)


def _paused(folder: Folder, state: State, absent: bool) -> str:
    word = halted_by(state)
    if word and told(folder) is None:
        return f"{LATER if absent else ''}it goes on, {word} is gone"
    raised = "raise the limit in config.yaml and start the daemon again, or in tumbler.yaml"
    return joined(state.error, state.hint or raised, _UNWATCHED if absent and not word else None)


def _failed(folder: Folder, state: State, _absent: bool) -> str:
    return joined(state.error, state.hint, again(folder.path.name))


def _exhausted(_folder: Folder, state: State, _absent: bool) -> str:
    report = Project.file(Trigger.REPORT, state.iteration)
    return (
        state.hint
        or f"the best is back in {Project.STAGING}; read {report}, edit {Project.PLAN} or raise max_iterations"
    )


_ENDED = {Status.COMPLETED, Status.EXHAUSTED, Status.FAILED}
_NEXT: dict[Status, Callable[[Folder, State, bool], str]] = {
    Status.IDLE: _idle,
    Status.PLANNING: _working(f"the Architect writes {Project.PLAN}"),
    Status.ENGINEERING: _working(f"the Engineer writes code into {Project.STAGING}"),
    Status.VERIFYING: _working("the Verifier builds and tests the code"),
    Status.FINALIZING: _working(f"the accepted build goes to {Project.FINAL}"),
    Status.COMPLETED: _completed,
    Status.FAILED: _failed,
    Status.EXHAUSTED: _exhausted,
    Status.WAITING: _waiting,
    Status.PAUSED: _paused,
}
