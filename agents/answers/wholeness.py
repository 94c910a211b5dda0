"""The signs in a JSON answer that a content is not all of its file: an edit, a part, a deletion, something cut off."""

from __future__ import annotations

import re
from typing import Any

from agents.answers.rejection import Reason, Rejected

_EDITS = (
    *("append", "prepend", "insert", "edit", "patch", "diff", "str_replace", "search_replace", "deleted?", "removed?"),
    *("renamed?", "move", "copy", "part", "continued?"),
)
_EDIT = re.compile(rf"(?:.*[_.-])?(?:{'|'.join(_EDITS)})(?:[_.-].*)?|ab?\+?")
_NO_FILE = re.compile(rf"{_EDIT.pattern}|(?:is_)?(?:directory|dir|folder|symlink|link)")
_WORD = re.compile(r"[\w.-]+")
_VERB_KEYS = ("action", "operation", "op", "mode", "change", "change_type", "status", "command", "type", "kind")
_EDIT_KEYS = (
    *("start_line", "end_line", "line_start", "line_end", "search", "find", "replace", "replacement", "old_str"),
    *("new_str", "old_string", "new_string", "diff", "patch", "edits", "append", "insert_line"),
)
CUT_KEYS = ("truncated", "partial", "incomplete", "continued", "continues", "to_be_continued", "has_more", "more")
_PART_KEYS = ("part", "part_number", "part_index", "chunk", "chunk_number", "chunk_index", "segment")
_TOTAL_KEYS = ("total_parts", "parts", "num_parts", "total_chunks", "chunks", "total_segments", "of", "total")
_CALLED_KEYS = ("name", "function", "tool", "tool_name")
_CALL_KEYS = ("arguments", "parameters", "input", "args")


def check_whole(path: str, members: dict[str, Any]) -> None:
    """Raises Rejected when the members of a file say that it is not sent as a whole."""
    flagged = any(value is True and _NO_FILE.fullmatch(key) for key, value in members.items())
    if (
        flagged
        or any(map(_NO_FILE.fullmatch, _verbs(members)))
        or any(_is_given(members.get(key)) for key in _EDIT_KEYS)
    ):
        sentence = f'Received {path[:120]!r} as an edit or a deletion; in "files" send whole files only.'
        raise Rejected(Reason.DIFF_UNSUPPORTED, sentence, missing=(path,))
    if is_cut(members):
        raise Rejected(Reason.TRUNCATED, f"Received only a part of {path[:120]!r}; send it whole.", missing=(path,))


def check_call(members: dict[str, Any]) -> None:
    """Raises Rejected for the call of a tool that edits or deletes, unless the arguments name another command."""
    arguments = next((members[key] for key in _CALL_KEYS if key in members), None)
    if arguments is None or (isinstance(arguments, dict) and _verbs(arguments)):
        return
    names = (name for key in _CALLED_KEYS if isinstance(name := members.get(key), str))
    for name in names:
        if _EDIT.fullmatch(_snake(name)):
            sentence = f"Received a call of {name[:60]!r}, an edit or a deletion; send whole files only."
            raise Rejected(Reason.DIFF_UNSUPPORTED, sentence)


def is_cut(members: dict[str, Any]) -> bool:
    """Whether an object says that more of it should follow: `"has_more": true`, or `"part": 1` without a total of 1."""
    if any(members.get(key) is True or members.get(f"is_{key}") is True for key in CUT_KEYS):
        return True
    if members.get("complete") is False or members.get("is_complete") is False:
        return True
    totals = [total for key in _TOTAL_KEYS if type(total := members.get(key)) is int]
    return any(type(members.get(key)) is int for key in _PART_KEYS) and totals != [1]


def _verbs(members: dict[str, Any]) -> list[str]:
    """What is to be done with a file; a sentence about it is none."""
    verbs = (verb for key in _VERB_KEYS if isinstance(verb := members.get(key), str))
    return [_snake(verb) for verb in verbs if _WORD.fullmatch(verb)]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _is_given(value: Any) -> bool:
    """Whether an edit is described; `"replace": true` says that the file is whole."""
    return value is not None and not isinstance(value, bool) and value not in ("", [], {})
