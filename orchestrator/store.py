"""Reads and writes `.tumbler/state.json`; a damaged file is set aside and rebuilt, never overwritten with defaults."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .files import FileProblem, Folder
from .journal import Journal
from .project import Project
from .state import SCHEMA_VERSION, State

LARGEST_STATE = 4 << 20


class StateProblem(Exception):
    """The state cannot be used and must not be touched; the text says why and what to do."""


class StateManager:
    """One project's memory. `StateManager(Path("projects/x")).load_state()["last_score"]` is public API."""

    def __init__(self, project_root: Path | str) -> None:
        self.root = Path(project_root)

    def load_state(self) -> dict[str, Any]:
        """The documented fields and ours, as JSON values; those of an idle project when there is no state yet.

        Only reads. Raises StateProblem when the file is damaged or of a newer version.
        """
        with Folder.open(self.root) as folder:
            return load(folder, self.root.name).model_dump(mode="json")

    def save_state(self, state: dict[str, Any]) -> None:
        """Replace the state, atomically. For scripts; while the daemon runs, it alone writes."""
        with Folder.open(self.root) as folder:
            save(folder, State.model_validate(state))


def load(folder: Folder, name: str) -> State:
    """The state in `folder`; a fresh one when there is none. Raises StateProblem."""
    name = _storable(name)
    try:
        data = folder.read(Project.STATE, limit=LARGEST_STATE)
    except FileProblem as error:
        raise StateProblem(f"{name}: {error}") from error
    if data is None:
        return State(name=name)
    try:
        state = State.model_validate_json(data)
    except (ValidationError, ValueError, RecursionError) as error:
        raise StateDamaged(
            f"{name}: {Project.STATE} is damaged ({_first_line(error)}); the daemon rebuilds it"
        ) from error
    if state.schema_version > SCHEMA_VERSION:
        raise StateProblem(
            f"{name}: {Project.STATE} was written by a newer version (schema {state.schema_version}, "
            f"this one knows {SCHEMA_VERSION}); update code-tumbler, or move .tumbler away to start afresh"
        )
    return state


class StateDamaged(StateProblem):
    """The file does not parse; it can be rebuilt from the journal."""


def load_or_rebuild(folder: Folder, name: str) -> tuple[State, str | None]:
    """The state, and a sentence for the user when it had to be rebuilt. Raises StateProblem for a newer version."""
    fresh, told = State(name=_storable(name)), f"{Project.STATE} was missing"
    try:
        state = load(folder, name)
        known = folder.stat(Project.STATE) is not None
    except StateDamaged:
        state, known, told = fresh, False, f"{Project.STATE} was damaged; set aside as {_set_aside(folder)}"
    kept = None if known else Journal.open(folder).newest_state()
    if kept is None and state is not fresh:
        return _named(folder, state, fresh.name, known=known), None
    rebuilt = save(folder, (kept or fresh).model_copy(update={"name": fresh.name}))
    return rebuilt, f"{told}; rebuilt from the journal"


def _named(folder: Folder, state: State, name: str, *, known: bool) -> State:
    """The state of a project whose folder may have been renamed; what it is called is kept where a state is kept."""
    if state.name == name:
        return state
    now = state.model_copy(update={"name": name})
    return save(folder, now) if known else now


def save(folder: Folder, state: State) -> State:
    """Write `state` durably and return it as written, with its time."""
    state = state.model_copy(update={"last_update": datetime.now(UTC).replace(microsecond=0)})
    folder.write(Project.STATE, state.model_dump_json(indent=2) + "\n")
    return state


def _storable(name: str) -> str:
    """A folder's name need not be UTF-8, but what is written as JSON must be."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _set_aside(folder: Folder) -> str:
    """Keep the damaged file under the first free `state.json.corrupt-N`; its path."""
    data = folder.read(Project.STATE, limit=LARGEST_STATE) or b""
    n = 1
    while True:
        aside = f"{Project.STATE}.corrupt-{n}"
        try:
            folder.create(aside, data)
        except FileExistsError:
            n += 1
            continue
        return aside


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]
