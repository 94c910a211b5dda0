"""The shapes in which models put files into JSON, and nothing else: a value in, (path, content) pairs out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from agents.answers.file_entry import (
    CALL_KEYS,
    CONTENT_KEYS,
    PATH_KEYS,
    WANTED,
    check_place,
    entry,
    first,
    is_base64,
    is_file_key,
    is_one_file,
    lower,
    named_entry,
)
from agents.answers.leftovers import holds_file
from agents.answers.paths import looks_like_path
from agents.answers.rejection import Reason, Rejected
from agents.answers.strict_json import inner_json
from agents.answers.wholeness import check_call, is_cut

Pairs = list[tuple[str, str]]

WRAPPERS = (
    *("project", "response", "result", "output", "data", "arguments", "parameters", "input", "answer", "function"),
    *("json", "tool_calls", "function_call", "tool_call", "choices", "message", "content"),
)
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


def _inside_string(text: str, depth: int) -> Pairs | None:
    inner = inner_json(text)
    return None if inner is None else files_in(inner, depth + 1)


def _from_list(items: list[Any], depth: int) -> Pairs | None:
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    entries = [_entry(item) for item in items]
    given = [pair for pair in entries if pair is not None]
    if len(given) == len(items):
        return given
    if given:
        raise Rejected(Reason.SCHEMA, f"Received a list in which not every item is a file. {WANTED}")
    nested = [files_in(item, depth + 1) for item in items]
    without = [item for item, pairs in zip(items, nested, strict=True) if not pairs]
    if len(without) < len(items) and not all(_is_message(item) and not holds_file(item) for item in without):
        raise _in_two_places()
    return [pair for pairs in nested if pairs for pair in pairs] or None


def _from_object(value: dict[str, Any], depth: int) -> Pairs | None:
    members = lower(value)
    if members.get("type") == "object" and "properties" in members:
        return None  # the model repeated the schema
    check_call(members)
    if "files" in members:
        pairs = _from_files(members["files"], depth)
        _check_the_rest(members, ("files",), pairs or [])
        return pairs
    if is_one_file(members):
        pair = _entry(value)
        return [pair] if pair else None
    if _is_map(value):
        return [named_entry(path, content) for path, content in value.items()]
    found = {key: pairs for key in WRAPPERS if key in members and (pairs := files_in(members[key], depth + 1))}
    if not found:
        return None
    first_found, *others = found.values()
    if any(pairs != first_found for pairs in others):
        raise _in_two_places()
    _check_the_rest(members, found, first_found)
    return first_found


def _entry(item: dict[str, Any]) -> tuple[str, str] | None:
    pair = entry(item)
    if pair:
        _refuse_files_beside(lower(item), (*PATH_KEYS, *CONTENT_KEYS, "content_base64"), [pair])
    return pair


def _check_the_rest(members: dict[str, Any], taken: Collection[str], pairs: Pairs) -> None:
    """What stands beside the files must not say that they are a part, lie elsewhere or are encoded, and hold none."""
    if is_cut(members):
        raise Rejected(Reason.TRUNCATED, "Received an answer that says that more follows; send fewer files at a time.")
    for path, _ in pairs:
        check_place(path, members)
    if pairs and is_base64(pairs[0][0], members):
        raise Rejected(Reason.SCHEMA, "Received an answer in base64; send plain text.")
    _refuse_files_beside(members, taken, pairs)


def _refuse_files_beside(members: dict[str, Any], taken: Collection[str], pairs: Pairs) -> None:
    rest = {key: member for key, member in members.items() if key not in taken}
    if holds_file(rest, [path for path, _ in pairs]):
        raise _in_two_places()


def _in_two_places() -> Rejected:
    return Rejected(Reason.AMBIGUOUS, f"Received files in two places of one answer. {WANTED}")


def _is_message(item: dict[str, Any]) -> bool:
    """A part of a conversation, or the call of a tool that writes no file."""
    return not {"role", "type", *CALL_KEYS}.isdisjoint(map(str.lower, item))


def _is_map(value: dict[str, Any]) -> bool:
    """Every key is a path, and one at least beyond doubt: `text/html` could be another thing."""
    named = all(is_file_key(key) and _is_named_content(content) for key, content in value.items())
    return named and any(map(looks_like_path, value))


def _is_named_content(content: Any) -> bool:
    return isinstance(content, str) or (isinstance(content, dict) and first(CONTENT_KEYS, lower(content)) is not None)


def _from_files(files: Any, depth: int) -> Pairs | None:
    if isinstance(files, dict) and not is_one_file(lower(files)):
        return [named_entry(name, content) for name, content in files.items()] or None
    if isinstance(files, list) and not files:
        return None
    pairs = files_in(files, depth + 1)
    if pairs is None:
        raise Rejected(Reason.SCHEMA, f'Received "files" that is no list of path and content. {WANTED}')
    return pairs
