"""From the file system to the event loop: at which projects to look. An event is only a hint, truth is in the files.

watchdog's threads do nothing but post a project's name into the loop. What they miss, the daemon's rescan finds.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers.api import BaseObserver

from .debounce import Debounce
from .watch_mounts import silent_file_system
from .watch_observers import native_observer, polling_observer, schedule, still_works

__all__ = ["Debounce", "Polling", "WatchError", "Watcher", "project_name", "watching"]

Polling = Literal["auto", "always", "never"]

_log = logging.getLogger(__name__)

_LIMITS = {
    errno.ENOSPC: "the limit of inotify watches is reached; raise it: sudo sysctl fs.inotify.max_user_watches=524288",
    errno.EMFILE: "the limit of inotify instances is reached; raise it: sudo sysctl fs.inotify.max_user_instances=512",
}
_NOT_OURS = (".swp", ".swo", ".swx", ".tmp", "~")


class WatchError(Exception):
    """The workspace cannot be watched; the text says what to do."""


def project_name(workspace: str | Path, path: str | bytes) -> str | None:
    """The project to look at after a change at `path`; None when the change starts nothing.

    That is: more than three levels down, hidden folders (`.tumbler` too), and temporary files of editors and of ours.
    """
    root, changed = f"{workspace}{os.sep}", os.fsdecode(path)
    if not changed.startswith(root):
        return None
    project, *inside = changed[len(root) :].split(os.sep)  # noqa: PTH206 - pathlib takes ten times as long
    if not project or project.startswith(".") or len(inside) > 2 or ".tumbler" in inside:
        return None
    return None if inside and _is_temporary(inside[-1]) else project


def _is_temporary(name: str) -> bool:
    return name.endswith(_NOT_OURS) or name.startswith((".#", "#", ".goutputstream-", ".~lock")) or name == "4913"


class _Posting(FileSystemEventHandler):
    """Runs in watchdog's thread, where an exception would end the observer, and waiting would hold up all events."""

    def __init__(self, workspace: Path, post: Callable[[str], None]) -> None:
        self._workspace, self._post = str(workspace), post

    def dispatch(self, event: FileSystemEvent) -> None:
        try:
            names = {project_name(self._workspace, path) for path in (event.src_path, event.dest_path) if path}
            for name in names - {None}:
                assert name is not None
                self._post(name)
        except Exception:
            _log.exception("A file event was lost; the next scan finds what it was about")


class _Overflows(logging.Handler):
    """watchdog tells of lost events in its log only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen = False

    def emit(self, record: logging.LogRecord) -> None:
        self.seen = self.seen or "overflow" in record.msg


class Watcher:
    """Notes in the running loop at which projects to look; `watching` starts and ends it."""

    def __init__(self, workspace: Path, note: Callable[[str], None], polling: Polling = "auto") -> None:
        self._workspace = workspace.resolve()
        self._note = note
        self._polling = polling
        self._loop = asyncio.get_running_loop()
        self._overflows = _Overflows()
        self._observer: BaseObserver | None = None
        self._root: tuple[int, int] | None = None
        self.mode = "inotify"
        """How it watches, for people: `inotify`, `inotify, unpruned`, `native`, or `polling` with the reason."""

    def start(self) -> None:
        """Raises WatchError when nothing can be watched."""
        logging.getLogger("watchdog").addHandler(self._overflows)
        # A folder that is both found by a walk and reported is registered twice; that is as it should be.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        reason = {"always": "as configured", "never": None, "auto": silent_file_system(self._workspace)}[self._polling]
        if reason:
            self._poll(reason)
        else:
            self._watch()

    def stop(self) -> None:
        logging.getLogger("watchdog").removeHandler(self._overflows)
        self._stop_observer()

    def check(self) -> list[str]:
        """What went wrong since the last call, mended where possible: one sentence each; call it now and then.

        After a gap every project is noted.
        """
        problem = self._problem()
        if problem is None:
            return []
        self._overflows.seen = False
        try:
            self._mend()
        except WatchError as error:
            return [str(error)]
        self._note_all()
        return [f"{problem}; watching again ({self.mode}), every project is looked at"]

    def _problem(self) -> str | None:
        observer = self._observer
        if observer is None:
            return f"{self._workspace}: was not watched"
        if self._identity() != self._root:
            return f"{self._workspace}: was removed or replaced"
        if not still_works(observer):
            return "the file watcher had ended"
        if self._overflows.seen:
            return "file events were lost, too many came at once"
        if getattr(observer, "full", False):
            return _LIMITS[errno.ENOSPC]
        return None

    def _mend(self) -> None:
        full = getattr(self._observer, "full", False)
        polled = self.mode.startswith("polling")
        self._stop_observer()
        if self._identity() is None:
            raise WatchError(f"{self._workspace}: the folder is gone; make it again, or stop and choose another")
        if polled or (full and self._polling == "auto"):
            self._poll(self.mode.removeprefix("polling: ") if polled else "too few inotify watches")
        else:
            self._watch()

    def _watch(self) -> None:
        """By the system's events; by polling when its limits do not allow that."""
        try:
            observer, self.mode = native_observer()
            self._begin(observer)
        except OSError as error:
            limit = _LIMITS.get(error.errno or 0)
            if self._polling == "never" or limit is None:
                raise WatchError(f"{self._workspace}: cannot be watched: {limit or error.strerror}") from error
            _log.warning("Watching by polling: %s", limit)
            self._poll("an inotify limit is reached")

    def _poll(self, reason: str) -> None:
        self.mode = f"polling: {reason}"
        try:
            self._begin(polling_observer(self._workspace))
        except OSError as error:
            raise WatchError(f"{self._workspace}: cannot be read: {error.strerror}") from error

    def _begin(self, observer: BaseObserver) -> None:
        self._root = self._identity()
        try:
            schedule(observer, _Posting(self._workspace, self._post), self._workspace)
            observer.start()
        except BaseException:
            observer.stop()
            raise
        self._observer = observer

    def _stop_observer(self) -> None:
        observer, self._observer = self._observer, None
        if observer is None:
            return
        observer.stop()
        if observer.is_alive():
            observer.join(timeout=2)

    def _post(self, name: str) -> None:
        try:
            self._loop.call_soon_threadsafe(self._note, name)
        except RuntimeError:
            _log.debug("The loop has ended; a change in %s is found at the next start", name)

    def _note_all(self) -> None:
        try:
            names = sorted(os.listdir(self._workspace))  # noqa: PTH208 - the bare names are wanted
        except OSError:
            return
        for name in names:
            if not name.startswith("."):
                self._note(name)

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._workspace.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


@asynccontextmanager
async def watching(workspace: Path, note: Callable[[str], None], polling: Polling = "auto") -> AsyncIterator[Watcher]:
    """Call `note(project name)` in the running loop after each change, until the block ends.

    Raises WatchError when the workspace cannot be watched.
    """
    watcher = Watcher(workspace, note, polling)
    try:
        await asyncio.to_thread(watcher.start)
        yield watcher
    finally:
        watcher.stop()
