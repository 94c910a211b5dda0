"""Standard output that cannot stop the daemon: it replaces what it cannot encode and outlives its reader."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TextIO

from rich.cells import cell_len


def honour_locale(streams: Iterable[TextIO | None], environment: Mapping[str, str]) -> None:
    """Print ASCII on terminals when LC_ALL=C says so, where Python would print UTF-8; logs keep every letter."""
    forced = environment.get("PYTHONUTF8") == "1" or "PYTHONIOENCODING" in environment
    if environment.get("LC_ALL") not in ("C", "POSIX") or forced:
        return
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and stream.isatty():
            stream.reconfigure(encoding="ascii", errors="replace")


class Output(io.TextIOBase):
    """A text stream around another one that may close, fill up or know few characters."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream or io.StringIO()
        self.gone = stream is None
        """Nothing arrives any more: the reader of a pipe has left, the disk is full, the terminal is closed."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "ascii"

    def write(self, text: str) -> int:
        if not self.gone:
            try:
                self._stream.write(self._known(text))
            except (OSError, ValueError):
                self._give_up()
        return len(text)

    def flush(self) -> None:
        if not self.gone:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up()

    def isatty(self) -> bool:
        try:
            return self._stream.isatty()
        except ValueError:
            return False

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    def _known(self, text: str) -> str:
        return (
            text if self._encodes(text) else "".join(each if self._encodes(each) else _instead(each) for each in text)
        )

    def _encodes(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def _give_up(self) -> None:
        """Point a broken standard stream at nothing, or the interpreter complains when it flushes it at its end."""
        self.gone = True
        if self._stream is sys.__stdout__:
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


def _instead(character: str) -> str:
    """As wide as the character itself, or columns would shift; a name that was cut does not end like a question."""
    return "~" if character == "…" else "?" * cell_len(character)
