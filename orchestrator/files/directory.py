"""One open directory and what may be done to the names in it; nothing here follows a symbolic link.

The directory is held by descriptor, so a racing thread that swaps a parent for a link leads nowhere. Windows has no
such calls: `by_path` stands in there.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}  # some network file systems cannot sync a directory


class Entry(Protocol):
    """The part of os.DirEntry that is used."""

    @property
    def name(self) -> str: ...
    def is_dir(self, *, follow_symlinks: bool = True) -> bool: ...
    def is_file(self, *, follow_symlinks: bool = True) -> bool: ...


class Directory(Protocol):
    """Every system call that touches a project's files. All names are single components; errors are OSErrors."""

    def child(self, name: str) -> Directory:
        """The directory `name` in this one, opened."""

    def close(self) -> None: ...
    def identity(self) -> tuple[int, int]:
        """Device and inode."""

    def make(self, name: str) -> None: ...
    def open(self, name: str, flags: int, mode: int = 0o644) -> int:
        """A file descriptor."""

    def write(self, descriptor: int, data: memoryview) -> int:
        """How many bytes were taken, which can be fewer than given."""

    def sync_file(self, descriptor: int) -> None: ...
    def sync(self) -> None:
        """Make the names in this directory durable."""

    def rename(self, old: str, new: str) -> None:
        """Replaces what stands at `new`; a link there is replaced, not followed."""

    def link(self, old: str, new: str) -> None:
        """A second name; FileExistsError when there is one already."""

    def unlink(self, name: str) -> None: ...
    def remove(self, name: str) -> None:
        """Remove an empty directory."""

    def stat(self, name: str) -> os.stat_result: ...
    def entries(self) -> Sequence[Entry]:
        """What is in here, sorted by name."""

    def unlock(self) -> None:
        """Give ourselves all rights to this directory."""

    def unlock_child(self, name: str) -> None:
        """The same for a directory that cannot be opened."""

    def free_bytes(self) -> int: ...


class DescriptorDirectory:
    """A directory held by a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor

    @classmethod
    def at(cls, path: Path) -> Self:
        return cls(os.open(path, _DIRECTORY))

    def child(self, name: str) -> Self:
        return type(self)(os.open(name, _DIRECTORY, dir_fd=self._fd))

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def identity(self) -> tuple[int, int]:
        found = os.fstat(self._fd)
        return found.st_dev, found.st_ino

    def make(self, name: str) -> None:
        os.mkdir(name, 0o755, dir_fd=self._fd)

    def open(self, name: str, flags: int, mode: int = 0o644) -> int:
        return os.open(name, flags | _FILE, mode, dir_fd=self._fd)

    def write(self, descriptor: int, data: memoryview) -> int:
        return os.write(descriptor, data)

    def sync_file(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def sync(self) -> None:
        try:
            os.fsync(self._fd)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise

    def rename(self, old: str, new: str) -> None:
        os.rename(old, new, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def link(self, old: str, new: str) -> None:
        os.link(old, new, src_dir_fd=self._fd, dst_dir_fd=self._fd, follow_symlinks=False)

    def unlink(self, name: str) -> None:
        os.unlink(name, dir_fd=self._fd)

    def remove(self, name: str) -> None:
        os.rmdir(name, dir_fd=self._fd)

    def stat(self, name: str) -> os.stat_result:
        return os.stat(name, dir_fd=self._fd, follow_symlinks=False)

    def entries(self) -> Sequence[Entry]:
        with os.scandir(self._fd) as found:
            return sorted(found, key=lambda entry: entry.name)

    def unlock(self) -> None:
        mode = stat.S_IMODE(os.fstat(self._fd).st_mode)
        if mode & 0o700 != 0o700:
            os.fchmod(self._fd, mode | 0o700)

    def unlock_child(self, name: str) -> None:
        if not hasattr(os, "O_PATH"):
            os.chmod(name, 0o700, dir_fd=self._fd, follow_symlinks=False)
            return
        descriptor = os.open(name, os.O_PATH | _DIRECTORY, dir_fd=self._fd)  # needs no right to read, unlike O_RDONLY
        try:
            Path(f"/proc/self/fd/{descriptor}").chmod(0o700)
        finally:
            os.close(descriptor)

    def free_bytes(self) -> int:
        found = os.fstatvfs(self._fd)
        return found.f_bavail * found.f_frsize
