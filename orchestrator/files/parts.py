"""The parts of a path, and the plain file at its end: what may be opened, and how, without being led elsewhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from .directory import Directory
from .problems import NotRegular, TooLarge, UnsafePath

_CHUNK = 1 << 20
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def parts_of(rel: str) -> list[str]:
    """The components of a relative path; UnsafePath for whatever could lead elsewhere. Empty for the folder itself."""
    if rel == "":
        return []
    parts = rel.split("/")
    if any(part in ("", ".", "..") or "\0" in part or _elsewhere_on_windows(part) for part in parts):
        raise UnsafePath(f"{rel!r}: not a path inside the folder; use names joined by /, without . and ..", rel)
    try:
        os.fsencode(rel)
    except UnicodeEncodeError as error:
        raise UnsafePath(f"{rel!r}: the name cannot be encoded for this system; choose another", rel) from error
    return parts


def _elsewhere_on_windows(part: str) -> bool:
    return os.name == "nt" and any(mark in part for mark in '\\:<>"|?*')


def joined(directory: str, name: str) -> str:
    """The path of `name` in `directory`, which is empty for the folder itself."""
    return f"{directory}/{name}" if directory else name


def require_regular(found: os.stat_result, rel: str) -> None:
    """Raises NotRegular for anything but a plain file."""
    if stat.S_ISREG(found.st_mode):
        return
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    kind = kinds.get(stat.S_IFMT(found.st_mode), "a device")
    raise NotRegular(f"{rel}: is {kind}; put a plain file in its place", rel)


def open_regular(directory: Directory, name: str, rel: str) -> int | None:
    """Looked at first, since opening a device can do something; and again, since it may have been replaced."""
    try:
        require_regular(directory.stat(name), rel)
        descriptor = directory.open(name, _READ)
    except FileNotFoundError:
        return None
    try:
        require_regular(os.fstat(descriptor), rel)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def chunks(descriptor: int, rel: str, limit: int | None) -> Iterator[bytes]:
    """The content, piece by piece. Raises TooLarge above `limit` bytes."""
    total = 0
    while chunk := os.read(descriptor, _CHUNK):
        total += len(chunk)
        if limit is not None and total > limit:
            raise TooLarge(f"{rel}: larger than {limit:,} bytes; shorten it", rel)
        yield chunk
