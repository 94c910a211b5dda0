"""The watchdog observers to choose from, each told the same few events and, where it can, the same few folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserverVFS

from .watch_scope import watched

# Never the opened kinds: above some 4,000 folders watchdog 7.1 then sees the events of its own walks, for ever.
_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileAttribEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
_EVENTS_WITHOUT_CLOSE = [*_EVENTS, FileModifiedEvent]

_POLL_SECONDS = 1.0
_PROJECTS_POLLED_PER_SECOND = 250


def native_observer() -> tuple[BaseObserver, str]:
    """The best one here, and its name for people; OSError at the limits of inotify."""
    if sys.platform != "linux":
        return Observer(), "native"
    from . import watch_pruned

    pruned = watch_pruned.observer()
    return (pruned, "inotify") if pruned else (Observer(), "inotify, unpruned")


def polling_observer(workspace: Path) -> BaseObserver:
    """Looks into the same folders as the pruned observer, without entering links, less often when there are many."""
    root = os.fsencode(workspace)

    def entries(path: str | None) -> Iterator[os.DirEntry[str]]:
        return os.scandir(path) if path is not None and watched(root, os.fsencode(path)) else iter(())

    projects = sum(1 for _ in workspace.iterdir())
    return PollingObserverVFS(
        os.lstat, entries, polling_interval=max(_POLL_SECONDS, projects / _PROJECTS_POLLED_PER_SECOND)
    )


def schedule(observer: BaseObserver, handler: FileSystemEventHandler, workspace: Path) -> None:
    """Have it tell the handler; only inotify says when a file that was written is closed."""
    closes = sys.platform == "linux" and not isinstance(observer, PollingObserverVFS)
    events = _EVENTS if closes else _EVENTS_WITHOUT_CLOSE
    observer.schedule(handler, str(workspace), recursive=True, event_filter=events)


def still_works(observer: BaseObserver) -> bool:
    """Whether all its threads run; is_alive() alone tells of one of three."""
    reader = getattr(observer, "_inotify_fd", None)
    threads = [observer, *observer.emitters, *([reader] if reader else [])]
    return all(thread.is_alive() for thread in threads)
