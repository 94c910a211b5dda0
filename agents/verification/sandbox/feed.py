"""Bytes on their way into a pipe, written as fast as its reader takes them and never faster."""

from __future__ import annotations

import os
from collections.abc import Callable

_PIECE = 1 << 16


class Feed:
    """What is still to be written to `descriptor`; `close` closes that, which tells the reader that it is all."""

    def __init__(self, descriptor: int, content: bytes, close: Callable[[], None]) -> None:
        self.descriptor = descriptor
        self.close = close
        self._rest = memoryview(content)
        os.set_blocking(descriptor, False)

    def go_on(self) -> bool:
        """Write what the pipe takes now; whether that is all, or nobody reads any more."""
        try:
            while self._rest:
                self._rest = self._rest[os.write(self.descriptor, self._rest[:_PIECE]) :]
        except BlockingIOError:
            return False
        except BrokenPipeError:
            return True
        return True
