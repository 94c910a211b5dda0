"""The shapes in which models put files into JSON, and nothing else: a value in, (path, content) pairs out."""

from __future__ import annotations

from typing import Any

from agents.answers import strict_json
from agents.answers.file_entry import CONTENT_KEYS, PATH_KEYS, WANTED, entry, first, lower
from agents.answers.paths import looks_like_path
from agents.answers.rejection import Reason, Rejected

Pairs = list[tuple[str, str]]

_WRAPPERS = (
    *("project", "response", "result", "output", "data", "arguments", "parameters", "input", "answer", "function"),
    *("json", "tool_calls", "function_call", "tool_call", "choices", "message", "content"),
)
_SURE_PATH_KEYS = ("path", "file_path", "filepath", "filename", "file_name")
_SURE_CONTENT_KEYS = ("content", "contents", "code")
_DELETED_KEYS = ("deleted", "delete", "deleted_files", "delete_files", "files_to_delete")
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
    members = lower(value) if isinstance(value, dict) else {}
    listed: Any = next((members[key] for key in _DELETED_KEYS if key in members), [])
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
    entries = [entry(item) for item in items]
    given = [pair for pair in entries if pair is not None]
    if len(given) == len(items):
        return given
    if given:
        raise Rejected(Reason.SCHEMA, f"Received a list in which not every item is a file. {WANTED}")
    nested = [files_in(item, depth + 1) for item in items]
    return [pair for pairs in nested if pairs for pair in pairs] or None


def _from_object(value: dict[str, Any], depth: int) -> Pairs | None:
    members = lower(value)
    if members.get("type") == "object" and "properties" in members:
        return None  # the model repeated the schema
    if "files" in members:
        _refuse_files_elsewhere(members)
        return _from_files(members["files"], depth)
    if _is_one_file(members):
        pair = entry(value)
        return [pair] if pair else None
    if value and all(looks_like_path(key) and _is_named_content(content) for key, content in value.items()):
        return [_named_entry(path, content) for path, content in value.items()]
    found = [pairs for key in _WRAPPERS if key in members and (pairs := files_in(members[key], depth + 1))]
    if any(pairs != found[0] for pairs in found):
        raise _in_two_places()
    return found[0] if found else None


def _refuse_files_elsewhere(members: dict[str, Any]) -> None:
    """Files beside "files", say in "tests", would be lost without a word."""
    if first(_SURE_PATH_KEYS, members) and first(_SURE_CONTENT_KEYS, members):
        raise _in_two_places()
    for key, value in members.items():
        items = value if isinstance(value, list) and key != "files" else []
        if any(isinstance(item, dict) and _is_surely_a_file(lower(item)) for item in items):
            raise _in_two_places()


def _is_surely_a_file(members: dict[str, Any]) -> bool:
    path_key = first(_SURE_PATH_KEYS, members)
    return bool(path_key and first(_SURE_CONTENT_KEYS, members) and looks_like_path(str(members[path_key])))


def _in_two_places() -> Rejected:
    return Rejected(Reason.AMBIGUOUS, f"Received files in two places of one answer. {WANTED}")


def _is_named_content(content: Any) -> bool:
    return isinstance(content, str) or (isinstance(content, dict) and first(CONTENT_KEYS, lower(content)) is not None)


def _is_one_file(members: dict[str, Any]) -> bool:
    """An object on its own; a mere name is a path only when it looks like one."""
    path_key = first(PATH_KEYS, members)
    if path_key is None or first((*CONTENT_KEYS, "content_base64"), members) is None:
        return False
    return path_key not in ("name", "file") or looks_like_path(str(members[path_key]))


def _from_files(files: Any, depth: int) -> Pairs | None:
    if isinstance(files, dict):
        return [_named_entry(path, content) for path, content in files.items()] or None
    if isinstance(files, list) and not files:
        return None
    pairs = files_in(files, depth + 1)
    if pairs is None:
        raise Rejected(Reason.SCHEMA, f'Received "files" that is no list of path and content. {WANTED}')
    return pairs


def _named_entry(path: str, content: Any) -> tuple[str, str]:
    members = content if isinstance(content, dict) and first(CONTENT_KEYS, lower(content)) else {"content": content}
    pair = entry({"path": path, **{key: item for key, item in members.items() if key.lower() not in PATH_KEYS}})
    assert pair
    return pair
