"""One HTTP request and its streamed answer: limits, clocks, guard, and what has come so far."""

from __future__ import annotations

import asyncio
import json
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from .failures import Failed, Failure, Kind, classify
from .format import Chunk, Format
from .guard import Guard
from .wire import FinishReason, Usage

LARGEST = 16 * 1024 * 1024
"""Bytes of one answer, all told."""
LINGER = 2.0
"""Seconds that a stream may stay open after its last event; read to its end, the connection can be used again."""
_STATUSES = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "overloaded_error": 503,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "model_not_found": 404,
}
"""What servers put into an error inside a stream in place of the status it would have had."""


@dataclass
class Answer:
    """What has come so far."""

    pieces: list[str] = field(default_factory=list)
    """Of the answer itself."""
    thoughts: list[str] = field(default_factory=list)
    """Pieces of thinking that came apart from the answer."""
    characters: int = 0
    """Of both."""
    finish: FinishReason | None = None
    refused: bool = False
    """A part of the text is a refusal."""
    usage: Usage | None = None
    model: str | None = None
    request_id: str | None = None
    called_tool: bool = False
    understood: bool = False
    """At least one line was of the format."""
    last: bool = False
    """The server said that nothing follows."""

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def reasoning(self) -> str:
        return "".join(self.thoughts)

    def add(self, chunk: Chunk) -> None:
        if chunk.text:
            self.pieces.append(chunk.text)
        if chunk.reasoning:
            self.thoughts.append(chunk.reasoning)
        self.characters += len(chunk.text) + len(chunk.reasoning)
        self.refused = self.refused or chunk.refusal
        self.called_tool = self.called_tool or chunk.tool
        self.finish = chunk.finish or self.finish
        if self.refused and self.finish is FinishReason.STOP:
            self.finish = FinishReason.REFUSAL
        self.understood = True
        self.usage = chunk.usage or self.usage
        self.model = chunk.model or self.model
        self.request_id = chunk.request_id or self.request_id
        self.last = self.last or chunk.last


@dataclass(frozen=True)
class Clocks:
    """Seconds until the first token, and between tokens. Connecting has its own, in the HTTP client."""

    first_token: float
    silence: float


