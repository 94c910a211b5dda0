"""Brings staging to what an agent delivered, or back to the best iteration: prepared first, then applied."""

from __future__ import annotations

from agents.base import Built

from . import delivery, gather, iterations
from .delivery import Delivery
from .files import Folder
from .project import Project
from .shell import Shell
from .state import State
from .view import Level


class Publishing:
    """One project's staging. All of it blocks."""

    def __init__(self, shell: Shell, folder: Folder) -> None:
        self._shell = shell
        self._folder = folder

    def finish(self, state: State) -> bool:
        """Apply what was prepared in this turn and cut off; whether there was anything."""
        unfinished = delivery.pending(self._folder, state.turn)
        if unfinished is None:
            if self._folder.stat(Project.MANIFEST) is not None:  # else it alone tells what a person has edited
                delivery.forget(self._folder)
            return False
        self._apply(state, unfinished)
        return True

    def build(self, state: State, built: Built, base: gather.Base) -> None:
        self._shell.keep_raw(state.name, "engineer", state.iteration, built.raw)
        for path, reason in built.rejected.items():
            self._shell.view.say(f"{path} keeps its old version: {reason}", project=state.name, level=Level.WARNING)
        self._publish(state, _delivery(state, base, iteration=state.iteration, built=built))

    def part(self, state: State, part: Built, base: gather.Base) -> None:
        """Leave of the round what is good; the new manifest lets that be verified."""
        made = _delivery(state, base, iteration=state.iteration, built=part)
        delivery.prepare(self._folder, made)
        paths = ", ".join(sorted((*part.files, *part.deleted)))
        told = f"a part of iteration {state.iteration} is better than all of it; put back: {paths}"
        self._shell.view.say(told, project=state.name)
        self._apply(state, made)

    def best(self, state: State) -> bool:
        """Bring the best iteration back, unless it stands there; whether it does then."""
        if state.best_iteration == state.iteration or self.finish(state):
            return True
        if iterations.files_of(self._folder, state.best_iteration) is None:
            lost = f"iteration {state.best_iteration} was not kept, or its zip is damaged"
            told = f"{lost}; {Project.STAGING} stays as it is"
            self._shell.view.say(told, project=state.name, level=Level.WARNING)
            return False
        base = gather.best_of(self._folder, state)
        self._publish(state, _delivery(state, base, iteration=state.best_iteration or 0))
        return True

    def _publish(self, state: State, made: Delivery) -> None:
        delivery.prepare(self._folder, made)
        self._apply(state, made)

    def _apply(self, state: State, made: Delivery) -> None:
        for path in sorted(delivery.apply(self._folder, made)):
            told = f"{Project.STAGING}/{path} was edited meanwhile; your version stays"
            self._shell.view.say(told, project=state.name, level=Level.WARNING)


def _delivery(state: State, base: gather.Base, *, iteration: int, built: Built | None = None) -> Delivery:
    files = dict(built.files) if built else {}
    deleted = {*(built.deleted if built else ()), *base.dropped} - set(files)
    return Delivery(
        turn=state.turn,
        iteration=iteration,
        provider=state.provider,
        model=state.model,
        files=files,
        restored={path: n for path, n in base.restored.items() if path not in files and path not in deleted},
        deleted=tuple(sorted(deleted)),
        seen=dict(base.hashes),
        edited=tuple(sorted(base.edited)),
        afresh=built is not None and built.afresh,
    )
