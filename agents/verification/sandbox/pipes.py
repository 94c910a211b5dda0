"""The pipes of one run, and its files in memory."""

from __future__ import annotations

import os
import tempfile
from types import TracebackType
from typing import Self

from agents.verification.sandbox.feed import Feed


class Pipes:
    """The pipes of one run, made before the command line because it names them. Closes what is open at its end."""

    def __init__(self, secret: bytes) -> None:
        self._open: set[int] = set()
        self.report, self.report_in = self._pipe()
        self.status, self.status_in = self._pipe()
        self.started, self.started_in = self._pipe()
        self.secret, secret_in = self._pipe()
        self.unsent: Feed | None = Feed(secret_in, secret, lambda: self.close(secret_in))
        """What the pipe of the secret does not take without a reader; None when that is nothing."""
        self.late = False
        """The reader is not there before something was said on `started`."""
        if self.unsent.go_on():
            self.unsent.close()
            self.unsent = None

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        self._open.update(ends)
        return ends

    def keep(self, descriptor: int) -> int:
        """Close this one with the others."""
        self._open.add(descriptor)
        return descriptor

    def data(self, content: bytes, name: str = "tumbler") -> int:
        """A file in memory that holds `content`."""
        descriptor = self.keep(_unnamed_file(name))
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    def close(self, *descriptors: int) -> None:
        for descriptor in self._open & set(descriptors):
            os.close(descriptor)
            self._open.discard(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(*self._open)


def _unnamed_file(name: str) -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create(name)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
