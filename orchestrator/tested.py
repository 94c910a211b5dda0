"""What a verification is made of: a private copy of staging, kept as the iteration, and what stood beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from . import delivery, gather, iterations
from .archive import pack, snapshot, unpack
from .files import Folder
from .project import Project
from .state import State
from .triggers import content_of

WORK_FOLDER = f"{Project.MEMORY}/work"
SNAPSHOT = f"{WORK_FOLDER}/snapshot"


@dataclass(frozen=True)
class Tested:
    """Taken before anything is run."""

    base: gather.Base
    """Staging, should a part of the round be put back."""
    files: Mapping[str, bytes]
    edited: tuple[str, ...]
    """Files that hold a person's changes."""
    report: str
    """Hash of the report that stands already; it is stale."""
    acceptance: str
    """Hash of ACCEPTANCE.md."""

    @classmethod
    def take(cls, folder: Folder, state: State) -> Self:
        """Copy staging, and keep it as the iteration. Raises FileProblem."""
        base = gather.staging(folder)
        files = _copy(folder, state.iteration)
        hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
        return cls(
            base,
            files,
            tuple(sorted(delivery.edited_by_hand(folder, hashes))),
            content_of(folder, Project.report(state.iteration)),
            content_of(folder, Project.ACCEPTANCE),
        )


def _copy(folder: Folder, iteration: int) -> dict[str, bytes]:
    folder.remove_tree(WORK_FOLDER)
    folder.mkdir(SNAPSHOT)
    with folder.folder(SNAPSHOT) as copy:
        archive = pack(copy, snapshot(folder, copy))
    iterations.keep_files(folder, iteration, archive)
    return unpack(archive) or {}


def sweep(folder: Folder) -> None:
    """Remove what a daemon that was killed left half done; nothing of it is needed."""
    folder.sweep()
    folder.remove_tree(WORK_FOLDER)
