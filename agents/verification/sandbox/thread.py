"""Runs a blocking piece of work in a thread of its own, and lets asyncio cancel it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable

from agents.verification.box import Ran


class Stop:
    """Set once, from any thread; wakes a selector."""

    def __init__(self) -> None:
        self.descriptor, self._in = os.pipe()

    def set(self) -> None:
        os.write(self._in, b"x")

    def close(self) -> None:
        os.close(self.descriptor)
        os.close(self._in)


class StoppedError(Exception):
    """The run was cancelled; nothing of it is left."""


async def in_own_thread(work: Callable[[Stop], Ran]) -> Ran:
    """Run `work` in a thread of its own. Cancelling sets its Stop, waits for it, and only then goes on."""
    loop, stop = asyncio.get_running_loop(), Stop()
    done: asyncio.Future[Ran] = loop.create_future()

    def body() -> None:
        try:
            result = work(stop)
        except BaseException as error:
            loop.call_soon_threadsafe(done.set_exception, error)
        else:
            loop.call_soon_threadsafe(done.set_result, result)

    thread = threading.Thread(target=body, name="sandbox")
    thread.start()
    cancelled: asyncio.CancelledError | None = None
    while not done.done():
        try:
            await asyncio.wait([done])
        except asyncio.CancelledError as error:
            if cancelled is None:
                stop.set()
            cancelled = error
    thread.join()
    stop.close()
    if cancelled:
        done.exception()
        raise cancelled
    return done.result()
