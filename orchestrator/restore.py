"""Puts the files of an iteration back into 03_staging; what a person edited there goes aside, never away."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from . import archive, delivery, store
from .aside import keep_aside
from .files import Folder
from .iterations import files_of
from .machine import WORKING
from .program import program
from .rerun import SteeringError
from .workspace_lock import AlreadyRunning, WorkspaceError, WorkspaceLock


@dataclass(frozen=True)
class Restoration:
    """What was done."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    aside: str | None
    """Where the person's edits are now, relative to the project; None when there were none to lose."""
    running: bool
    """The daemon runs, and takes the files up at once."""


def restore(workspace: Path, name: str, iteration: int, now: datetime) -> Restoration:
    """Bring 03_staging to what `iteration` delivered. Raises SteeringError, StateProblem and FileProblem."""
    with Folder.open(workspace / name) as folder, _alone(workspace) as running:
        state = store.load(folder, name)
        if running and (state.status in WORKING or state.restoring):
            raise SteeringError(f"{name}: is being worked on ({state.status}); first: stop {name}")
        kept = files_of(folder, iteration)
        if kept is None:
            those = f"see which there are with: {program()} report {shlex.quote(name)}"
            raise SteeringError(f"{name}: iteration {iteration} was not kept; {those}")
        staged = dict(archive.staged(folder))
        hashes = {path: hashlib.sha256(data).hexdigest() for path, data in staged.items()}
        edited = delivery.edited_by_hand(folder, hashes)
        lost = {path: staged[path] for path in sorted(edited) if kept.get(path) != staged[path]}
        aside = keep_aside(folder, lost, now)
        made = delivery.Delivery(
            turn=state.turn,
            iteration=iteration,
            restored={path: iteration for path in sorted(kept) if staged.get(path) != kept[path]},
            deleted=tuple(sorted(set(staged) - set(kept))),
            seen=hashes,
        )
        delivery.apply(folder, made)
        return Restoration(tuple(made.restored), made.deleted, aside, running)


@contextmanager
def _alone(workspace: Path) -> Iterator[bool]:
    """Keeps a daemon from starting while the block runs; whether one runs already."""
    try:
        lock = WorkspaceLock(workspace)
    except AlreadyRunning:
        yield True
        return
    except WorkspaceError as error:
        raise SteeringError(str(error)) from error
    with lock:
        yield False
