"""Where calls wait for their turn at a server; `turns` decides whose it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from .turns import Turn, Waiting, begun, change_at, choose, ended, order

Queued = Callable[[int], None]
"""Hears how many of the calls that wait will begin before this one, at first and whenever it changes."""

_HERE = ("localhost", "127.0.0.1", "::1")


class Gate:
    """One server's. All calls to it pass here, whichever provider makes them."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._turn = Turn()
        self._arrived = 0
        self._queue: dict[Waiting, asyncio.Future[None]] = {}
        self._told: dict[Waiting, tuple[Queued, int]] = {}
        self._later: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, model: str, at_once: int, queued: Queued) -> AsyncIterator[None]:
        """Hold a place at the server; `queued` hears how many calls begin before it, when that takes waiting.

        `model`: what the server loads for the call. `at_once`: the call begins when fewer than this are running.
        """
        await self._enter(model, at_once, queued)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, model: str, at_once: int, queued: Queued) -> None:
        self._arrived += 1
        waiting = Waiting(self._arrived, model, at_once)
        admitted = asyncio.get_running_loop().create_future()
        self._queue[waiting] = admitted
        self._admit()
        if admitted.done():
            return
        try:
            self._told[waiting] = (queued, -1)
            self._tell()
            await admitted
        except BaseException:
            if self._queue.pop(waiting, None) is None:
                self._leave()  # cancelled just after it was admitted
            else:
                self._admit()  # others may have stood behind it
            raise
        finally:
            self._told.pop(waiting, None)

    def _leave(self) -> None:
        self._turn = ended(self._turn, self._monotonic())
        self._admit()

    def _admit(self) -> None:
        """Let in all that may begin now, and look again when an idle server may change models."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        while (call := choose(self._turn, self._still_waiting(), self._monotonic())) is not None:
            self._turn = begun(self._turn, call, self._monotonic())
            self._queue.pop(call).set_result(None)
        if self._queue and not self._turn.running:
            wait = max(0.0, change_at(self._turn) - self._monotonic())
            self._later = asyncio.get_running_loop().call_later(wait, self._admit)
        self._tell()

    def _tell(self) -> None:
        """Each call that waits hears its place when that has changed."""
        coming = order(self._turn, self._still_waiting(), self._monotonic()) if self._told else []
        for place, waiting in enumerate(coming):
            queued, before = self._told.get(waiting, (None, place))
            if queued is not None and place != before:
                self._told[waiting] = (queued, place)
                queued(place)

    def _still_waiting(self) -> tuple[Waiting, ...]:
        """Without those that were cancelled and have not noticed yet."""
        return tuple(call for call, admitted in self._queue.items() if not admitted.done())


class Gates:
    """The gates of all servers, shared by the providers of one program."""

    def __init__(self) -> None:
        self._gates: dict[str, Gate] = {}

    def at(self, base_url: str) -> Gate:
        """The gate of the server at this address; paths, and the names of this machine, make no difference."""
        parts = urlsplit(base_url)
        host = "localhost" if parts.hostname in _HERE else parts.hostname
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return self._gates.setdefault(f"{host}:{port}", Gate())
