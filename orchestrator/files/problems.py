"""What can go wrong with a project's files, as one tree; foreign OSErrors are translated here and nowhere else.

* FileProblem          one sentence: what, where, what to do next
  * UnsafePath         the path could lead out of the folder, or cannot be a file name
  * NotRegular         a link, directory, pipe, socket or device where a plain file or directory belongs
  * TooLarge           more bytes than the caller allows
  * NotText            not readable as text (raised by intake)
  * Denied             the system does not let us read or write it
  * Gone               the folder was deleted while it was in use
  * DiskFull           no space, or over quota: pause until there is space again
  * ReadOnly           the file system is mounted read-only
  * DiskError          the disk, the network to it or the system failed; the same may work in a moment
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class FileProblem(Exception):
    """Base of all of them; `path` is relative to the folder, with `/`."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class UnsafePath(FileProblem):
    """The path is absolute, has `..` in it, or is no possible name."""


class NotRegular(FileProblem):
    """Something else stands where a plain file or directory belongs."""


class TooLarge(FileProblem):
    """The file has more bytes than the caller allows."""


class NotText(FileProblem):
    """The bytes are not text in a known encoding."""


class Denied(FileProblem):
    """No permission."""


class Gone(FileProblem):
    """The folder itself is no longer there."""


class DiskFull(FileProblem):
    """No space left, or the quota is used up."""


class ReadOnly(FileProblem):
    """The file system is mounted read-only."""


class DiskError(FileProblem):
    """The disk, the network to it or the system failed. It says nothing about the file, which may well be there."""


PASSING = frozenset(
    {
        errno.EIO,
        errno.ESTALE,
        errno.ETIMEDOUT,
        errno.EAGAIN,
        errno.EBUSY,
        errno.ENOMEM,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENODEV,
        errno.ENOTCONN,
        errno.ECONNABORTED,
        errno.ECONNRESET,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
    }
)
"""Errors of a disk, a mount or a system that may be well again in a moment: nobody has to change a file."""


_SENTENCES: dict[int, tuple[type[FileProblem], str]] = {
    errno.ENOSPC: (DiskFull, "the disk is full; free some space, the work goes on by itself"),
    errno.EDQUOT: (DiskFull, "the disk quota is used up; free some space, the work goes on by itself"),
    errno.EROFS: (ReadOnly, "the file system is read-only; mount it writable"),
    errno.EACCES: (Denied, "no permission; check the owner and the mode of the file and its folder"),
    errno.EPERM: (Denied, "the operation is not permitted; check owner, mode and attributes"),
    errno.ELOOP: (NotRegular, "is a symbolic link; put a real file or folder in its place"),
    errno.ENOTDIR: (NotRegular, "a part of the path is a link or a file, not a folder; put a real folder in its place"),
    errno.EISDIR: (NotRegular, "is a folder; put a file in its place"),
    errno.ENXIO: (NotRegular, "is a socket or device; put a plain file in its place"),
    errno.ENAMETOOLONG: (UnsafePath, "the name is too long for this file system; choose a shorter one"),
    errno.EILSEQ: (UnsafePath, "the name has bytes that this file system does not take; choose another"),
    errno.ENOENT: (Gone, "the folder it belongs to is no longer there"),
}


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Within the block an OSError about `path` becomes a FileProblem; FileExistsError passes, callers answer it."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        kind, sentence = _problem(error)
        raise kind(f"{path}: {sentence}", path) from error


def _problem(error: OSError) -> tuple[type[FileProblem], str]:
    if error.errno in PASSING:
        return DiskError, f"the disk or the system failed ({error.strerror}); look after it, the work goes on by itself"
    return _SENTENCES.get(error.errno or 0, (FileProblem, f"{error.strerror or error}"))
