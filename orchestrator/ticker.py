"""Something that is done every so often in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def every(seconds: float, act: Callable[[], object], wanted: threading.Event | None = None) -> Iterator[None]:
    """Call `act` while the block runs, and only while `wanted` is set."""
    closing = threading.Event()

    def tick() -> None:
        while not closing.wait(seconds):
            if wanted is not None:
                wanted.wait()
            if not closing.is_set():
                act()

    thread = threading.Thread(target=tick, name="ticker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        if wanted is not None:
            wanted.set()
        thread.join(timeout=1.0)
