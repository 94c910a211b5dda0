"""What differs between two sets of files: lines added and removed for each, and the unified diff."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

LARGEST = 1 << 20
"""Bytes above which a file is only said to have changed: comparing line by line takes too long."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")

Kind = Literal["new", "deleted", "changed"]


@dataclass(frozen=True)
class Change:
    """One file that is not the same."""

    path: str
    kind: Kind
    added: int | None
    """Lines; None when the file is no text, or too large to compare."""
    removed: int | None


def changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[Change, ...]:
    """Every path whose content differs, in order."""
    different = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    return tuple(_change(path, old.get(path), new.get(path)) for path in different)


def unified(old: Mapping[str, bytes], new: Mapping[str, bytes], old_name: str, new_name: str) -> Iterator[str]:
    """Lines of a unified diff without their line ends; `patch` and `git apply` read it when all files are text."""
    for change in changes(old, new):
        before, after = _lines(old.get(change.path)), _lines(new.get(change.path))
        if before is None or after is None:
            yield f"Binary or large file {change.path} is {change.kind}"
            continue
        origin = "/dev/null" if change.kind == "new" else f"{old_name}/{change.path}"
        target = "/dev/null" if change.kind == "deleted" else f"{new_name}/{change.path}"
        for row in difflib.unified_diff(before, after, origin, target):
            yield row.rstrip("\n")
            if not row.endswith("\n"):
                yield "\\ No newline at end of file"


def total(found: tuple[Change, ...]) -> tuple[int, int]:
    """Lines added and removed in all of them, as far as they were counted."""
    return sum(change.added or 0 for change in found), sum(change.removed or 0 for change in found)


def _change(path: str, old: bytes | None, new: bytes | None) -> Change:
    kind: Kind = "new" if old is None else "deleted" if new is None else "changed"
    before, after = _lines(old), _lines(new)
    if before is None or after is None:
        return Change(path, kind, None, None)
    rows = list(difflib.unified_diff(before, after, n=0))[2:]
    added = sum(row.startswith("+") for row in rows)
    return Change(path, kind, added, sum(row.startswith("-") for row in rows))


def _lines(data: bytes | None) -> list[str] | None:
    """The file's lines with their ends; none when it is absent, None when it is no text or too large."""
    if data is None:
        return []
    if len(data) > LARGEST or b"\0" in data:
        return None
    try:
        return _LINE.findall(data.decode("utf-8"))
    except UnicodeDecodeError:
        return None
