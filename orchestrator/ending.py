"""How the process ends: asked once, it ends its work; asked again, or when that takes too long, it just goes.

Going is safe by design: whatever counts is on disk already, and what was under way is done again at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

log = logging.getLogger(__name__)

LEAVE_SECONDS = 9.0
"""What the work, and the closing of the event loop, get; a disk that does not answer keeps threads for ever."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_INTERRUPTED = 130


def leave() -> None:
    """End the process now, whatever it is doing."""
    with suppress(OSError, ValueError):
        if sys.stdout.isatty():
            os.write(sys.stdout.fileno(), b"\x1b[?25h\n")  # a live table hides the cursor
    os._exit(_INTERRUPTED)


class LastResort:
    """Leaves when the end that has begun does not come."""

    def __init__(self, seconds: float | None = None, go: Callable[[], object] = leave) -> None:
        self._go = go
        self._timer = threading.Timer(LEAVE_SECONDS if seconds is None else seconds, self._give_up)
        self._timer.daemon = True
        self._begun = False
        self._before: dict[int, Any] = {}

    def begin(self) -> None:
        """The end is under way; may be called again."""
        if not self._begun:
            self._begun = True
            self._timer.start()

    def insist(self) -> None:
        """Nobody listens to signals any more; from now on the next one leaves."""
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, lambda *_: leave())

    def cancel(self) -> None:
        """It has come."""
        self._timer.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _give_up(self) -> None:
        log.warning("work that cannot be ended is left behind; is there a disk that does not answer?")
        self._go()


@contextmanager
def asked(stop: Callable[[], object], resort: LastResort | None) -> Iterator[None]:
    """Ctrl+C and SIGTERM call `stop` in the running loop; the second one leaves, also when the loop hangs."""
    loop = asyncio.get_running_loop()
    count = 0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count > 1:
            leave()
        if resort is not None:
            resort.begin()

    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop)  # wakes the loop, whichever thread the signal arrives in
            signal.signal(number, on_signal)
    except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        yield
        return
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        if count and resort is not None:
            resort.insist()
