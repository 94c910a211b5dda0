"""One file as an object of a JSON answer: its path, its content, and every sign that the content is not all of it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import Any

from agents.answers.paths import looks_like_path
from agents.answers.rejection import Reason, Rejected
from agents.answers.strict_json import Inexact, loads
from agents.answers.wholeness import check_whole

PATH_KEYS = ("path", "file_path", "filepath", "relative_path", "filename", "file_name", "file", "name")
CONTENT_KEYS = ("content", "contents", "code", "source", "text", "body", "file_content", "filecontent", "file_text")
CALL_KEYS = ("arguments", "parameters", "input", "function")
WANTED = 'Wanted is {"files": [{"path": "...", "content": "..."}]}.'
_NAMES = ("file", "name")
"""Keys that bear a path only when it looks like one."""
_OURS = frozenset((*PATH_KEYS, *CONTENT_KEYS, "files", "encoding"))
FOLDER_KEYS = ("directory", "dir", "folder", "parent", "base_path", "base_dir", "root")
ENCODING_KEYS = ("encoding", "content_encoding", "contentencoding")
_PLAIN = frozenset(
    ("", "none", "null", "utf-8", "utf8", "utf_8", "ascii", "us-ascii", "text", "plain", "raw", "unicode")
)


def entry(item: dict[str, Any]) -> tuple[str, str] | None:
    """(path, content), None for an object that has neither; Rejected when one is missing or there are two of one."""
    members = lower(item)
    if isinstance(members.get("file"), dict) and len(members) == 1:
        return entry(members["file"])
    if "content_base64" in members and "content" not in members:
        members |= {"content": members["content_base64"], "encoding": "base64"}
    path_key, content_key = first(PATH_KEYS, members), first(CONTENT_KEYS, members)
    if path_key is None:
        if content_key is None or "role" in members or "type" in members:
            return None  # a message, or a part of one
        raise Rejected(Reason.SCHEMA, f"Received a file without a path. {WANTED}")
    path = members[path_key]
    if not isinstance(path, str):
        raise Rejected(Reason.SCHEMA, f"Received a path that is {type(path).__name__}, not a string. {WANTED}")
    if content_key is None:
        if path_key in ("name", "file") and any(key in members for key in CALL_KEYS):
            return None  # a tool call: its name is not a path
        raise Rejected(Reason.SCHEMA, f"Received {path[:120]!r} without content. {WANTED}", missing=(path,))
    _check_one_path(path, members)
    check_whole(path, members)
    _check_one_content(path, content_key, members)
    return path, _content(path, members[content_key], is_base64(path, members))


def named_entry(name: str, content: Any) -> tuple[str, str]:
    """An entry of a map; a path in it counts, of which the name is a part or only a number."""
    members = lower(content) if isinstance(content, dict) else {}
    if first(CONTENT_KEYS, members) is None:
        members = {"content": content}
    paths = [path for key in PATH_KEYS if isinstance(path := members.get(key), str) and _is_path_key(key, path)]
    if is_file_key(name):
        paths.append(name)
    if not paths:
        raise Rejected(Reason.SCHEMA, f"Received {name[:120]!r}, which is no path, among the files. {WANTED}")
    pair = entry({**members, "path": max(paths, key=len), "file": name})
    assert pair
    return pair


def is_one_file(members: dict[str, Any]) -> bool:
    """An object on its own, its keys in lower case."""
    path_key = first(PATH_KEYS, members)
    if path_key is None or first((*CONTENT_KEYS, "content_base64"), members) is None:
        return False
    return _is_path_key(path_key, str(members[path_key]))


def is_file_key(key: str) -> bool:
    """A key of a map of files; `bin/run` too, which in prose would be none."""
    return looks_like_path(key) or bool(re.fullmatch(r"\.?[\w-][\w.-]*(?:/[\w.-]+)+", key))


def _is_path_key(key: str, path: str) -> bool:
    return key not in _NAMES or looks_like_path(path)


def lower(members: dict[str, Any]) -> dict[str, Any]:
    """The members by keys in lower case; Rejected when two of ours differ in nothing but case."""
    lowered: dict[str, Any] = {}
    for key, value in members.items():
        if lowered.setdefault(key.lower(), value) != value and key.lower() in _OURS:
            raise Rejected(
                Reason.AMBIGUOUS, f"The keys of one object differ only in case: {key[:60]!r}; give each key once."
            )
    return lowered


def first(keys: Sequence[str], members: dict[str, Any]) -> str | None:
    return next((key for key in keys if key in members), None)


def _check_one_path(path: str, members: dict[str, Any]) -> None:
    """A second path must be the end of the first, a folder its beginning: `src` and `app.py` may be `src/app.py`."""
    given = path.replace("\\", "/").removeprefix("./")
    for key in PATH_KEYS:
        other = members.get(key)
        if not isinstance(other, str) or not looks_like_path(other):
            continue
        if not f"/{given}".endswith("/" + other.replace("\\", "/").removeprefix("./")):
            raise _two_of("paths", path, f"{path[:120]!r} and {other[:120]!r}")
    check_place(path, members)
    extension = members.get("extension")
    if isinstance(extension, str) and not given.endswith(extension):
        raise _two_of("endings", path, f"{path[:120]!r} and {extension[:20]!r}")


def check_place(path: str, members: dict[str, Any]) -> None:
    """Raises Rejected when the members name a folder in which the path does not lie."""
    given = path.replace("\\", "/").removeprefix("./")
    for key in FOLDER_KEYS:
        folder = member.strip("./") if isinstance(member := members.get(key), str) else ""
        if folder and not given.startswith(f"{folder}/"):
            raise _two_of("places", path, f"{folder[:120]!r} and {path[:120]!r}")


def _check_one_content(path: str, content_key: str, members: dict[str, Any]) -> None:
    others = [members[key] for key in CONTENT_KEYS if key in members and key != content_key]
    if content_key.startswith("content"):  # beside "content", "source" and "text" may be remarks
        others = [members[key] for key in ("contents", "code", "file_content", "file_text") if key in members]
    if any(other != members[content_key] for other in others):
        raise _two_of("contents", path, repr(path[:120]))


def _two_of(what: str, path: str, shown: str) -> Rejected:
    return Rejected(Reason.AMBIGUOUS, f"Received two {what} for one file: {shown}. {WANTED}", missing=(path,))


def is_base64(path: str, members: dict[str, Any]) -> bool:
    """Whether the members say so. Rejected for any other encoding than plain text."""
    encoding = str(members.get(first(ENCODING_KEYS, members) or "") or "").lower()
    if encoding == "base64" or members.get("base64") is True or members.get("is_base64") is True:
        return True
    if encoding not in _PLAIN:
        sentence = f"Received {path[:120]!r} encoded as {encoding[:40]!r}; send it as plain text."
        raise Rejected(Reason.SCHEMA, sentence, missing=(path,))
    return False


def _content(path: str, content: Any, is_base64: bool) -> str:
    if isinstance(content, list) and content and all(isinstance(line, str) for line in content):
        content = _lines(path, content)
    elif isinstance(content, dict | list) and path.lower().endswith(".json"):
        content = _as_json(path, content)
    if not isinstance(content, str):
        kind = "null" if content is None else type(content).__name__
        raise Rejected(Reason.SCHEMA, f"Received content of {path[:120]!r} that is {kind}. {WANTED}", missing=(path,))
    if content.startswith("data:") and ";base64," in content[:200]:
        raise Rejected(Reason.SCHEMA, f"Received {path[:120]!r} as a data: URL; send plain text.", missing=(path,))
    return _decoded(path, content) if is_base64 else content


def _as_json(path: str, value: Any) -> str:
    inner = [value]
    for item in inner:
        if isinstance(item, Inexact):
            sentence = f"Received {path[:120]!r} with a number that cannot be kept as it is; send it as text."
            raise Rejected(Reason.SCHEMA, sentence, missing=(path,))
        inner += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _lines(path: str, lines: Sequence[str]) -> str:
    if path.lower().endswith(".json") and not _is_json("\n".join(lines)):
        return _as_json(path, lines)
    ended = [line.endswith("\n") for line in lines]
    if all(ended):
        return "".join(lines)
    if any("\n" in line for line in lines):
        raise Rejected(
            Reason.SCHEMA,
            f"Received {path[:120]!r} as a list of strings that are not lines. {WANTED}",
            missing=(path,),
        )
    return "\n".join(lines) + "\n"


def _is_json(text: str) -> bool:
    try:
        return isinstance(loads(text), dict | list)
    except ValueError:
        return False


def _decoded(path: str, content: str) -> str:
    try:
        return base64.b64decode("".join(content.split()), validate=True).decode("utf-8")
    except UnicodeDecodeError as error:
        sentence = f"Received {path[:120]!r} as base64 of something that is no text; only text files can be sent."
        raise Rejected(Reason.NOT_TEXT, sentence, missing=(path,)) from error
    except ValueError as error:
        sentence = f"Received {path[:120]!r} as base64 that cannot be decoded; send it as plain text."
        raise Rejected(Reason.SCHEMA, sentence, missing=(path,)) from error
