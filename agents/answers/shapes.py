"""The shapes in which models put files into JSON, and nothing else: a value in, (path, content) pairs out."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from agents.answers import strict_json
from agents.answers.paths import looks_like_path
from agents.answers.rejection import Reason, Rejected

Pairs = list[tuple[str, str]]

PATH_KEYS = ("path", "file_path", "filepath", "filename", "file_name", "file", "name")
CONTENT_KEYS = ("content", "contents", "code", "source", "text", "body", "file_content")
_WRAPPERS = (
    *(
        "project",
        "response",
        "result",
        "output",
        "data",
        "arguments",
        "parameters",
        "input",
        "answer",
        "function",
        "json",
    ),
    *("tool_calls", "function_call", "tool_call"),
)
_WANTED = 'Wanted is {"files": [{"path": "...", "content": "..."}]}.'
_OURS = frozenset((*PATH_KEYS, *CONTENT_KEYS, "files", "encoding"))
_DEEPEST = 8


def files_in(value: Any, depth: int = 0) -> Pairs | None:
    """The files that the value holds, None when it is not about files. Rejected when a file lacks path or content."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        return _inside_string(value, depth)
    if isinstance(value, list):
        return _from_list(value, depth)
    if isinstance(value, dict):
        return _from_object(value, depth)
    return None


def deleted_in(value: Any) -> list[str]:
    """The paths of an explicit delete list beside "files"."""
    members = _lower(value) if isinstance(value, dict) else {}
    listed: Any = next(
        (members[key] for key in ("deleted", "delete", "deleted_files", "delete_files") if key in members), []
    )
    if not isinstance(listed, list) or not all(isinstance(path, str) for path in listed):
        raise Rejected(
            Reason.SCHEMA, 'Received a "deleted" that is no list of paths. Wanted is "deleted": ["path", ...].'
        )
    return listed


def _inside_string(text: str, depth: int) -> Pairs | None:
    """JSON inside a JSON string, as in the arguments of a tool call."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return files_in(strict_json.loads(text, raw_newlines=True), depth + 1)
    except ValueError:
        return None


def _from_list(items: list[Any], depth: int) -> Pairs | None:
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    entries = [_entry(item) for item in items]
    if all(entry is not None for entry in entries):
        return [entry for entry in entries if entry is not None]
    if any(entry is not None for entry in entries):
        raise Rejected(Reason.SCHEMA, f"Received a list in which not every item is a file. {_WANTED}")
    nested = [files_in(item, depth + 1) for item in items]
    return [pair for pairs in nested if pairs for pair in pairs] or None


def _from_object(value: dict[str, Any], depth: int) -> Pairs | None:
    members = _lower(value)
    if members.get("type") == "object" and "properties" in members:
        return None  # the model repeated the schema
    if "files" in members:
        return _from_files(members["files"], depth)
    if _is_one_file(members):
        entry = _entry(value)
        return [entry] if entry else None
    if value and all(looks_like_path(key) and isinstance(content, str) for key, content in value.items()):
        return list(value.items())
    for key in _WRAPPERS:
        if key in members and (pairs := files_in(members[key], depth + 1)):
            return pairs
    return None


def _is_one_file(members: dict[str, Any]) -> bool:
    """An object on its own; a mere name is a path only when it looks like one."""
    path_key = _first(PATH_KEYS, members)
    if path_key is None or _first((*CONTENT_KEYS, "content_base64"), members) is None:
        return False
    return path_key not in ("name", "file") or looks_like_path(str(members[path_key]))


def _from_files(files: Any, depth: int) -> Pairs | None:
    if isinstance(files, dict):
        return [_named_entry(path, content) for path, content in files.items()] or None
    if isinstance(files, list) and not files:
        return None
    pairs = files_in(files, depth + 1)
    if pairs is None:
        raise Rejected(Reason.SCHEMA, f'Received "files" that is no list of path and content. {_WANTED}')
    return pairs


def _named_entry(path: str, content: Any) -> tuple[str, str]:
    members = content if isinstance(content, dict) and _first(CONTENT_KEYS, _lower(content)) else {"content": content}
    entry = _entry({"path": path, **{key: item for key, item in members.items() if key.lower() not in PATH_KEYS}})
    assert entry
    return entry


def _entry(item: dict[str, Any]) -> tuple[str, str] | None:
    """One file, None for an object that has neither a path nor content."""
    members = _lower(item)
    if "content_base64" in members and "content" not in members:
        members |= {"content": members["content_base64"], "encoding": "base64"}
    path_key, content_key = _first(PATH_KEYS, members), _first(CONTENT_KEYS, members)
    if path_key is None and content_key is None:
        return None
    if path_key is None:
        raise Rejected(Reason.SCHEMA, f"Received a file without a path. {_WANTED}")
    path = members[path_key]
    if not isinstance(path, str):
        raise Rejected(Reason.SCHEMA, f"Received a path that is {type(path).__name__}, not a string. {_WANTED}")
    if content_key is None:
        if path_key in ("name", "file") and any(key in members for key in _WRAPPERS):
            return None  # a tool call: its name is not a path
        raise Rejected(Reason.SCHEMA, f"Received {path[:120]!r} without content. {_WANTED}", missing=(path,))
    if not content_key.startswith("content") and sum(key in members for key in CONTENT_KEYS) > 1:
        raise Rejected(Reason.AMBIGUOUS, f"Received two contents for {path[:120]!r}. {_WANTED}", missing=(path,))
    return path, _content(path, members[content_key], str(members.get("encoding", "")))


def _content(path: str, content: Any, encoding: str) -> str:
    if isinstance(content, list) and content and all(isinstance(line, str) for line in content):
        content = _lines(path, content)
    elif isinstance(content, dict | list) and path.lower().endswith(".json"):
        content = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    if not isinstance(content, str):
        kind = "null" if content is None else type(content).__name__
        raise Rejected(Reason.SCHEMA, f"Received content of {path[:120]!r} that is {kind}. {_WANTED}", missing=(path,))
    return _decoded(path, content) if encoding.lower() == "base64" else content


def _lines(path: str, lines: Sequence[str]) -> str:
    ended = [line.endswith("\n") for line in lines]
    if all(ended):
        return "".join(lines)
    if any("\n" in line for line in lines):
        raise Rejected(
            Reason.SCHEMA,
            f"Received {path[:120]!r} as a list of strings that are not lines. {_WANTED}",
            missing=(path,),
        )
    return "\n".join(lines) + "\n"


def _decoded(path: str, content: str) -> str:
    try:
        return base64.b64decode(content, validate=True).decode("utf-8")
    except ValueError as error:
        sentence = f"Received {path[:120]!r} as base64 that cannot be decoded; send it as plain text."
        raise Rejected(Reason.SCHEMA, sentence, missing=(path,)) from error


def _lower(members: dict[str, Any]) -> dict[str, Any]:
    lowered: dict[str, Any] = {}
    for key, value in members.items():
        if lowered.setdefault(key.lower(), value) != value and key.lower() in _OURS:
            raise Rejected(
                Reason.AMBIGUOUS, f"The keys of one object differ only in case: {key[:60]!r}; give each key once."
            )
    return lowered


def _first(keys: Sequence[str], members: dict[str, Any]) -> str | None:
    return next((key for key in keys if key in members), None)
