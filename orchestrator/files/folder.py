"""A project's folder, held open.

Paths are relative to the folder, with `/`. A write goes to a temporary file beside its target, is synced, renamed over
the target, and the directory is synced: after a crash or a power cut there is the old content or the new, whole.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from . import change
from .caches import is_cache
from .directory import DescriptorDirectory, Directory
from .fingerprint import Fingerprint
from .parts import chunks, open_regular, parts_of, require_regular
from .problems import Denied, NotText, translated
from .tree import Ignored, Tree


def _none_ignored(_name: str) -> bool:
    return False


def _never_written(name: str) -> bool:
    return is_cache(name) and not change.is_temporary(name)


class Folder:
    """The root of a project, held open; close it, or use it as a context manager.

    Methods raise FileProblem; `create` also FileExistsError. "Absent" is a value (None, False, empty), not an error.
    """

    def __init__(self, path: Path, root: Directory) -> None:
        self.path = path
        self._root = root
        self._tree = Tree(root)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The folder at `path`, which must be there and must not itself be a link; Gone when it is absent."""
        with translated(str(path)):
            return cls(path, _directory_at(path))

    def folder(self, rel: str) -> Self:
        """A folder within this one, opened on its own."""
        with translated(rel):
            return type(self)(self.path / rel, self._tree.directory(parts_of(rel)))

    def close(self) -> None:
        self._root.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def identity(self) -> tuple[int, int]:
        """Device and inode: what it is, whatever it is called."""
        return self._root.identity()

    def still_there(self) -> bool:
        """False once the folder was deleted, renamed or replaced by another; not while the disk does not say."""
        try:
            found = self.path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return (found.st_dev, found.st_ino) == self.identity()

    def free_bytes(self) -> int:
        """What we may still write to the folder's file system."""
        with translated("."):
            return self._root.free_bytes()

    def probe(self, rel: str, size: int) -> None:
        """Write `size` bytes into the directory `rel` and remove them: raises whatever a real write would."""
        with translated(rel), self._tree.made_parent(f"{rel}/probe") as (directory, _):
            change.try_out(directory, size)

    def read(self, rel: str, *, limit: int | None = None) -> bytes | None:
        """The content, None when absent. TooLarge above `limit` bytes; NotRegular for anything but a plain file."""
        with self._reading(rel) as descriptor:
            if descriptor is None:
                return None
            return b"".join(chunks(descriptor, rel, limit))

    def read_text(self, rel: str, *, limit: int | None = None) -> str | None:
        """The content as UTF-8, line ends kept; NotText when it is not. For users' files see `intake`."""
        found = self.read(rel, limit=limit)
        try:
            return None if found is None else found.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotText(f"{rel}: not UTF-8 at byte {error.start}; save it as UTF-8", rel) from error

    def sha256(self, rel: str) -> str | None:
        """Hexadecimal digest of the content, None when absent."""
        digest = hashlib.sha256()
        with self._reading(rel) as descriptor:
            if descriptor is None:
                return None
            for chunk in chunks(descriptor, rel, None):
                digest.update(chunk)
        return digest.hexdigest()

    def stat(self, rel: str) -> Fingerprint | None:
        """None when absent; NotRegular for anything but a plain file."""
        found = self.status(rel)
        if found is None:
            return None
        require_regular(found, rel)
        return Fingerprint.of(found)

    def status(self, rel: str) -> os.stat_result | None:
        """What stands at `rel`, of whatever kind, links not followed; None when nothing."""
        with translated(rel), self._tree.parent(rel) as (directory, name):
            if directory is None:
                return None
            with suppress(FileNotFoundError):
                return directory.stat(name)
        return None

    def names(self, rel: str = "") -> list[str]:
        """Names in a directory, sorted; empty when there is no such directory."""
        with self._tree.entries(rel) as entries:
            return [entry.name for entry in entries]

    def walk(self, rel: str = "", *, ignored: Ignored = _none_ignored) -> Iterator[str]:
        """Paths of the plain files below `rel`, sorted within each directory; no links, pipes and the like."""
        return self._tree.files(rel, ignored)

    def write(self, rel: str, data: bytes | str, *, mode: int = 0o644) -> None:
        """Replace or make the file: whole and durable when this returns, untouched when it raises."""
        with translated(rel), self._tree.made_parent(rel) as (directory, name):
            change.replace(directory, name, data, mode)

    def create(self, rel: str, data: bytes | str, *, mode: int = 0o644) -> None:
        """As `write`, but FileExistsError when there is something already."""
        with translated(rel), self._tree.made_parent(rel) as (directory, name):
            change.create(directory, name, data, mode)

    def put(self, rel: str, data: bytes | str, *, mode: int = 0o644) -> None:
        """Make a new file that need not outlive the daemon: not synced. Raises FileExistsError."""
        with translated(rel), self._tree.made_parent(rel) as (directory, name):
            change.put(directory, name, data, mode)

    def append(self, rel: str, data: bytes | str) -> None:
        """Add to a log: one write, not synced, so the last lines may be lost with the power."""
        with translated(rel), self._tree.made_parent(rel) as (directory, name):
            change.append(directory, name, rel, data)

    def mkdir(self, rel: str) -> None:
        """Make a directory and its parents, durably; one that is there already is fine."""
        with translated(rel):
            self._tree.directory(parts_of(rel), make=True).close()

    def remove(self, rel: str) -> bool:
        """Remove a file or a link, durably; False when there was none."""
        with translated(rel), self._tree.parent(rel) as (directory, name):
            if directory is None:
                return False
            try:
                directory.unlink(name)
            except FileNotFoundError:
                return False
            directory.sync()
            return True

    def remove_tree(self, rel: str) -> bool:
        """Remove a directory and all in it, also what was made unreadable; links in it are removed, not followed."""
        found = self.status(rel)
        if found is None:
            return False
        if not stat.S_ISDIR(found.st_mode):
            return self.remove(rel)
        with translated(rel), self._tree.parent(rel) as (directory, name):
            if directory is None:
                return False
            change.remove_tree(directory, name)
            directory.sync()
        return True

    def sweep(self, rel: str = "", *, depth: int = 8) -> int:
        """Remove what interrupted writes left behind, at most `depth` directories deep; how many there were.

        Not in caches and installed packages, where we never write, nor where we are not let in.
        """
        files = self._tree.files(rel, _never_written, depth, passing_over=Denied)
        left = [path for path in files if change.is_temporary(path.rpartition("/")[2])]
        return sum(self.remove(path) for path in left)

    @contextmanager
    def _reading(self, rel: str) -> Iterator[int | None]:
        """A descriptor to read a plain file by, None when absent; does not wait for a pipe's writer."""
        with translated(rel), self._tree.parent(rel) as (directory, name):
            descriptor = None if directory is None else open_regular(directory, name, rel)
            try:
                yield descriptor
            finally:
                if descriptor is not None:
                    os.close(descriptor)


def _directory_at(path: Path) -> Directory:
    if os.open in os.supports_dir_fd:
        return DescriptorDirectory.at(path)
    from .by_path import PathDirectory

    return PathDirectory.at(path)
