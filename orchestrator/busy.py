"""Which projects are worked on now, and in which folders: one cycle a folder, whatever that is called meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable

log = logging.getLogger(__name__)

Identity = tuple[int, int]
"""What stays the same of a folder that is renamed."""


class Busy:
    """The cycles that run. Each has an event, `poked`, that tells it that something may have changed."""

    def __init__(self, ended: Callable[[Iterable[str]], object]) -> None:
        """`ended` is called with the projects that are to be looked at when a cycle has ended."""
        self._ended = ended
        self._cycles: dict[str, tuple[asyncio.Task[None], asyncio.Event]] = {}
        self._holders: dict[Identity, str] = {}
        """Folder -> the name under which work in it began."""
        self._after: dict[str, set[str]] = {}
        """Busy project -> others to look at when it is done, since the folder it works in has their name now."""

    def __bool__(self) -> bool:
        return bool(self._cycles)

    def poke(self, name: str) -> None:
        """Tell the project's cycle, if one runs, that something may have changed."""
        if name in self._cycles:
            self._cycles[name][1].set()

    def joins(self, name: str, folder: Identity | None) -> bool:
        """Whether a cycle runs for the project, or in its folder under another name; that one is told to look."""
        holder = name if name in self._cycles else self._holders.get(folder) if folder else None
        if holder is None:
            return False
        self.poke(holder)
        self._after.setdefault(holder, set()).update({name} - {holder})
        return True

    def begin(
        self, name: str, folder: Identity | None, poked: asyncio.Event, work: Coroutine[None, None, None]
    ) -> None:
        task = asyncio.create_task(work, name=name)
        self._cycles[name] = (task, poked)
        if folder is not None:
            self._holders[folder] = name
        task.add_done_callback(lambda _: self._finished(name, folder))

    async def end(self, seconds: float) -> None:
        """Cancel what runs and wait for it, `seconds` at most."""
        tasks = [task for task, _ in self._cycles.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                log.warning("%s did not stop within %g seconds", task.get_name(), seconds)

    def _finished(self, name: str, folder: Identity | None) -> None:
        _, poked = self._cycles.pop(name)
        if folder is not None:
            del self._holders[folder]
        self._ended((*self._after.pop(name, ()), *([name] if poked.is_set() else ())))
