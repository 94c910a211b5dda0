"""Blocking work off the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)


async def off_loop(work: Callable[[], T]) -> T:
    """Run blocking `work` in a thread and wait for its end, also when cancelled: no write goes on unwatched."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        if not running.cancelled() and running.exception():
            log.debug("work that was cancelled had failed", exc_info=running.exception())
        raise
