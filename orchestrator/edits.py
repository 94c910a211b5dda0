"""What a person changed by hand in a project, as far as its files tell: which files, when, and by how much."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .archive import staged_files
from .delivery import edited_by_hand
from .difference import changes
from .files import FileProblem, Folder
from .iterations import facts_of, files_of
from .project import Project
from .state import State
from .triggers import manifest_of


@dataclass(frozen=True)
class Edit:
    """A file that is not as an agent left it."""

    path: str
    """Relative to the project's root."""
    when: datetime | None
    """When it was last written; None when that is not known."""
    added: int | None = None
    """Lines, against the version that was tested last; None when that one is the same, or cannot be compared."""
    removed: int | None = None


def edits(folder: Folder, state: State, iterations: Sequence[int]) -> tuple[Edit, ...]:
    """The plan, staged files and reports that a person has changed since an agent wrote them. Raises FileProblem."""
    return (*_plan(folder, state.plan_sha256), *_staged(folder), *_reports(folder, iterations))


def _plan(folder: Folder, written: str | None) -> Iterator[Edit]:
    found = folder.sha256(Project.PLAN)
    if written is not None and found not in (None, written):
        yield Edit(Project.PLAN, _when(folder, Project.PLAN))


def _staged(folder: Folder) -> Iterator[Edit]:
    now = {path: folder.read(f"{Project.STAGING}/{path}") or b"" for path in staged_files(folder)}
    theirs = edited_by_hand(folder, {path: hashlib.sha256(data).hexdigest() for path, data in now.items()})
    told = manifest_of(folder).get("iteration")
    tested = files_of(folder, told) if isinstance(told, int) else None
    counted = {change.path: change for change in changes(tested, now)} if tested is not None else {}
    for path in sorted(theirs):
        rel, change = f"{Project.STAGING}/{path}", counted.get(path)
        lines = (change.added, change.removed) if change else (None, None)
        yield Edit(rel, _when(folder, rel), *lines)


def _reports(folder: Folder, iterations: Sequence[int]) -> Iterator[Edit]:
    for iteration in iterations:
        facts, rel = facts_of(folder, iteration), Project.report(iteration)
        found = folder.sha256(rel)
        if facts is not None and facts.report_sha256 and found not in (None, facts.report_sha256):
            yield Edit(rel, _when(folder, rel))


def _when(folder: Folder, rel: str) -> datetime | None:
    try:
        found = folder.stat(rel)
    except FileProblem:
        return None
    return None if found is None else datetime.fromtimestamp(found.mtime_ns // 10**9, UTC)
