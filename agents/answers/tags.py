"""Files between tags: `<file path="a.py">...</file>`, and `<file><path>a.py</path><content>...</content></file>`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agents.answers.patches import says_not_whole, unsupported
from agents.answers.paths import looks_like_path
from agents.answers.rejection import Reason, Rejected
from agents.answers.shapes import Pairs

_OPEN = re.compile(r"<file\b(?P<attributes>[^<>]*+)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\s*(?P<key>[\w:.-]+)\s*=\s*(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)')")
_PATH_KEYS = ("path", "filepath", "file_path", "filename", "name")
_PLAIN_KEYS = frozenset(
    [*_PATH_KEYS, "language", "lang", "type", "action", "operation", "mode", "status", "encoding", "id", "index"]
)
_PROSE_KEYS = frozenset(["description", "title", "summary", "purpose", "comment"])
_PLAIN_ENCODING = re.compile(r"(?:utf-?8|(?:us-)?ascii|text|plain|raw|none)?", re.IGNORECASE)
_PATH_TAG = re.compile(r"\s*<(path|name|filename)>(?P<path>[^<>]*+)</\1>", re.IGNORECASE)
_CONTENT_TAG = re.compile(r"\s*<(?P<tag>content|contents|code)>", re.IGNORECASE)
_CHILD = re.compile(r"\s*<(?P<key>[a-z_]+)>(?P<value>[^<>]*+)</(?P=key)>", re.IGNORECASE)
_EMPTY = frozenset(["__init__.py", "py.typed", ".gitkeep"])
"""Names of files that are empty as a rule, so that `<file path="src/__init__.py"/>` is one."""
_CLOSE = "</file>"
_GOES_ON = re.compile(r"[^\S\n]*[^\s<]")
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_ESCAPED_OPERATOR = re.compile(r"\s&(?:lt|gt|amp);(?:=|\s|&amp;)")
_UNFINISHED = re.compile(r"<(?:f(?:i(?:l(?:e[^<>]*+)?)?)?)?\Z", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#\d{1,6}|#x[0-9a-fA-F]{1,5});")


@dataclass(frozen=True)
class Tagged:
    """One file between tags."""

    path: str
    content: str
    start: int
    """Where its opening tag stands in the text."""
    end: int
    """Where the text goes on behind its </file>."""


def read_tags(text: str) -> list[Tagged]:
    """The files in order, none when there is no such tag. Rejected when tags do not match or content may be escaped."""
    files: list[Tagged] = []
    at = 0
    while opening := _OPEN.search(text, at):
        if text.find(_CLOSE, at, opening.start()) >= 0:
            raise _cut("a </file> that closes nothing")
        path, start = _path(text, opening)
        content, at = ("", start) if opening["attributes"].endswith("/") else _content(text, start, path)
        if _GOES_ON.match(text, at):
            raise _cut("text on the line of a </file>")
        files.append(Tagged(path, content, opening.start(), at))
    if text.count(_CLOSE, at):
        raise _cut("a </file> that closes nothing")
    if _UNFINISHED.search(text.rstrip(), at):
        raise _cut("a tag that is not finished")
    return files


def tags_start(text: str) -> int | None:
    """Where the first <file> tag stands that names a path, None when there is none."""
    for opening in _OPEN.finditer(text):
        if _names_path(opening):
            return opening.start()
    return None


def is_tagged(text: str, position: int) -> bool:
    """Whether a <file> tag that names a path is open there."""
    start = max(0, text.rfind(_CLOSE, 0, position))
    return any(_names_path(opening) for opening in _OPEN.finditer(text, start, position))


def complete_files_in_tags(text: str) -> Pairs:
    """The files before the first one that is cut."""
    end = text.rfind(_CLOSE) + len(_CLOSE)
    try:
        files = read_tags(text[:end]) if end >= len(_CLOSE) else []
        begun = {_path(text, opening)[0] for opening in _OPEN.finditer(text, end)}
        return [(file.path, file.content) for file in files if file.path not in begun]
    except Rejected:
        return []


def _names_path(opening: re.Match[str]) -> bool:
    attributes, _ = _attributes(opening)
    return any(key in attributes for key in _PATH_KEYS) or bool(_PATH_TAG.match(opening.string, opening.end()))


def _attributes(opening: re.Match[str]) -> tuple[dict[str, str], str]:
    """The attributes by keys in lower case, and what stands beside them."""
    found = {
        match["key"].lower(): match["double"] if match["single"] is None else match["single"]
        for match in _ATTRIBUTE.finditer(opening["attributes"])
    }
    return found, _ATTRIBUTE.sub("", opening["attributes"]).strip()


def _path(text: str, opening: re.Match[str]) -> tuple[str, int]:
    attributes, beside = _attributes(opening)
    paths = [attributes[key] for key in _PATH_KEYS if attributes.get(key)]
    if beside == "/" and paths and paths[0].rsplit("/", 1)[-1] in _EMPTY:
        beside = ""
    _check_members(attributes, *beside.split())
    if paths:
        _check_same(paths[0], paths[1:])
        return paths[0], opening.end()
    if tag := _PATH_TAG.match(text, opening.end()):
        return tag["path"].strip(), tag.end()
    raise Rejected(Reason.NO_PATH, 'Received a <file> tag without a path; write <file path="src/app.py">.')


def _check_members(members: Mapping[str, str], *beside: str) -> None:
    """Refuse what a file says of itself, as attributes or tags, unless it leaves no doubt that this is all of it."""
    for key, value in members.items():
        if key not in _PATH_KEYS and key not in _PROSE_KEYS and says_not_whole(value):
            raise unsupported("in a <file> tag")
        if key == "encoding" and not _PLAIN_ENCODING.fullmatch(value):
            raise _ambiguous(f"a <file> tag with the encoding {value[:40]!r}")
    if unknown := [*(members.keys() - _PLAIN_KEYS - _PROSE_KEYS), *beside]:
        raise _ambiguous(f"a <file> tag with {min(unknown)[:40]!r}")


def _check_same(path: str, others: Iterable[str]) -> None:
    if any(looks_like_path(other) and not f"/{path}".endswith(f"/{other}") for other in others):
        raise _ambiguous("a <file> tag with two paths")


def _past_members(text: str, start: int, path: str) -> int:
    """Where the tag of the content begins, behind others such as <language>; `start` when there is none."""
    members: dict[str, str] = {}
    at = start
    while not _CONTENT_TAG.match(text, at) and (child := _CHILD.match(text, at)):
        members[child["key"].lower()] = child["value"].strip()
        at = child.end()
    if not members or not _CONTENT_TAG.match(text, at):
        return start
    _check_members(members)
    _check_same(path, (members[key] for key in _PATH_KEYS if key in members))
    return at


def _content(text: str, start: int, path: str) -> tuple[str, int]:
    """The content that begins at `start`, and where the text goes on behind its </file>."""
    start = _past_members(text, start, path)
    inner = _CONTENT_TAG.match(text, start)
    if inner is None:
        end = _find(text, _CLOSE, start)
        return _body(text[start:end]), end + len(_CLOSE)
    start, closing = inner.end(), f"</{inner['tag']}>"
    if text.startswith(_CDATA, start):
        start += len(_CDATA)
        end = _find(text, _CDATA_END, start)
        content, rest = _without_first_line_end(text[start:end]), end + len(_CDATA_END)
    else:
        end = _find(text, closing, start)
        content, rest = _body(text[start:end]), end
    tail = re.compile(rf"\s*{re.escape(closing)}\s*{re.escape(_CLOSE)}").match(text, rest)
    if tail is None:
        raise _cut(f"a {closing} that is not followed by {_CLOSE}")
    return content, tail.end()


def _body(text: str) -> str:
    """The text between two tags; the line end behind the opening tag is not part of the file."""
    text = _without_first_line_end(text)
    if text.startswith(_CDATA) and text.rstrip().endswith(_CDATA_END):
        return _without_first_line_end(text.rstrip()[len(_CDATA) : -len(_CDATA_END)])
    if "<file " in text or "<file>" in text or _CDATA in text:
        raise _cut("a <file> inside a <file>")
    if _ESCAPED_OPERATOR.search(text) or (_ENTITY.search(text) and not re.search(r"[<>]|&(?!\w+;|#)", text)):
        raise Rejected(
            Reason.AMBIGUOUS, "Received content with &lt; or &amp; in it that may be escaped or not; use code fences."
        )
    return text


def _without_first_line_end(text: str) -> str:
    return text[2:] if text.startswith("\r\n") else text.removeprefix("\n")


def _find(text: str, mark: str, start: int) -> int:
    end = text.find(mark, start)
    if end < 0:
        raise _cut(f"a file whose {mark} is missing")
    return end


def _ambiguous(what: str) -> Rejected:
    return Rejected(Reason.AMBIGUOUS, f'Received {what}; write <file path="src/app.py"> and the whole file as it is.')


def _cut(what: str) -> Rejected:
    return Rejected(Reason.TRUNCATED, f"Received {what}; every <file path=...> needs its own </file>.")
