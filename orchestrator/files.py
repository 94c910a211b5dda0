"""A project's folder: every read and write of its files, atomic, durable, and never outside it.

Paths are relative to the folder, with `/`. A write goes to a temporary file beside its target, is synced, renamed over
the target, and the directory is synced: after a crash or a power cut there is the old content or the new, whole.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .caches import is_cache
from .files_change import give_new_name, is_temporary, remove_tree, unfinished, write_all
from .files_directory import DescriptorDirectory, Directory
from .files_parts import child_of, chunks, joined, open_regular, parts_of, require_regular
from .files_problems import (
    Denied,
    DiskFull,
    FileProblem,
    Gone,
    NotRegular,
    NotText,
    ReadOnly,
    TooLarge,
    UnsafePath,
    translated,
)

__all__ = [
    "Denied",
    "DiskFull",
    "FileProblem",
    "Fingerprint",
    "Folder",
    "Gone",
    "NotRegular",
    "NotText",
    "ReadOnly",
    "TooLarge",
    "UnsafePath",
]

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Fingerprint:
    """Enough to tell that a file was written, replaced or touched; not that its content differs."""

    mtime_ns: int
    size: int
    inode: int

    def __str__(self) -> str:
        return f"{self.mtime_ns}:{self.size}:{self.inode}"

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        return cls(found.st_mtime_ns, found.st_size, found.st_ino)


def _none_ignored(_name: str) -> bool:
    return False


def _never_written(name: str) -> bool:
    return is_cache(name) and not is_temporary(name)


class Folder:
    """The root of a project, held open; close it, or use it as a context manager.

    Methods raise FileProblem; `create` also FileExistsError. "Absent" is a value (None, False, empty), not an error.
    """

    def __init__(self, path: Path, root: Directory) -> None:
        self.path = path
        self._root = root

    @classmethod
    def open(cls, path: Path) -> Self:
        """The folder at `path`, which must be there and must not itself be a link; Gone when it is absent."""
        with translated(str(path)):
            return cls(path, _directory_at(path))

    def folder(self, rel: str) -> Self:
        """A folder within this one, opened on its own."""
        with translated(rel):
            return type(self)(self.path / rel, self._descend(parts_of(rel), make=False))

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
        """False once the folder was deleted, renamed or replaced by another."""
        try:
            found = self.path.lstat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self.identity()

    def free_bytes(self) -> int:
        """What we may still write to the folder's file system."""
        with translated("."):
            return self._root.free_bytes()

    def probe(self, rel: str, size: int) -> None:
        """Write `size` bytes into the directory `rel` and remove them: raises whatever a real write would."""
        with translated(rel), self._parent(f"{rel}/probe", make=True) as (directory, _):
            assert directory is not None
            with unfinished(directory, 0o600) as temporary:
                write_all(directory, temporary.descriptor, bytes(size))
                temporary.close()
                directory.unlink(temporary.name)

    def read(self, rel: str, *, limit: int | None = None) -> bytes | None:
        """The content, None when absent. TooLarge above `limit` bytes; NotRegular for anything but a plain file."""
        with self.reading(rel) as descriptor:
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
        with self.reading(rel) as descriptor:
            if descriptor is None:
                return None
            for chunk in chunks(descriptor, rel, None):
                digest.update(chunk)
        return digest.hexdigest()

    @contextmanager
    def reading(self, rel: str) -> Iterator[int | None]:
        """A descriptor to read a plain file by, None when absent; does not wait for a pipe's writer."""
        with translated(rel), self._parent(rel) as (directory, name):
            descriptor = None if directory is None else open_regular(directory, name, rel)
            try:
                yield descriptor
            finally:
                if descriptor is not None:
                    os.close(descriptor)

    def stat(self, rel: str) -> Fingerprint | None:
        """None when absent; NotRegular for anything but a plain file."""
        found = self.status(rel)
        if found is None:
            return None
        require_regular(found, rel)
        return Fingerprint.of(found)

    def status(self, rel: str) -> os.stat_result | None:
        """What stands at `rel`, of whatever kind, links not followed; None when nothing."""
        with translated(rel), self._parent(rel) as (directory, name):
            if directory is None:
                return None
            with suppress(FileNotFoundError):
                return directory.stat(name)
        return None

    def write(self, rel: str, data: bytes | str, *, mode: int = 0o644) -> None:
        """Replace or make the file: whole and durable when this returns, untouched when it raises."""
        with translated(rel), self._parent(rel, make=True) as (directory, name):
            assert directory is not None
            with unfinished(directory, mode) as temporary:
                write_all(directory, temporary.descriptor, data)
                temporary.finish()
                directory.rename(temporary.name, name)
            directory.sync()

    def create(self, rel: str, data: bytes | str, *, mode: int = 0o644) -> None:
        """As `write`, but FileExistsError when there is something already."""
        with self.creating(rel, mode=mode) as descriptor:
            write_all(self._root, descriptor, data)

    @contextmanager
    def creating(self, rel: str, *, mode: int = 0o644) -> Iterator[int]:
        """A descriptor to write and read a new file by; at the end of the block it appears whole, or not at all.

        FileExistsError, at the end, when there is something already.
        """
        with translated(rel), self._parent(rel, make=True) as (directory, name):
            assert directory is not None
            with unfinished(directory, mode) as temporary:
                yield temporary.descriptor
                temporary.finish()
                give_new_name(directory, temporary.name, name)
            directory.sync()

    def put(self, rel: str, data: bytes | str, *, mode: int = 0o644) -> None:
        """Make a new file that need not outlive the daemon: not synced. Raises FileExistsError."""
        with translated(rel), self._parent(rel, make=True) as (directory, name):
            assert directory is not None
            descriptor = directory.open(name, _NEW, mode)
            try:
                write_all(directory, descriptor, data)
                if hasattr(os, "fchmod"):
                    os.fchmod(descriptor, mode)  # also where the umask says otherwise
            finally:
                os.close(descriptor)

    def append(self, rel: str, data: bytes | str) -> None:
        """Add to a log: one write, not synced, so the last lines may be lost with the power."""
        with translated(rel), self._parent(rel, make=True) as (directory, name):
            assert directory is not None
            descriptor = directory.open(name, _APPEND)
            try:
                require_regular(os.fstat(descriptor), rel)
                write_all(directory, descriptor, data)
            finally:
                os.close(descriptor)

    def mkdir(self, rel: str) -> None:
        """Make a directory and its parents, durably; one that is there already is fine."""
        with translated(rel):
            self._descend(parts_of(rel), make=True).close()

    def names(self, rel: str = "") -> list[str]:
        """Names in a directory, sorted; empty when there is no such directory."""
        with translated(rel or "."):
            try:
                directory = self._descend(parts_of(rel), make=False)
            except FileNotFoundError:
                return []
            try:
                return [entry.name for entry in directory.entries()]
            finally:
                directory.close()

    def walk(self, rel: str = "", *, ignored: Callable[[str], bool] = _none_ignored) -> Iterator[str]:
        """Paths of the plain files below `rel`, sorted within each directory; links, pipes and the like are left out.

        `ignored` is asked with the bare name of each file and directory.
        """
        for directory_rel, _, files in self._directories(rel, ignored):
            yield from (joined(directory_rel, name) for name in files)

    def remove(self, rel: str) -> bool:
        """Remove a file or a link, durably; False when there was none."""
        with translated(rel), self._parent(rel) as (directory, name):
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
        with translated(rel), self._parent(rel) as (directory, name):
            assert directory is not None
            remove_tree(directory, name)
            directory.sync()
        return True

    def rename(self, old: str, new: str) -> None:
        """Move a file or directory within this folder, durably; a file at `new` is replaced."""
        with (
            translated(old),
            self._parent(old) as (directory, name),
            self._parent(new, make=True) as (target, new_name),
        ):
            if directory is None or target is None:
                raise Gone(f"{old}: is not there", old)
            directory.move(name, target, new_name)
            target.sync()
            directory.sync()

    def exchange(self, one: str, other: str) -> None:
        """Swap two files or directories that are both there.

        In one step on Linux and macOS. Elsewhere, and on file systems without it, in three: a crash in between leaves
        `one` absent and its content at `.tumbler-swap-*` beside it.
        """
        with translated(one), self._parent(one) as (first, name), self._parent(other) as (second, other_name):
            if first is None or second is None:
                raise Gone(f"{one} and {other}: one of them is not there", one)
            if not first.exchange(name, second, other_name):
                aside = f".tumbler-swap-{secrets.token_hex(8)}"
                first.rename(name, aside)
                second.move(other_name, first, name)
                first.move(aside, second, other_name)
            first.sync()
            second.sync()

    def sweep(self, rel: str = "", *, depth: int = 8) -> int:
        """Remove what interrupted writes left behind, at most `depth` directories deep; how many there were.

        Not in caches and installed packages, where we never write.
        """
        left = [
            joined(directory_rel, name)
            for directory_rel, _, files in self._directories(rel, _never_written, depth)
            for name in files
            if is_temporary(name)
        ]
        return sum(self.remove(path) for path in left)

    @contextmanager
    def _parent(self, rel: str, *, make: bool = False) -> Iterator[tuple[Directory | None, str]]:
        """The directory that holds `rel`, opened, and its name in it; (None, name) when the directory is absent."""
        *parents, name = parts_of(rel) or [""]
        if not name:
            raise UnsafePath(f"{rel!r}: names the folder itself", rel)
        directory: Directory | None = None
        try:
            directory = self._descend(parents, make=make)
        except FileNotFoundError:
            if make:
                raise
        try:
            yield directory, name
        finally:
            if directory is not None:
                directory.close()

    def _descend(self, parts: list[str], *, make: bool) -> Directory:
        """The directory at `parts`, opened component by component; made and synced into its parent where absent."""
        directory = self._root.child(".")
        try:
            for part in parts:
                deeper = child_of(directory, part, make=make)
                directory.close()
                directory = deeper
        except BaseException:
            directory.close()
            raise
        return directory

    def _directories(
        self, rel: str, ignored: Callable[[str], bool], depth: int | None = None
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        """(path, names of directories, names of plain files) of each directory from `rel` down, parents first."""
        waiting = [(rel, 0)]
        while waiting:
            path, level = waiting.pop()
            directories, files = self._split(path, ignored)
            yield path, directories, files
            if depth is None or level < depth:
                waiting.extend((joined(path, name), level + 1) for name in reversed(directories))

    def _split(self, rel: str, ignored: Callable[[str], bool]) -> tuple[list[str], list[str]]:
        with translated(rel or "."):
            try:
                directory = self._descend(parts_of(rel), make=False)
            except FileNotFoundError:
                return [], []
            try:
                entries = [entry for entry in directory.entries() if not ignored(entry.name)]
                return (
                    [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)],
                    [entry.name for entry in entries if entry.is_file(follow_symlinks=False)],
                )
            finally:
                directory.close()


def _directory_at(path: Path) -> Directory:
    if os.open in os.supports_dir_fd:
        return DescriptorDirectory.at(path)
    from .files_by_path import PathDirectory

    return PathDirectory.at(path)
