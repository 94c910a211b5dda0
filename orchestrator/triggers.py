"""What the trigger files look like now, as fingerprints: when they were written, and what they hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from . import records
from .files import DiskError, FileProblem, Folder
from .project import Project, Trigger
from .state import Phase, State

LARGEST = 16 << 20
"""What has more bytes is no trigger file of ours; it is not read, which would hold up the event loop."""


def report_iteration(state: State) -> int:
    """The iteration whose report is the newest that may exist; 0 when none can.

    While the Engineer works on iteration N, that is the report of N - 1: his input.
    """
    return state.iteration - 1 if state.current_phase is Phase.ENGINEERING else state.iteration


def fingerprints(folder: Folder, state: State) -> dict[Trigger, str]:
    """Trigger -> `mtime in ns:SHA-256` for each that is there; the time is read before the content."""
    found = {}
    for trigger in Trigger:
        iteration = report_iteration(state)
        if trigger is Trigger.REPORT and iteration < 1:
            continue
        mark = fingerprint(folder, Project.file(trigger, iteration))
        if mark is not None:
            found[trigger] = mark
    return found


def fingerprint(folder: Folder, rel: str) -> str | None:
    """None when the file is absent. What is no plain file has a fingerprint too: reading it says what is wrong.

    Raises DiskError: a file that cannot be looked at for a moment has not changed.
    """
    try:
        found = folder.stat(rel)
        if found is None:
            return None
        if found.size > LARGEST:
            return f"{found.mtime_ns}:{found.size} bytes"
        digest = folder.sha256(rel)
        return None if digest is None else f"{found.mtime_ns}:{digest}"
    except DiskError:
        raise
    except FileProblem as problem:
        return f"0:{type(problem).__name__}"


def content(mark: str) -> str:
    """The part of a fingerprint that a mere touch does not change."""
    return mark.partition(":")[2]


def content_of(folder: Folder, rel: str) -> str:
    """What tells an edit of any file of the project; a mere touch is none. Empty when it is absent."""
    return content(fingerprint(folder, rel) or "")


def written_at(mark: str) -> datetime | None:
    """When the file of a fingerprint was written; None when that is not known."""
    with suppress(ValueError, OverflowError, OSError):
        if nanoseconds := int(mark.partition(":")[0]):
            return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return None


def untouched(
    taken: Mapping[Trigger, str], found: Mapping[Trigger, str], *, since: int, now: int
) -> dict[Trigger, str]:
    """`taken` with new times where only the time differs: a touch counts while the daemon runs, not before.

    It runs from `since` to `now`, in nanoseconds as files have them. A time to come is no touch: it would be one again
    at each start.
    """

    def as_taken(trigger: Trigger, mark: str) -> str:
        new = found.get(trigger)
        if new is None or content(new) != content(mark):
            return mark
        is_touched = since <= int(new.partition(":")[0]) <= now
        return mark if is_touched else new

    return {trigger: as_taken(trigger, mark) for trigger, mark in taken.items()}


def manifest_of(folder: Folder) -> dict[str, object]:
    """The manifest as JSON; empty when absent, made by hand, or damaged. Raises FileProblem when it cannot be read."""
    data = records.content(folder, Project.MANIFEST, limit=LARGEST)
    try:
        value = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
