"""The folder that holds the projects: which there are, what changed in them, and what is in the wrong place."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from .files import FileProblem, Fingerprint, Folder
from .project import Project, Trigger
from .steering import PAUSE, STOP
from .workspace_lock import AlreadyRunning, WorkspaceError, WorkspaceLock

__all__ = ["AlreadyRunning", "Workspace", "WorkspaceError", "WorkspaceLock", "advice", "fingerprints"]

_log = logging.getLogger(__name__)
_INPUT = "01_input"
_REQUIREMENTS = "requirements.txt"
HOLDS: Mapping[str, str] = {name: name for name in (PAUSE, STOP, Project.OVERRIDES)}
"""Files at a project's root by which a person holds it, or lets it spend more."""


class Workspace:
    """Knows its projects by name; a project's files are reached through `folder`."""

    def __init__(self, path: Path) -> None:
        """Makes the folder when it is missing; WorkspaceError when that cannot be."""
        self.path = path
        self._links_told: set[str] = set()
        try:
            path.mkdir(parents=True, exist_ok=True)
            self.path = path.resolve(strict=True)
        except FileExistsError as error:
            raise WorkspaceError(f"{path}: is a file, not a folder; move it away, or use --workspace FOLDER") from error
        except OSError as error:
            raise WorkspaceError(
                f"{path}: cannot be made ({error.strerror}); make it yourself, or use --workspace FOLDER"
            ) from error

    def lock(self) -> WorkspaceLock:
        """Make this process the workspace's only daemon; AlreadyRunning when there is one."""
        return WorkspaceLock(self.path)

    def folder(self, name: str) -> Folder:
        """The project's folder, opened; FileProblem when it is gone or a link."""
        with Folder.open(self.path) as folder:
            return folder.folder(name)

    def identity(self, name: str) -> tuple[int, int] | None:
        """What tells the project's folder from any other, whatever it is called; None when there is none."""
        try:
            found = (self.path / name).lstat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def projects(self) -> list[str]:
        """Names of the project folders, sorted. Hidden ones, files and links are none; a link is warned about once."""
        try:
            with os.scandir(self.path) as entries:
                found = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            raise WorkspaceError(
                f"{self.path}: cannot be read ({error.strerror}); is the folder still there?"
            ) from error
        self._tell_links({entry.name for entry in found if _is_link(entry)})
        return sorted(entry.name for entry in found if _is_folder(entry))

    def scan(
        self, iteration_of: Callable[[str], int], held: Callable[[str], bool] = lambda _: False
    ) -> dict[str, dict[str, str]]:
        """For each project the fingerprints of the trigger files that are there; cheap enough to do twice a minute.

        Of those that are `held` also the fingerprints of what a person holds them by, or lets them go by.
        """
        found = {}
        for name in self.projects():
            root = f"{self.path}/{name}"
            found[name] = fingerprints(root, iteration_of(name)) | (_marks(root, HOLDS) if held(name) else {})
        return found

    def _tell_links(self, names: set[str]) -> None:
        for name in sorted(names - self._links_told):
            _log.warning("%s is a symbolic link and is not taken as a project; move the folder itself here", name)
        self._links_told = names


def _is_link(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink()
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Also when the disk does not say: one look at it as a project tells what is wrong."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return True


def fingerprints(root: str | Path, iteration: int) -> dict[str, str]:
    """Trigger -> `mtime_ns:size:inode` of each trigger file that is there, of whatever kind; links are not followed."""
    return _marks(root, {trigger: Project.file(trigger, iteration) for trigger in Trigger})


def _marks(root: str | Path, files: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for key, rel in files.items():
        try:
            status = os.stat(f"{root}/{rel}", follow_symlinks=False)  # noqa: PTH116 - three times faster
        except OSError:
            continue
        found[key] = str(Fingerprint.of(status))
    return found


def advice(folder: Folder) -> str | None:
    """What to do when a project cannot start because its requirements are in the wrong place; None when all is well.

    An empty folder is left in peace: somebody is making it.
    """
    names = [name for name in folder.names() if not name.startswith(".")]
    project = folder.path.name
    try:
        inside = folder.names(_INPUT) if _INPUT in names else None
    except FileProblem as problem:
        return f"Could not determine project root: {problem}"
    if inside is None:
        return _without_input(project, names)
    if _REQUIREMENTS not in inside:
        return _misnamed(project, inside)
    return None


def _without_input(project: str, names: list[str]) -> str | None:
    if not names:
        return None
    move = "move requirements.txt to" if _REQUIREMENTS in names else "write the requirements to"
    return (
        f"Could not determine project root: {project} has no {_INPUT}/ folder; "
        f"{move} {project}/{_INPUT}/{_REQUIREMENTS}"
    )


def _misnamed(project: str, inside: list[str]) -> str | None:
    likely = [name for name in inside if name.lower().startswith("requirement")]
    if not likely:
        return None
    return f"{project}/{_INPUT}/{likely[0]}: is not read; rename it to {_REQUIREMENTS}"
