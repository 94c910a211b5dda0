"""The pipes of one run, and its files in memory."""

from __future__ import annotations

import os
import tempfile
from types import TracebackType
from typing import Self

_SECRET_CAP = 1 << 12
"""What every pipe takes without a reader."""


class Pipes:
    """The pipes of one run, made before the command line because it names them. Closes what is open at its end."""

    def __init__(self, secret: bytes) -> None:
        self._open: set[int] = set()
        self.report, self.report_in = self._pipe()
        self.status, self.status_in = self._pipe()
        self.started, self.started_in = self._pipe()
        self.secret, secret_in = self._pipe()
        if len(secret) > _SECRET_CAP:
            raise ValueError(f"a secret of {len(secret)} bytes is too long (at most {_SECRET_CAP})")
        os.write(secret_in, secret)
        self.close(secret_in)

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
