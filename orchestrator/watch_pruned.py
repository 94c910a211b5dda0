"""watchdog's inotify observer, held to the folders where triggers are: deeper ones cost nothing.

With node_modules in a staging folder the recursive observer takes 50-100 times the CPU.
This reaches into watchdog's private parts, so `observer` returns None for versions it was not tried with.
"""

from __future__ import annotations

import errno
import os
from importlib.metadata import version

from watchdog.events import DirCreatedEvent, DirMovedEvent
from watchdog.observers.inotify import InotifyEmitter, InotifyObserver, InotifyWatchGroup
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, Mask
from watchdog.observers.inotify_move_event_grouper import (
    GroupedInotifyEvent,
    InotifyMoveEventGrouper,
    PathedInotifyEvent,
)

from .watch_scope import watched

_TRIED = ("7.0.", "7.1.")


def observer() -> PrunedObserver | None:
    """A new observer, or None when the installed watchdog is not one that this was tried with."""
    return PrunedObserver() if version("watchdog").startswith(_TRIED) else None


class _PromptGrouper(InotifyMoveEventGrouper):
    """A move out of the watched folders, as of a finished staging, must not hold up the events behind it for 0.5 s."""

    delay = 0.01


class _PrunedGroup(InotifyWatchGroup):
    """The watches; `full` once the system had no room for one."""

    full = False

    def __post_init__(self) -> None:
        self._move_event_grouper = _PromptGrouper()
        super().__post_init__()

    def _add_all_callbacks(self, path: bytes) -> None:
        if not watched(self.path, path):
            return
        self._add_callback(path)  # before it is listed, so that nothing falls in between
        try:
            with os.scandir(path) as entries:
                below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return
        for deeper in below:
            self._add_all_callbacks(deeper)

    def _add_callback(self, path: bytes) -> None:
        """Unlike its base it remembers that there was no room for a watch."""
        try:
            descriptor = self._inotify_fd.add_callback(path, self.event_mask, self, self._id)
        except OSError as error:
            if path == self.path:
                raise
            self.full = self.full or error.errno == errno.ENOSPC
            return
        self._active_callbacks_by_path[path] = descriptor
        self._active_callbacks_by_watch[descriptor] = path

    def _move_watches(self, move_src_path: bytes, move_dst_path: bytes) -> bool:
        """Always False, which makes the caller look for watches to add: a moved folder may have become a project."""
        super()._move_watches(move_src_path, move_dst_path)
        return False

    def _recursive_simulate(self, src_path: bytes) -> list[InotifyEvent]:  # noqa: ARG002 - watchdog's signature
        """None: what is in a new folder is seen when its project is looked at, and what comes later is reported."""
        return []


class PrunedEmitter(InotifyEmitter):
    """As its base, with fewer watches and without an event for each file in a folder that was moved."""

    def on_thread_start(self) -> None:
        self._inotify = _PrunedGroup(
            self._inotify_fd,
            os.fsencode(self.watch.path),
            is_recursive=True,
            event_mask=Mask(self.get_event_mask_from_filter() | InotifyConstants.IN_ATTRIB),  # a bare utime()
        )

    @property
    def full(self) -> bool:
        return isinstance(self._inotify, _PrunedGroup) and self._inotify.full

    def build_and_queue_event(self, event: GroupedInotifyEvent, *, full_events: bool = False) -> None:
        if not isinstance(event, PathedInotifyEvent):
            source, target = event
            if target.ev.is_directory:
                self.queue_event(DirMovedEvent(os.fsdecode(source.path), os.fsdecode(target.path)))
                return
        elif event.ev.is_moved_to and event.ev.is_directory:
            self.queue_event(DirCreatedEvent(os.fsdecode(event.path)))
            return
        super().build_and_queue_event(event, full_events=full_events)


class PrunedObserver(InotifyObserver):
    """One thread that reads, one that emits, one that dispatches, whatever the number of projects."""

    def __init__(self) -> None:
        super().__init__()
        self._emitter_class = PrunedEmitter

    @property
    def full(self) -> bool:
        """Whether some folder is not watched because the system's limit of watches is reached."""
        return any(isinstance(emitter, PrunedEmitter) and emitter.full for emitter in self.emitters)
