"""Which paths a model may name: relative, with `/`, the same file on every system, none of ours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

from agents.answers.rejection import Reason, Rejected

_RESERVED_ON_WINDOWS = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"]
)
_FORBIDDEN_FOLDERS = frozenset([".git", "git~1", ".hg", ".svn", ".tumbler"])
_FORBIDDEN_AT_ROOT = frozenset([".manifest.json"])
_FORBIDDEN_CHARACTERS = frozenset('\\:*?"<>|$%`')
_FORBIDDEN_CATEGORIES = frozenset(["Cc", "Cf", "Cs", "Co", "Zl", "Zp"])
_MOST_BYTES, _MOST_BYTES_OF_A_PART = 1024, 200

_EXTENSION = re.compile(r"[^\s/]\.[A-Za-z][A-Za-z0-9_+-]{0,11}$|(?:^|/)\.[A-Za-z][\w.-]*$|\.(?:mp3|mp4|7z)$")
_WITHOUT_EXTENSION = re.compile(
    r"(?:gnu)?makefile|(?:docker|container|proc|gem|rake|jenkins|vagrant|brew|just|pip)file|"
    r"licen[sc]e|notice|authors|contributors|codeowners|version|readme|changelog|copying|todo|py\.typed",
    re.IGNORECASE,
)
_PRODUCT = re.compile(r"(?:node|next|vue|react|nuxt|express|three|d3)\.js|(?:asp|vb)\.net|socket\.io", re.IGNORECASE)


def looks_like_path(text: str) -> bool:
    """True for what a person takes for a file name when it stands alone: it has an extension or is a known name."""
    if not text or len(text) > _MOST_BYTES or re.search(r"\s{2}|[{}\"\n]", text) or _PRODUCT.fullmatch(text):
        return False
    return bool(_EXTENSION.search(text) or _WITHOUT_EXTENSION.fullmatch(text.rsplit("/", 1)[-1]))


def safe_path(path: str) -> str:
    """The path in its plain form (`./src//a.py` is `src/a.py`); Rejected when it is not safe everywhere."""
    plain = path[1:-1] if len(path) > 2 and path[0] == path[-1] == "`" else path
    if "\\" in plain and not re.search(r"\\\.|\.\.|^\\|\\\\|^[A-Za-z]:", plain):
        plain = plain.replace("\\", "/")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    problem = _whole_problem(plain, parts) or next(filter(None, map(_part_problem, parts)), "")
    if problem:
        raise Rejected(
            Reason.UNSAFE_PATH,
            f"The path {path[:120]!r} {problem}; paths are relative to the project and use /, like 'src/app.py'.",
        )
    return "/".join(parts)


def _whole_problem(path: str, parts: list[str]) -> str:
    if not parts or path.endswith(("/", "/.")):
        return "names no file"
    if path.startswith("/"):
        return "is absolute"
    if path.startswith("~"):
        return "points into a home folder"
    if ".." in parts:
        return "contains '..'"
    if any(unicodedata.category(character) in _FORBIDDEN_CATEGORIES for character in path):
        return "contains a control character"
    if path[0] == path[-1] == "'":
        return "is in quotes"
    if bad := _FORBIDDEN_CHARACTERS.intersection(path):
        return f"contains {min(bad)!r}"
    if len(path.encode()) > _MOST_BYTES:
        return f"is longer than {_MOST_BYTES} bytes"
    if len(parts) == 1 and parts[0].casefold() in _FORBIDDEN_AT_ROOT:
        return "belongs to the build"
    return ""


def _part_problem(part: str) -> str:
    if len(part.encode()) > _MOST_BYTES_OF_A_PART:
        return f"has a part longer than {_MOST_BYTES_OF_A_PART} bytes"
    if part != part.strip() or part.endswith("."):
        return "has a part that begins or ends with a space, or ends with a dot"
    if part.split(".")[0].rstrip().casefold() in _RESERVED_ON_WINDOWS:
        return "uses a device name of Windows"
    if part.casefold() in _FORBIDDEN_FOLDERS:
        return f"lies in {part}, which is not part of the code"
    return ""


def same_file_key(path: str) -> str:
    """Equal for two paths that are one file on some system: macOS folds accents, macOS and Windows fold case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rsplit("/", 1)[0]
        yield path


def without_prefix(paths: Iterable[str], project: str, known: Collection[str] = ()) -> dict[str, str]:
    """Each path as given -> the path without the project's or the staging folder in front.

    The folder goes only if all paths have it. A package that bears the project's name keeps its folder: it shows by its
    `__init__.py`, or by a path in `known` that lies in it.
    """
    renamed = {path: path.replace("\\", "/") for path in paths}
    for folder in (project, "03_staging", "staging"):
        prefix = f"{folder}/"
        now = [path.removeprefix("./") for path in renamed.values()]
        if not folder or not now or not all(path.startswith(prefix) for path in now):
            continue
        if f"{prefix}__init__.py" in now or any(path.startswith(prefix) for path in known):
            continue
        renamed = {given: path.removeprefix("./").removeprefix(prefix) for given, path in renamed.items()}
    return {given: given if path == given.replace("\\", "/") else path for given, path in renamed.items()}
