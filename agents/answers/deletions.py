"""The paths that a JSON answer asks to delete: lists beside its files, wherever these lie."""

from __future__ import annotations

from typing import Any

from agents.answers.file_entry import is_one_file, lower
from agents.answers.rejection import Reason, Rejected
from agents.answers.shapes import WRAPPERS
from agents.answers.strict_json import inner_json

_KEYS = ("deleted", "delete", "deleted_files", "delete_files", "files_to_delete")
_DEEPEST = 8


def deleted_in(value: Any, depth: int = 0) -> list[str]:
    """The paths of every explicit delete list. Rejected for one that is no list of paths; null and false are none."""
    if depth > _DEEPEST:
        return []
    if isinstance(value, str):
        value = inner_json(value)
    if isinstance(value, list):
        return [path for item in value for path in deleted_in(item, depth + 1)]
    if not isinstance(value, dict):
        return []
    members = lower(value)
    wrappers = () if is_one_file(members) else WRAPPERS
    listed = [path for key in _KEYS if members.get(key) for path in _paths(members[key])]
    return listed + [path for key in wrappers if key in members for path in deleted_in(members[key], depth + 1)]


def _paths(listed: Any) -> list[str]:
    if not isinstance(listed, list) or not all(isinstance(path, str) for path in listed):
        sentence = 'Received a "deleted" that is no list of paths. Wanted is "deleted": ["path", ...].'
        raise Rejected(Reason.SCHEMA, sentence)
    return listed
