"""Kept answers: the same question is asked once, also when the answer was broken off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from benchmarks.solve.kept import Kept, read

TRANSPORT = httpx.AsyncHTTPTransport()


class Server:
    """Answers with the parts it is given, or fails, and counts the questions."""

    def __init__(self, *parts: bytes | BaseException) -> None:
        self.parts = parts
        self.asked = 0

    async def __call__(self, _: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(200, stream=Parts(self.parts), request=request)


class Parts(httpx.AsyncByteStream):
    def __init__(self, parts: tuple[bytes | BaseException, ...]) -> None:
        self.parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            if isinstance(part, BaseException):
                raise part
            yield part


async def ask(kept: Kept, question: str = "a", *, parts: int | None = None) -> bytes:
    """The whole answer, or so many parts of it."""
    response = await kept(TRANSPORT, httpx.Request("POST", "http://127.0.0.1/v1/chat", content=question))
    assert isinstance(response.stream, httpx.AsyncByteStream)
    got: list[bytes] = []
    stream = aiter(response.stream)
    try:
        while parts is None or len(got) < parts:
            got.append(await anext(stream))
    except StopAsyncIteration:
        pass
    await stream.aclose()  # type: ignore[attr-defined]
    return b"".join(got)


async def test_the_same_question_is_asked_once(tmp_path: Path) -> None:
    server = Server(b"data: 1\n", b"data: [DONE]\n")
    kept = Kept(tmp_path / "replies", tmp_path / "ledger", server)
    assert await ask(kept) == await ask(kept) == b"data: 1\ndata: [DONE]\n"
    assert server.asked == 1
    assert [spent.kept for spent in read(tmp_path / "ledger")] == [False, True]


async def test_another_question_is_asked(tmp_path: Path) -> None:
    server = Server(b"data: [DONE]\n")
    kept = Kept(tmp_path / "replies", tmp_path / "ledger", server)
    await ask(kept, "a")
    await ask(kept, "b")
    assert server.asked == 2


async def test_what_an_answer_took_counts_again(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "replies", tmp_path / "ledger", Server(b"data: [DONE]\n"))
    await ask(kept)
    await ask(kept)
    first, second = read(tmp_path / "ledger")
    assert first.seconds == second.seconds > 0


async def test_a_broken_off_answer_serves_a_reader_who_breaks_off_there(tmp_path: Path) -> None:
    server = Server(b"data: 1\n", b"data: 1\n", b"data: [DONE]\n")
    kept = Kept(tmp_path / "replies", tmp_path / "ledger", server)
    assert await ask(kept, parts=2) == b"data: 1\ndata: 1\n"
    assert await ask(kept, parts=1) == b"data: 1\ndata: 1\n"
    assert server.asked == 1


async def test_a_broken_off_answer_is_asked_anew_by_a_reader_who_wants_more(tmp_path: Path) -> None:
    server = Server(b"data: 1\n", b"data: [DONE]\n")
    kept = Kept(tmp_path / "replies", tmp_path / "ledger", server)
    await ask(kept, parts=1)
    with pytest.raises(httpx.ReadError):
        await ask(kept)
    assert await ask(kept) == b"data: 1\ndata: [DONE]\n"
    assert server.asked == 2
    assert [spent.kept for spent in read(tmp_path / "ledger")] == [False, False]


@pytest.mark.parametrize("end", [httpx.ReadError("gone"), asyncio.CancelledError()], ids=["server", "run"])
async def test_what_the_server_or_the_end_of_the_run_broke_off_is_not_kept(tmp_path: Path, end: BaseException) -> None:
    server = Server(b"data: 1\n", end)
    kept = Kept(tmp_path / "replies", tmp_path / "ledger", server)
    with pytest.raises(type(end)):
        await ask(kept)
    server.parts = (b"data: [DONE]\n",)
    assert await ask(kept) == b"data: [DONE]\n"
    assert [spent.kept for spent in read(tmp_path / "ledger")] == [False, False]
