"""The steps of each change to the names in an open directory, in the order that a crash or a power cut leaves whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from .directory import Directory
from .parts import require_regular
from .problems import NotText

_BINARY = getattr(os, "O_BINARY", 0)
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | _BINARY


def is_temporary(name: str) -> bool:
    """Whether a file of this name is an unfinished write of ours."""
    return name.startswith(".tumbler-") and name.endswith(".tmp")


@dataclass
class _Unfinished:
    """A file that nobody knows yet."""

    directory: Directory
    name: str
    descriptor: int
    closed: bool = False

    def finish(self) -> None:
        """Make the content durable; it may get its final name then, and not before."""
        self.directory.sync_file(self.descriptor)  # an error is final: the kernel reports it once and drops the pages
        self.close()  # Windows renames no open file

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            os.close(self.descriptor)


@contextmanager
def _unfinished(directory: Directory, mode: int) -> Iterator[_Unfinished]:
    """A temporary file with a short random name, so that targets of 255 bytes work; removed when the block fails."""
    name = f".tumbler-{secrets.token_hex(8)}.tmp"
    temporary = _Unfinished(directory, name, directory.open(name, _NEW, mode))
    try:
        yield temporary
    except BaseException:
        temporary.close()
        with suppress(OSError):
            directory.unlink(name)
        raise
    finally:
        temporary.close()


def _write_all(directory: Directory, descriptor: int, data: bytes | str) -> None:
    """Short writes happen: on a nearly full disk, and on signals."""
    left = memoryview(_encoded(data))
    while left:
        left = left[directory.write(descriptor, left) :]


def _encoded(data: bytes | str) -> bytes:
    try:
        return data.encode("utf-8") if isinstance(data, str) else data
    except UnicodeEncodeError as error:
        raise NotText(f"the text cannot be stored: character {error.start} is half of a surrogate pair") from error


def replace(directory: Directory, name: str, data: bytes | str, mode: int) -> None:
    """The file `name` has the new content, durably; what stood there before is replaced, also when it is a link."""
    with _unfinished(directory, mode) as temporary:
        _write_all(directory, temporary.descriptor, data)
        temporary.finish()
        directory.rename(temporary.name, name)
    directory.sync()


def create(directory: Directory, name: str, data: bytes | str, mode: int) -> None:
    """As `replace`, but FileExistsError when something stands there."""
    with _unfinished(directory, mode) as temporary:
        _write_all(directory, temporary.descriptor, data)
        temporary.finish()
        _give_new_name(directory, temporary.name, name)
    directory.sync()


def put(directory: Directory, name: str, data: bytes | str, mode: int) -> None:
    """A new file, not synced. Raises FileExistsError."""
    descriptor = directory.open(name, _NEW, mode)
    try:
        _write_all(directory, descriptor, data)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, mode)  # also where the umask says otherwise
    finally:
        os.close(descriptor)


def append(directory: Directory, name: str, rel: str, data: bytes | str) -> None:
    """Add to a plain file, made where absent, not synced; `rel` is what an error calls it."""
    descriptor = directory.open(name, _APPEND)
    try:
        require_regular(os.fstat(descriptor), rel)
        _write_all(directory, descriptor, data)
    finally:
        os.close(descriptor)


def try_out(directory: Directory, size: int) -> None:
    """Write `size` bytes durably, and remove them: some disks fail only when they are synced."""
    with _unfinished(directory, 0o600) as temporary:
        _write_all(directory, temporary.descriptor, bytes(size))
        temporary.finish()
        directory.unlink(temporary.name)


def _give_new_name(directory: Directory, temporary: str, name: str) -> None:
    """Give the finished file its name unless that is taken; FAT and some network file systems have no hard links."""
    try:
        directory.link(temporary, name)
    except FileExistsError:
        raise
    except OSError:
        with suppress(FileNotFoundError):
            directory.stat(name)
            raise FileExistsError(name) from None
        directory.rename(temporary, name)
    else:
        directory.unlink(temporary)


def remove_tree(parent: Directory, name: str) -> None:
    """Depth first, each directory opened from its parent, so that a swapped link is unlinked and not entered."""
    directory = _unlocked(parent, name)
    try:
        for entry in directory.entries():
            if entry.is_dir(follow_symlinks=False):
                remove_tree(directory, entry.name)
            else:
                directory.unlink(entry.name)
    finally:
        directory.close()
    parent.remove(name)


def _unlocked(parent: Directory, name: str) -> Directory:
    try:
        directory = parent.child(name)
    except PermissionError:
        parent.unlock_child(name)
        directory = parent.child(name)
    directory.unlock()
    return directory
