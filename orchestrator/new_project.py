"""Makes a project: a folder with its requirements in it, or one sentence why not."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from .files import FileProblem, Folder, TooLarge
from .intake import MAX_BYTES, Blank, decode
from .project import Project

LONGEST_NAME = 200
"""Bytes; file systems take 255, and the zip's name is longer than the project's."""
_FORBIDDEN = frozenset('/\\<>:"|?*')
"""What some system does not allow in a name; a project should survive being copied there."""


class NewProjectError(Exception):
    """The project was not made; the text says why and what to do."""


def create(workspace: Path, name: str, text: str | bytes) -> Path:
    """The requirements file of the new project `name`; it appears whole. Raises NewProjectError."""
    check_name(name)
    requirements = checked_text(text)
    root = workspace / name
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        with Folder.open(workspace) as folder:
            if folder.status(name) is not None and folder.names(name):
                raise _exists(root)
            folder.create(f"{name}/{Project.REQUIREMENTS}", requirements)
    except FileExistsError as error:
        if not workspace.is_dir():
            raise NewProjectError(f"{workspace}: is a file; move it away, or use --workspace FOLDER") from error
        raise _exists(root) from error
    except (OSError, FileProblem) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise NewProjectError(
            f"{root}: cannot be made: {reason}; name another folder with --workspace FOLDER"
        ) from error
    return root / Project.REQUIREMENTS


def _exists(root: Path) -> NewProjectError:
    return NewProjectError(f"{root}: is there already; choose another name, or edit {root / Project.REQUIREMENTS}")


def check_name(name: str) -> None:
    """Raises NewProjectError for a name that cannot be a folder's everywhere, or that shows as another."""
    reason = _fault(name)
    if reason:
        shown = name.encode("utf-8", "backslashreplace").decode()[:LONGEST_NAME]
        raise NewProjectError(f"{shown!r} cannot be a project's name: {reason}; use letters, digits, - and _")


def checked_text(text: str | bytes) -> str:
    """The requirements as the daemon will read them. Raises NewProjectError."""
    try:
        raw = text.encode("utf-8") if isinstance(text, str) else text
        if len(raw) > MAX_BYTES:
            raise TooLarge(f"more than {MAX_BYTES // 1024} KiB; shorten it", Project.REQUIREMENTS)
        return decode(raw, "the requirements")
    except Blank as error:
        raise NewProjectError("the requirements are empty; say in a sentence or more what is to be made") from error
    except UnicodeEncodeError as error:
        raise NewProjectError("the requirements are not valid text; save them as UTF-8 and use --from FILE") from error
    except FileProblem as error:
        raise NewProjectError(str(error)) from error


def _fault(name: str) -> str | None:
    if not name.strip():
        return "it is empty"
    if name.startswith("."):
        return "names that begin with a dot are hidden and left alone"
    if name != name.strip() or name.endswith("."):
        return "it begins or ends with a space, or ends with a dot"
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return "it is not valid text"
    if size > LONGEST_NAME:
        return f"it has {size} bytes, and at most {LONGEST_NAME} are allowed"
    for character in name:
        if character in _FORBIDDEN:
            return f"it holds {character!r}"
        if (
            unicodedata.category(character) in {"Cc", "Zl", "Zp"}
            or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        ):
            return f"it holds the control character U+{ord(character):04X}"
    return None
