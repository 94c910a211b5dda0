"""The first and the last part of an output of any length."""

from __future__ import annotations

HEAD = TAIL = 64 << 10


class Capture:
    """Keeps `head` bytes from the start and `tail` bytes from the end, and counts all."""

    def __init__(self, head: int = HEAD, tail: int = TAIL) -> None:
        self.total = 0
        self._head_size, self._tail_size = head, tail
        self._head, self._tail = bytearray(), bytearray()

    def add(self, piece: bytes) -> None:
        self.total += len(piece)
        room = max(0, self._head_size - len(self._head))
        self._head += piece[:room]
        self._tail += piece[room:]
        if len(self._tail) > 2 * self._tail_size:
            del self._tail[: -self._tail_size]

    def kept(self) -> bytes:
        """What was kept, with a line between that says how much was left out."""
        tail = self._tail[-self._tail_size :]
        missing = self.total - len(self._head) - len(tail)
        mark = b"\n[... %d bytes left out ...]\n" % missing if missing else b""
        return bytes(self._head) + mark + bytes(tail)
