"""A model server on loopback that speaks Ollama, OpenAI and vLLM, and breaks the wire on purpose.

    async with FakeLLM(reply=lambda asked: Answer("hello")) as llm:     # or: with FakeLLM(...) as llm: (own thread)
        ... llm.url, llm.requests, llm.connections

`reply` is called for each chat request; it returns an Answer or a plain string. A list is given out in order, the last
one for ever. Raw asyncio instead of a web framework, because a framework would not send half a line and then a reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET, socket
from typing import Any, Literal, Self

OLLAMA, OPENAI = "ollama", "openai"


@dataclass(frozen=True)
class Asked:
    """One chat request as it arrived."""

    number: int
    """From 1."""
    api: str
    """`ollama` or `openai`."""
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float
    """time.monotonic()."""

    @property
    def messages(self) -> list[dict[str, str]]:
        return list(self.body["messages"])

    @property
    def system(self) -> str:
        return "\n".join(m["content"] for m in self.messages if m["role"] == "system")

    @property
    def text(self) -> str:
        """All messages, one after the other."""
        return "\n".join(m["content"] for m in self.messages)


@dataclass(frozen=True)
class Answer:
    """What to send back, and how to break it. All counts are in characters of `text`."""

    text: str = "ok"
    finish: str | None = "stop"
    """None leaves the finish reason out."""
    reasoning: str = ""
    reasoning_key: str = "reasoning_content"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """Sent instead of a stream: a string as it is, anything else as JSON."""
    usage: tuple[int, int] | Literal["auto"] | None = "auto"
    """Tokens of prompt and answer; `auto` counts four characters as one, None leaves them out."""
    piece: int = 20
    """Characters in one chunk."""
    delay: float = 0.0
    """Seconds before the first byte."""
    pause: float = 0.0
    """Seconds between chunks."""
    stall_after: int | None = None
    """Silence for ever from here."""
    cut_after: int | None = None
    """The connection ends here, by a reset or by an orderly close."""
    cut: str = "rst"
    error_after: int | None = None
    error: Any = "boom"
    """With `error_after`: sent as `{"error": ...}` in the middle of the stream."""
    done: bool = True
    """False leaves out `[DONE]`, and makes Ollama end with `done: false`."""
    garbage: str | None = None
    """A line sent before the first chunk, as it is."""


Line = bytes | float | None
"""Bytes to send, seconds of silence, or None: cut the connection here."""

Reply = Callable[[Asked], "Answer | str"] | Sequence["Answer | str"] | Answer | str


class FakeLLM:
    """The server; a context manager, asynchronous in the running loop or synchronous in a thread of its own."""

    def __init__(
        self,
        reply: Reply = "ok",
        *,
        models: Sequence[str] = ("fake",),
        context: int = 32_768,
        trained: int = 131_072,
        counted: int | None = None,
        capabilities: Sequence[str] = ("completion",),
        parameters: str = "",
        version: str = "0.32.1",
        health: int = 200,
    ) -> None:
        self.reply = reply
        self.models = list(models)
        self.context = context
        """vLLM's max_model_len, and what Ollama says it has loaded."""
        self.trained = trained
        self.counted = counted
        """The model's parameters, as Ollama and llama.cpp tell them."""
        self.capabilities = list(capabilities)
        self.parameters = parameters
        self.version = version
        self.health = health
        self.health_delay = 0.0
        """Seconds before the answers to all but chat requests."""
        self.requests: list[Asked] = []
        self.paths: list[str] = []
        """Every request's path, also those of health checks."""
        self.connections = 0
        self.answered = 0
        """Answers that were sent to their end: what a paid server charges for in full."""
        self.hung_up = 0
        """Answers whose reader went away before the end."""
        self.url = ""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[Any]] = set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def busy(self) -> bool:
        """Whether a connection is open; one that was killed is closed a moment later."""
        return bool(self._open)

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port, limit=2**24)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        started = threading.Event()

        def serve() -> None:
            self._loop = asyncio.new_event_loop()
            self._loop.run_until_complete(self.start())
            started.set()
            self._loop.run_forever()
            self._loop.close()

        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._thread is not None
        asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._open.discard(writer)
            self._serving.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; False when the connection is to be closed."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *rest = head.split("\r\n")
        path = first.split(" ")[1]
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in rest if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        self.paths.append(path)
        body = json.loads(raw) if raw else {}
        if path in ("/api/chat", "/v1/chat/completions"):
            api = OLLAMA if path == "/api/chat" else OPENAI
            asked = Asked(len(self.requests) + 1, api, headers, body, time.monotonic())
            self.requests.append(asked)
            return await self._chat(asked, reader, writer)
        await asyncio.sleep(self.health_delay)
        status, value = self._small(path, body)
        await _send(writer, status, value)
        return True

    def _small(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        match path:
            case "/health":
                return self.health, ""
            case "/v1/models":
                told = {"max_model_len": self.context, "meta": {"n_params": self.counted}}
                return 200, {"object": "list", "data": [{"id": m, **told} for m in self.models]}
            case "/api/version":
                return 200, {"version": self.version}
            case "/api/tags":
                return 200, {"models": [{"name": m, "model": m} for m in self.models]}
            case "/api/show" if body.get("model") in self.models:
                info = {"general.architecture": "toy", "toy.context_length": self.trained}
                info |= {"general.parameter_count": self.counted}
                return 200, {"model_info": info, "capabilities": self.capabilities, "parameters": self.parameters}
            case "/api/show":
                return 404, {"error": f"model '{body.get('model')}' not found"}
            case "/api/ps" if self.requests:
                return 200, {"models": [{"name": m, "context_length": self.context} for m in self.models]}
            case "/api/ps":
                return 200, {"models": []}
        return 404, {"error": "not found"}

    def _answer(self, asked: Asked) -> Answer:
        reply = self.reply
        if callable(reply):
            reply = reply(asked)
        elif isinstance(reply, Sequence) and not isinstance(reply, str):
            reply = reply[min(asked.number, len(reply)) - 1]
        return Answer(reply) if isinstance(reply, str) else reply

    async def _chat(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        answer = self._answer(asked)
        gone = asyncio.ensure_future(reader.read(1))
        stream = asyncio.ensure_future(self._stream(asked, answer, writer))
        await asyncio.wait({gone, stream}, return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            gone.exception()
        if not stream.done():
            self.hung_up += 1
            stream.cancel()
            await asyncio.gather(stream, return_exceptions=True)
            return False
        if gone.done():  # the reader closed, or sent the next request early, which our clients do not do
            stream.exception()
            return False
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        self.answered += 1
        return stream.result()

    async def _stream(self, asked: Asked, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(answer.delay)
        if answer.status != 200 or answer.body is not None:
            await _send(writer, answer.status, answer.body if answer.body is not None else "", answer.headers)
            return True
        kind = "application/x-ndjson" if asked.api == OLLAMA else "text/event-stream"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        lines = _ollama(asked, answer) if asked.api == OLLAMA else _openai(asked, answer)
        async for line in _paced(lines, answer):
            if line is None:
                return _cut(writer, answer)
            writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def _cut(writer: asyncio.StreamWriter, answer: Answer) -> bool:
    if answer.cut == "rst":
        raw: socket = writer.get_extra_info("socket")
        raw.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    return False


async def _send(
    writer: asyncio.StreamWriter, status: int, value: Any, headers: Mapping[str, str] | None = None
) -> None:
    body = (value if isinstance(value, str) else json.dumps(value)).encode()
    html = isinstance(value, str) and value.lstrip().startswith("<")
    kind = "text/html" if html else "application/json"
    lines = {"Content-Type": kind, **(headers or {}), "Content-Length": str(len(body))}
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    writer.write(head.encode() + b"\r\n" + body)
    await writer.drain()


async def _paced(lines: Sequence[Line], answer: Answer) -> AsyncIterator[bytes | None]:
    """Lines with their pauses; None is a cut, and a number is silence in seconds."""
    for number, line in enumerate(lines):
        if isinstance(line, float):
            await asyncio.sleep(line)
            continue
        if number and answer.pause:
            await asyncio.sleep(answer.pause)
        yield line


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def _body(answer: Answer, write: Callable[[str, str], bytes], error: Callable[[Any], bytes]) -> list[Line]:
    """The chunks, with whatever is to happen between them."""
    lines: list[Line] = [answer.garbage.encode() + b"\n"] if answer.garbage is not None else []
    lines += [write("", piece) for piece in _pieces(answer.reasoning, answer.piece)]
    sent = 0
    for piece in [*_pieces(answer.text, answer.piece), ""]:
        if answer.cut_after is not None and sent >= answer.cut_after:
            return [*lines, None]
        if answer.stall_after is not None and sent >= answer.stall_after:
            return [*lines, 3600.0]
        if answer.error_after is not None and sent >= answer.error_after:
            return [*lines, error(answer.error)]
        if piece:
            lines.append(write(piece, ""))
        sent += len(piece)
    return lines


def _openai(asked: Asked, answer: Answer) -> list[Line]:
    def event(value: Any) -> bytes:
        return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return event({"id": f"req-{asked.number}", "model": asked.body["model"], "choices": choices})

    def write(text: str, thought: str) -> bytes:
        return chunk({"content": text} if text else {answer.reasoning_key: thought})

    lines = [chunk({"role": "assistant", "content": ""}), *_body(answer, write, lambda e: event({"error": e}))]
    if _broken(answer):
        return lines
    if answer.finish is not None:
        lines.append(chunk({}, answer.finish))
    if answer.usage is not None and (asked.body.get("stream_options") or {}).get("include_usage"):
        prompt, written = _counted(asked, answer)
        lines.append(event({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": written}}))
    return [*lines, b"data: [DONE]\n\n"] if answer.done else lines


def _ollama(asked: Asked, answer: Answer) -> list[Line]:
    def line(value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"

    def write(text: str, thought: str) -> bytes:
        message = {"role": "assistant", "content": text} | ({"thinking": thought} if thought else {})
        return line({"model": asked.body["model"], "message": message, "done": False})

    lines = _body(answer, write, lambda e: line({"error": e}))
    if _broken(answer):
        return lines
    last: dict[str, Any] = {"model": asked.body["model"], "message": {"role": "assistant", "content": ""}}
    last["done"] = answer.done
    if answer.finish is not None and answer.done:
        last["done_reason"] = answer.finish
    if answer.usage is not None:
        last["prompt_eval_count"], last["eval_count"] = _counted(asked, answer)
    return [*lines, line(last)]


def _counted(asked: Asked, answer: Answer) -> tuple[int, int]:
    if isinstance(answer.usage, tuple):
        return answer.usage
    return len(asked.text) // 4 + 1, (len(answer.text) + len(answer.reasoning)) // 4 + 1


def _broken(answer: Answer) -> bool:
    return any(at is not None for at in (answer.cut_after, answer.stall_after, answer.error_after))
