"""One daemon per workspace: a lock on the directory itself, which the system frees even after kill -9.

The file with the holder's process id is information for people; deleting it or leaving it behind means nothing.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .files import DiskFull, FileProblem, Folder
from .program import program

log = logging.getLogger(__name__)

INFORMATION = ".tumbler-daemon.json"
_LOCK_FILE = ".tumbler-daemon.lock"


class WorkspaceError(Exception):
    """The workspace cannot be used; the text says why and what to do."""


class AlreadyRunning(WorkspaceError):
    """Another daemon holds it; `pid` is None when it has not told."""

    def __init__(self, message: str, pid: int | None) -> None:
        super().__init__(message)
        self.pid = pid


class WorkspaceLock:
    """Held from construction until `release`. Children made by plain fork would share it: start them with exec."""

    def __init__(self, path: Path) -> None:
        """Raises AlreadyRunning at once when another process holds it, WorkspaceError when it cannot be locked."""
        self._path = path
        self._descriptor, self._folder = _taken(path)

    def holds(self) -> bool:
        """False when another folder stands in the place of the one that is locked."""
        return _identity(self._path) in (self._folder, None)

    def renew(self) -> None:
        """Lock the folder that stands there now when it is another one; the one before is given up. Raises as above.

        Without that two daemons work on the same projects once a workspace was moved away and made again.
        """
        if self.holds():
            return
        before = self._descriptor
        self._descriptor, self._folder = _taken(self._path)
        _give_up(before)

    def release(self) -> None:
        try:
            if self.holds():
                with suppress(FileProblem), Folder.open(self._path) as folder:  # it may be gone, or read-only
                    folder.remove(INFORMATION)
        finally:
            _give_up(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def _taken(path: Path) -> tuple[int, tuple[int, int] | None]:
    """The lock on the folder at `path`, which says who holds it, and what that folder is."""
    descriptor = _locked(path)
    try:
        _tell(path)
    except DiskFull as problem:
        log.warning("%s: %s", path, problem)  # projects wait for space; the file is only for people
    except FileProblem as problem:
        os.close(descriptor)
        raise WorkspaceError(f"{path}: cannot be written to: {problem}") from problem
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, _identity(path)


def _tell(path: Path) -> None:
    holder = {
        "pid": os.getpid(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "boot_id": _boot_id(),
    }
    with Folder.open(path) as folder:
        folder.sweep(depth=0)
        folder.write(INFORMATION, json.dumps(holder, indent=2) + "\n")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a folder from any other; None when there is none, or the disk does not say."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def holder(path: Path) -> dict[str, Any]:
    """What the last daemon told about itself; empty when nothing usable. It may have ended since."""
    try:
        with Folder.open(path) as folder:
            found = json.loads(folder.read_text(INFORMATION, limit=4096) or "{}")
    except (FileProblem, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _locked(path: Path) -> int:
    try:
        return _lock_directory(path)
    except BlockingIOError as error:
        raise _already_running(path) from error
    except OSError:
        pass  # Windows, and NFS, cannot lock a directory
    try:
        return _lock_file(path / _LOCK_FILE)
    except BlockingIOError as error:
        raise _already_running(path) from error
    except OSError as error:
        raise WorkspaceError(
            f"{path}: cannot be locked ({error.strerror}); choose one on a local disk with --workspace FOLDER"
        ) from error


def _already_running(path: Path) -> AlreadyRunning:
    told = holder(path)
    pid = told.get("pid") if isinstance(told.get("pid"), int) else None
    who = f"process {pid}, since {_minute(told.get('started'))}" if pid else "its process id is not known"
    return AlreadyRunning(
        f"{path}: another Code Tumbler works here ({who}); look at it with: {program()} watch, stop it, "
        "or choose another folder with --workspace FOLDER",
        pid,
    )


def _minute(started: object) -> str:
    """In local time; as it stands there when it is no time."""
    try:
        return f"{datetime.fromisoformat(str(started)).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return str(started)


def _lock_directory(path: Path) -> int:
    return _flocked(os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)))


def _lock_file(path: Path) -> int:
    return _flocked(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644))


def _flocked(descriptor: int) -> int:
    try:
        _flock(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _give_up(descriptor: int) -> None:
    """Unlocked first: a child that is just being started shares the lock until it runs its program."""
    with suppress(OSError):
        _unlock(descriptor)
    os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _flock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(errno.EWOULDBLOCK, "locked") from error

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _flock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _boot_id() -> str:
    """Tells a process id of this boot from one of an earlier; empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
