"""Answers of a model, kept by what was asked, so that runs which ask the same pay for it once.

Configurations can then be compared on the same answers where they ask the same, which seeds alone do not give: a
server's cache changes the last digits, and these the text. What an answer took when it was made counts again each
time it is used.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import httpx

Send = Callable[[httpx.AsyncHTTPTransport, httpx.Request], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Spent:
    """What one answer took when it was made."""

    seconds: float
    kept: bool
    """It was made in an earlier run."""


class Kept:
    """Replaces httpx's way of sending requests. `replies` is shared by all runs, `ledger` belongs to one."""

    def __init__(self, replies: Path, ledger: Path, send: Send) -> None:
        self._replies = replies
        self._ledger = ledger
        self._send = send

    async def __call__(self, transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        """The kept answer, or a new one that is kept."""
        if request.method != "POST":
            return await self._send(transport, request)
        key = hashlib.sha256(request.url.path.encode() + b"\0" + await request.aread()).hexdigest()
        body, cost = self._replies / f"{key}.body", self._replies / f"{key}.json"
        if cost.exists():
            played = _Played(body, cost, self._ledger)
            return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=played)
        started = time.monotonic()
        response = await self._send(transport, request)
        if response.status_code == 200:
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = _Recorded(response.stream, body, cost, self._ledger, started)
        return response


class _Recorded(httpx.AsyncByteStream):
    """A stream that is written down when it has come to its end, or its reader has had enough of it.

    One that the server broke off, or the end of the whole run, is no answer; its seconds are spent all the same.
    """

    def __init__(self, stream: httpx.AsyncByteStream, body: Path, cost: Path, ledger: Path, started: float) -> None:
        self._stream = stream
        self._body = body
        self._cost = cost
        self._ledger = ledger
        self._started = started

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts: list[bytes] = []
        try:
            async for part in self._stream:
                parts.append(part)
                yield part
        except GeneratorExit:
            self._keep(parts)
            raise
        else:
            self._keep(parts)
        finally:
            note(self._ledger, self._spent)

    def _keep(self, parts: Sequence[bytes]) -> None:
        self._body.parent.mkdir(parents=True, exist_ok=True)
        self._body.write_bytes(b"".join(parts))
        self._cost.write_text(json.dumps(asdict(self._spent)))

    @cached_property
    def _spent(self) -> Spent:
        return Spent(time.monotonic() - self._started, kept=False)

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Played(httpx.AsyncByteStream):
    """A kept stream. One that was broken off is good for readers who break it off there too; else it is asked anew,
    and costs nothing."""

    def __init__(self, body: Path, cost: Path, ledger: Path) -> None:
        self._body = body
        self._cost = cost
        self._ledger = ledger

    async def __aiter__(self) -> AsyncIterator[bytes]:
        text, took = self._body.read_bytes(), json.loads(self._cost.read_text())["seconds"]
        try:
            yield text
        except GeneratorExit:
            note(self._ledger, Spent(took, kept=True))
            raise
        if b"data: [DONE]" not in text:
            self._cost.unlink()
            raise httpx.ReadError("the kept answer was broken off here")
        note(self._ledger, Spent(took, kept=True))


def note(ledger: Path, spent: Spent) -> None:
    with ledger.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(spent)) + "\n")


def read(ledger: Path) -> list[Spent]:
    """What the answers of one run took."""
    return [Spent(**json.loads(line)) for line in ledger.read_text().splitlines()] if ledger.exists() else []
