"""The stand-in for `DescriptorDirectory` on Windows, which cannot open names relative to a directory.

It refuses links and junctions as it meets them, but a racing process could swap one in between. Not tried on Windows.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from .directory import Entry


class PathDirectory:
    """A directory known by its path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def at(cls, path: Path) -> Self:
        found = path.lstat()
        if getattr(found, "st_reparse_tag", 0) or not stat.S_ISDIR(found.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        return cls(path)

    def child(self, name: str) -> Self:
        return type(self).at(self._path / name)

    def close(self) -> None:
        """Nothing is held."""

    def identity(self) -> tuple[int, int]:
        found = self._path.lstat()
        return found.st_dev, found.st_ino

    def make(self, name: str) -> None:
        (self._path / name).mkdir()

    def open(self, name: str, flags: int, mode: int = 0o644) -> int:
        path = self._path / name
        if path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        return os.open(path, flags, mode)

    def write(self, descriptor: int, data: memoryview) -> int:
        return os.write(descriptor, data)

    def sync_file(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def sync(self) -> None:
        """NTFS journals names itself; a directory cannot be synced."""

    def rename(self, old: str, new: str) -> None:
        (self._path / old).replace(self._path / new)

    def link(self, old: str, new: str) -> None:
        (self._path / new).hardlink_to(self._path / old)

    def unlink(self, name: str) -> None:
        (self._path / name).unlink()

    def remove(self, name: str) -> None:
        (self._path / name).rmdir()

    def stat(self, name: str) -> os.stat_result:
        return (self._path / name).lstat()

    def entries(self) -> Sequence[Entry]:
        with os.scandir(self._path) as found:
            return sorted(found, key=lambda entry: entry.name)

    def unlock(self) -> None:
        self._path.chmod(stat.S_IRWXU)

    def unlock_child(self, name: str) -> None:
        (self._path / name).chmod(stat.S_IRWXU)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self._path).free
