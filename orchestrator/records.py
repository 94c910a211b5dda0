"""Reads what the daemon wrote for itself: a record that somebody damaged counts as absent, a disk that fails does not.

What cannot be read for a moment is there all the same: taken for absent, a person's edits would count as none, and
what is paid for already would be asked for again.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from .files import Folder, NotRegular, TooLarge

M = TypeVar("M", bound=BaseModel)


def content(folder: Folder, rel: str, *, limit: int) -> bytes | None:
    """None when it is absent, no plain file, or larger than anything that we write. Raises other FileProblems."""
    try:
        return folder.read(rel, limit=limit)
    except (NotRegular, TooLarge):
        return None


def record(folder: Folder, rel: str, model: type[M], *, limit: int) -> M | None:
    """A JSON document of ours; None when it is absent or damaged. Raises FileProblem when it cannot be read."""
    data = content(folder, rel, limit=limit)
    try:
        return None if data is None else model.model_validate_json(data)
    except (ValidationError, RecursionError):
        return None