@dataclass
class Exchange:
    """One request. Afterwards `answer` holds what came, also when it failed or was cancelled."""

    format: Format
    clocks: Clocks
    guard: Guard
    heard: Callable[[Answer], None]
    """Called for each piece of text or thinking."""
    answer: Answer = field(default_factory=Answer)

    async def run(
        self, http: httpx.AsyncClient, url: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Answer:
        """The whole answer, with a finish reason that was seen. Raises Failed."""
        try:
            async with asyncio.timeout(self.clocks.first_token) as clock:
                async with http.stream("POST", url, json=body, headers=headers) as response:
                    await self._read(response, clock)
        except TimeoutError:
            self._excuse(Failure(Kind.TIMEOUT, self._silence()))
        except httpx.HTTPError as error:
            self._excuse(network_failure(error))
        return self._checked()

    async def _read(self, response: httpx.Response, clock: asyncio.Timeout) -> None:
        """Read to the end, so that the connection is kept; what follows the last event says nothing any more."""
        if response.status_code != 200:
            raise Failed(classify(response.status_code, response.headers, await first_bytes(response)))
        loop = asyncio.get_running_loop()
        async for line in objects(lines(response)):
            if self.answer.last or (chunk := self._chunk(line)) is None:
                continue
            if chunk.text or chunk.reasoning:
                clock.reschedule(loop.time() + self.clocks.silence)
                self.heard(self.answer)
            if chunk.last:
                clock.reschedule(loop.time() + LINGER)

    def _chunk(self, line: str) -> Chunk | None:
        """What the line says; None when that is nothing, or comes too late to matter."""
        try:
            chunk = self.format.chunk(line)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self._excuse(unreadable(line, page=not self.answer.understood), error)
            return None
        if chunk is None:
            return None
        if chunk.error is not None:
            self._excuse(_mid_stream(chunk.error))
            return None
        self.answer.add(chunk)
        self._listen(chunk)
        return chunk

    def _listen(self, chunk: Chunk) -> None:
        noise = self.guard.text(chunk.text) if chunk.text else ""
        noise = noise or (self.guard.reasoning(chunk.reasoning) if chunk.reasoning else "")
        if noise:
            raise Failed(Failure(Kind.DEGENERATE, noise))

    def _excuse(self, failure: Failure, cause: Exception | None = None) -> None:
        """What happens after the finish reason costs the connection, not the answer."""
        if self.answer.finish is None:
            raise Failed(failure) from cause

    def _silence(self) -> str:
        if self.answer.characters:
            return f"no token for {self.clocks.silence:g} s in the middle of the answer"
        return f"no first token within {self.clocks.first_token:g} s"

    def _checked(self) -> Answer:
        answer = self.answer
        if not answer.understood:
            raise Failed(Failure(Kind.DROPPED, "the connection was closed without a word", 200))
        if answer.finish is None:
            raise Failed(Failure(Kind.TRUNCATED, "the stream ended without a finish reason"))
        if answer.text.strip() or answer.finish in (FinishReason.CONTENT_FILTER, FinishReason.REFUSAL):
            return answer
        if answer.reasoning.strip() or (answer.usage and answer.usage.reasoning_tokens):
            raise Failed(Failure(Kind.DEGENERATE, "the model spent the whole answer on thinking"))
        said = "the model called a tool, and wrote nothing" if answer.called_tool else "the answer is blank"
        raise Failed(Failure(Kind.BAD_BODY, said))


async def lines(response: httpx.Response) -> AsyncIterator[str]:
    """Lines that end in a newline; unlike `str.splitlines`, JSON's U+2028 and U+0085 do not end one. Raises Failed."""
    rest = bytearray()
    size = 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > LARGEST:
            raise Failed(Failure(Kind.DEGENERATE, f"the answer is larger than {LARGEST} bytes"))
        *ends, begun = piece.split(b"\n")
        for end in ends:
            yield _text(rest + end)
            rest.clear()
        rest += begun
    if rest:
        yield _text(rest)


async def objects(found: AsyncIterator[str]) -> AsyncIterator[str]:
    """The same lines, but an object that stands on many lines in one: some servers do not stream, and indent."""
    async for line in found:
        yield "\n".join([line, *[more async for more in found]]) if line.strip() == "{" else line


async def first_bytes(response: httpx.Response, most: int = 65_536) -> str:
    """The beginning of an error's body. Reading less than all of a huge one costs its connection."""
    found = b""
    async for piece in response.aiter_bytes():
        found += piece
        if len(found) >= most:
            break
    return found[:most].decode("utf-8", "replace")


def unreadable(body: str, *, page: bool) -> Failure:
    """Text that is not of the format; with `page` it may come from a proxy or another program, not from a model."""
    said = f"unreadable line {body[:80]!r}"
    if page and body.strip() and not body.lstrip("\ufeff \t").startswith(("{", "[", "data:", '"')):
        return Failure(Kind.PAGE, said, 200, body)
    return Failure(Kind.BAD_BODY, said, 200, body)


def network_failure(error: httpx.HTTPError) -> Failure:
    """What httpx's exceptions mean."""
    said = str(error) or type(error).__name__
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return Failure(Kind.CONNECT, said)
        case httpx.TimeoutException():
            return Failure(Kind.TIMEOUT, said)
        case httpx.DecodingError():
            return Failure(Kind.BAD_BODY, said)
        case httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return Failure(Kind.REJECTED, said)
    return Failure(Kind.DROPPED, said)


def _text(line: bytes | bytearray) -> str:
    """Without the byte order mark that a stream may begin with."""
    return line.removeprefix(BOM_UTF8).removesuffix(b"\r").decode("utf-8", "replace")


def _mid_stream(error: object) -> Failure:
    """An error inside a stream whose status was 200; some carry the status they would have had."""
    said = error if isinstance(error, dict) else {}
    words = [str(said.get(key)) for key in ("code", "status", "type")]
    known = [_STATUSES.get(word) or (int(word) if word.isdecimal() and len(word) == 3 else 0) for word in words]
    status = next((number for number in known if 400 <= number < 600), 500)
    return classify(status, {}, json.dumps({"error": error}))
