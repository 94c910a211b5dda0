"""What a person changed by hand in a project, as far as its files tell: which files, when, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .delivery import edited_by_hand, staged_hashes
from .difference import LARGEST, changes
from .files import FileProblem, Folder
from .iterations import facts_of, files_of
from .project import Project
from .records import content
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
    told = manifest_of(folder).get("iteration")
    tested = files_of(folder, told) if isinstance(told, int) else None
    for path in sorted(edited_by_hand(folder, staged_hashes(folder))):
        rel = f"{Project.STAGING}/{path}"
        yield Edit(rel, _when(folder, rel), *_lines(tested, path, content(folder, rel, limit=LARGEST)))


def _lines(tested: Mapping[str, bytes] | None, path: str, now: bytes | None) -> tuple[int | None, int | None]:
    """Added and removed since it was tested; None when that is not known, is the same, or cannot be compared."""
    if tested is None or now is None:
        return None, None
    old = {path: tested[path]} if path in tested else {}
    counted = [(change.added, change.removed) for change in changes(old, {path: now})]
    return counted[0] if counted else (None, None)


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
