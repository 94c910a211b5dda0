"""The busy rows of a daemon in a file, so that another terminal can show them: `.tumbler-live.json` in the workspace.

Written at most once a second and not synced; it says nothing that the projects' own files do not say in the end.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from .ticker import every
from .view import Level, Row, View

NAME = ".tumbler-live.json"
SCHEMA_VERSION = 1
LARGEST = 4 << 20
_FIELDS = {field.name for field in fields(Row)}


class LiveFile:
    """A view that hands everything on to another and remembers the rows. `write` is called from a thread."""

    def __init__(self, view: View, workspace: Path) -> None:
        self._view = view
        self._path = workspace / NAME
        self._rows: dict[str, Row] = {}
        self._written: list[Row] | None = None

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        self._view.say(text, project=project, level=level)

    def show(self, project: str, row: Row | None) -> None:
        self._view.show(project, row)
        if row is None:
            self._rows.pop(project, None)
        else:
            self._rows[project] = row

    def write(self) -> None:
        """Replace the file when the rows have changed; a full disk or a workspace that is gone only makes it old."""
        rows = list(self._rows.values())
        if rows == self._written:
            return
        temporary = self._path.with_name(f"{NAME}.tmp")
        with suppress(OSError):
            temporary.write_text(json.dumps(document(rows)), encoding="utf-8")
            temporary.replace(self._path)
            self._written = rows

    def remove(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def document(rows: list[Row]) -> dict[str, Any]:
    """The file's content; moments become seconds since the epoch, which another process understands."""
    told = [asdict(_shifted(row, time.time() - time.monotonic())) for row in rows]
    return {"schema_version": SCHEMA_VERSION, "pid": os.getpid(), "rows": told}


@contextmanager
def shared(view: View, workspace: Path) -> Iterator[View]:
    """`view`, its rows written to the workspace while the block runs."""
    file = LiveFile(view, workspace)
    with every(1.0, file.write):
        yield file
    file.remove()


def read(workspace: Path, pid: int | None) -> list[Row]:
    """The rows that the daemon of this process id wrote last; none when there are none to trust."""
    try:
        data = (workspace / NAME).read_bytes()
        told = json.loads(data) if len(data) <= LARGEST else {}
        if told["schema_version"] != SCHEMA_VERSION or told["pid"] != pid:
            return []
        return [_row(row) for row in told["rows"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def _row(told: dict[str, Any]) -> Row:
    return _shifted(Row(**{key: told[key] for key in told.keys() & _FIELDS}), time.monotonic() - time.time())


def _shifted(row: Row, seconds: float) -> Row:
    started, ends = (moment + seconds if moment else 0.0 for moment in (row.started, row.ends))
    return replace(row, started=started, ends=ends)
