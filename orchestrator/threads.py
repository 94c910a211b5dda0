"""Blocking work off the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


async def off_loop(work: Callable[[], T]) -> T:
    """Run blocking `work` in a thread and wait for its end, also when cancelled: no write goes on unwatched.

    Cancelled a second time it gives up on work that never ends, such as that on a disk which does not answer.
    """
    return await to_its_end(in_thread(work))


async def to_its_end(running: asyncio.Future[T]) -> T:
    """Wait for the end of `running`, also when cancelled; cancelled a second time, no more."""
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        if not running.cancelled() and running.exception():
            log.debug("work that was cancelled had failed", exc_info=running.exception())
        raise


def in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Run blocking `work` in a thread of its own; unlike a pool's, it holds up the end of neither loop nor process.

    Raises OSError when the system has no room for another thread.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as caught:
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    try:
        threading.Thread(target=run, name="off the loop", daemon=True).start()
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, f"no further thread can be started: {error}") from error
    return future
