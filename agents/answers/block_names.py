"""How a reply names a code block: in its info string, in the line before it, or in a comment on its first line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.answers.patches import says_not_whole
from agents.answers.paths import looks_like_path

_ATTRIBUTE = re.compile(
    r"(?:^|[\s{,:])(?P<key>path|file|filename|file_name|filepath|title|name)\s*[=:]\s*(?:\"([^\"]+)\"|'([^']+)'|([^\s\"'}]+))"
)
_LANGUAGE_COLON = re.compile(r"[\w+#-]*:([^\s:]+)")
_COMMENT = re.compile(
    r"(?P<mark>#{1,4}|//|--|;|%|/\*+|<!--)[ \t]*(?:(?:file(?:name|path)?|path)[ \t]*:[ \t]*)?"
    r"(?P<path>[^\s:*]+)[ \t]*(?:\*+/|-->)?",
    re.IGNORECASE,
)
_NO_HASH_COMMENTS = re.compile(r".*\.(?:[cm]?[jt]sx?|json|html|css|java|go|rs|c|h|cpp)", re.IGNORECASE)
_MARKED = re.compile(
    r"(?:\*\*)?(?:NEW )?(?:FILE ?(?:NAME|PATH|\d{1,3})?|PATH)(?:\*\*)?[ \t]*[:\uff1a](?:\*\*)?[ \t]*(?P<path>.+)",
    re.IGNORECASE,
)
_CREATE = re.compile(
    r"(?:now,? )?create (?:an? |the )?(?:new )?(?:file )?(?:named |called )?`(?P<path>[^`]+)`[^`]{0,60}", re.IGNORECASE
)
_REMARK = re.compile(r"(?P<path>\S+|`[^`]+`|\*\*[^*]+\*\*)[ \t]+(?P<remark>[(\[#<\u2013\u2014-].*)")
_ORNAMENT_BEFORE = re.compile(
    r"(?:#{1,6}(?:[ \t]+|(?=FILE))|[-*+][ \t]+|\d+[.)][ \t]+|={2,}[ \t]*|-{3,}[ \t]*|>{1,}[ \t]*)+"
)
_ORNAMENT_AFTER = re.compile(r"[ \t]*(?:={2,}|-{3,}|#{1,6})$")
_LONGEST_LINE = 1500
_ENDINGS = {
    "python": ("py", "pyi"),
    "javascript": ("js", "mjs", "cjs", "jsx"),
    "typescript": ("ts", "mts", "cts", "tsx"),
    "markdown": ("md",),
    "yaml": ("yml",),
    "html": ("htm", "vue", "svelte"),
    "rust": ("rs",),
    "golang": ("go",),
    "ruby": ("rb",),
    "kotlin": ("kt",),
    "csharp": ("cs",),
    "c": ("h",),
    "cpp": ("h", "hpp", "cc"),
    "c++": ("cpp", "h", "hpp", "cc"),
    "docker": ("dockerfile",),
    "make": ("makefile",),
}
"""Endings that a language has beside one of its own name."""
_QUOTES = ("**", "__", "`", '"', "'", "*")


@dataclass(frozen=True)
class Name:
    path: str
    marked: bool
    """It came with the word FILE or as an attribute, so that any text is taken for a path."""
    far: bool = False
    """Prose stands between it and its block."""
    whole: bool = True
    """False when a remark behind it says that the block is only a part or an edit of the file, or that it goes."""


def named_by_info(info: str) -> Name | None:
    """`python src/app.py`, `python:src/app.py`, `py title="src/app.py"`, `src/app.py`."""
    if match := _ATTRIBUTE.search(info):
        path = next(group for group in match.groups()[1:] if group)
        if match["key"] not in ("title", "name"):
            return Name(path, marked=True)
        if looks_like_path(path):
            return Name(path, marked=False)
    match = _LANGUAGE_COLON.fullmatch(info)
    if match and looks_like_path(match[1]):
        return Name(match[1], marked=False)
    words = info.split()
    for word in words if len(words) <= 2 else ():
        bare = word.strip("`\"'")
        if looks_like_path(bare):
            return Name(bare, marked=False)
    return None


def named_by_line(line: str) -> Name | None:
    """A line that is nothing but a path: plain, a heading, bold, quoted, numbered, or with the word FILE before it."""
    if len(line) > _LONGEST_LINE:
        return None
    text = _plain(line)
    if match := _MARKED.fullmatch(text):
        path, whole = without_remark(_plain(match["path"]))
        return Name(path, marked=True, whole=whole) if path else None
    if match := _CREATE.fullmatch(text):
        return Name(match["path"], marked=False) if looks_like_path(match["path"]) else None
    quoted, whole = "`" in line, True
    if quoted or line.startswith("#"):
        text, whole = without_remark(text)
    return Name(text, marked=False, whole=whole) if looks_like_path(text) and (quoted or " " not in text) else None


def named_by_comment(body: str) -> Name | None:
    """A first line that is a comment with a path and nothing else. The line stays part of the file."""
    match = _COMMENT.fullmatch(body.partition("\n")[0].strip())
    if match is None or not looks_like_path(match["path"]):
        return None
    if match["mark"].startswith("#") and _NO_HASH_COMMENTS.fullmatch(match["path"]):
        return None
    return Name(match["path"], marked=False)


def is_written_in(path: str, language: str) -> bool:
    """Whether a block of that language may be the file, as its ending says; `Dockerfile` is its own ending."""
    ending = path.rsplit("/", 1)[-1].rsplit(".", 1)[-1].lower()
    return ending == language or ending in _ENDINGS.get(language, ())


def without_remark(text: str) -> tuple[str, bool]:
    """The path, and whether the remark lets the file be whole. `notes (new).md` is a path."""
    remark = _REMARK.fullmatch(text)
    if remark is None or looks_like_path(text):
        return text, True
    path = _plain(remark["path"])
    return (path, not says_not_whole(remark["remark"])) if looks_like_path(path) else (text, True)


def _plain(line: str) -> str:
    """The line without heading marks, list marks, emphasis, quotes and a colon at its end."""
    text = line.strip()
    if ornament := _ORNAMENT_BEFORE.match(text):
        text = text[ornament.end() :]
    text = _ORNAMENT_AFTER.sub("", text)
    while (shorter := _without_pair(text.strip().removesuffix(":").strip())) != text:
        text = shorter
    return text


def _without_pair(text: str) -> str:
    for quote in _QUOTES:
        inner = text[len(quote) : -len(quote)]
        if inner and quote not in inner and text == f"{quote}{inner}{quote}":
            return inner
    return text
