"""The shapes in which servers send answers, ends and errors, over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from providers import (
    AuthenticationFailed,
    BadReply,
    ContextExceeded,
    FinishReason,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from providers.failures import Kind
from providers.retries import RETRIES
from tests.fakes.llm import Answer, FakeLLM
from tests.providers.conftest import HELLO, Notes, Open, Waits

STOP = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
DONE = "data: [DONE]\n\n"


def says(content: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": content}, **more}]}


def stream(*events: Any, end: str = DONE) -> Answer:
    """A body of server-sent events; text stays as it is."""
    written = [event if isinstance(event, str) else f"data: {json.dumps(event)}\n\n" for event in events]
    return Answer(body="".join(written) + end)


LONG = " ".join(map(str, range(150_000)))

TALK: dict[str, tuple[Answer, str]] = {
    "as specified": (stream(says("a"), says("b"), STOP), "ab"),
    "the reason comes with the last piece": (stream(says("a"), says("b", finish_reason="stop")), "ab"),
    "the whole message again at the end": (
        stream(says("ab"), {"choices": [{"delta": {}, "message": {"content": "ab"}, "finish_reason": "stop"}]}),
        "ab",
    ),
    "no stream at all": (
        Answer(body={"choices": [{"message": {"content": "ab"}, "finish_reason": "stop"}], "usage": None}),
        "ab",
    ),
    "no stream, over many lines": (
        Answer(body=json.dumps({"choices": [{"message": {"content": "ab"}, "finish_reason": "stop"}]}, indent=2)),
        "ab",
    ),
    "parts of a list": (
        stream(
            says([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]),
            says([{"type": "text", "text": "ab"}], finish_reason="stop"),
        ),
        "ab",
    ),
    "usage without choices": (stream(says("ab"), STOP, {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}), "ab"),
    "usage in each piece": (stream({**says("ab"), "usage": {"prompt_tokens": 7, "completion_tokens": 1}}, STOP), "ab"),
    "pings, comments and ids": (
        stream(": wait\n\n", 'event: ping\ndata: {"type": "ping"}\n\n', "id: 1\nretry: 5\n", says("ab"), STOP),
        "ab",
    ),
    "a byte order mark": (stream("\ufeff", says("ab"), STOP), "ab"),
    "a page behind the end": (stream(says("ab"), STOP, end="<html>504</html>"), "ab"),
    "half a line behind the end": (stream(says("ab"), STOP, end='data: {"choi'), "ab"),
    "an error behind the end": (stream(says("ab"), STOP, {"error": {"message": "too late"}}), "ab"),
    "more behind [DONE]": (stream(says("ab"), STOP, DONE, says("c"), "rubbish\n"), "ab"),
    "a line of a megabyte": (stream(says(LONG), STOP), LONG),
    "spaces around nothing": (stream(says("ab"), "   \n\n", STOP, end="data:[DONE]\n\n"), "ab"),
}


@pytest.mark.parametrize(("answer", "text"), TALK.values(), ids=TALK)
async def test_an_answer_is_read_whole_and_once(connect: Open, answer: Answer, text: str, notes: Notes) -> None:
    async with FakeLLM(answer) as llm:
        done = await connect(llm, "openai").complete(HELLO, notes)
        assert len(llm.requests) == 1
    assert (done.text, done.finish, notes.attempts) == (text, FinishReason.STOP, [])


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("STOP", FinishReason.STOP),
        ("eos_token", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("content_filter: PROHIBITED_CONTENT", FinishReason.CONTENT_FILTER),
        ("safety", FinishReason.CONTENT_FILTER),
    ],
)
async def test_other_servers_words_for_the_end_are_known(connect: Open, word: str, finish: FinishReason) -> None:
    async with FakeLLM(stream(says("ab"), {"choices": [{"delta": {}, "finish_reason": word}]})) as llm:
        assert (await connect(llm, "openai").complete(HELLO)).finish is finish


async def test_a_refusal_in_pieces_is_a_refusal_although_the_end_is_called_stop(connect: Open) -> None:
    pieces = [{"choices": [{"delta": {"refusal": text}}]} for text in ("I can", "not.")]
    async with FakeLLM(stream(*pieces, STOP)) as llm:
        done = await connect(llm, "openai").complete(HELLO)
    assert (done.text, done.finish) == ("I cannot.", FinishReason.REFUSAL)


async def test_a_refusal_that_breaks_off_is_no_answer(connect: Open) -> None:
    cut = stream({"choices": [{"delta": {"refusal": "I can"}}]}, end="")
    async with FakeLLM([cut, "fine"]) as llm:
        assert (await connect(llm, "openai").complete(HELLO)).text == "fine"


BROKEN: dict[str, tuple[Answer, type[ProviderError], str]] = {
    "by a finish reason": (stream(says("a"), says("", finish_reason="error")), Unavailable, "the answer: error"),
    "in the choice": (
        stream(says("a"), says("", finish_reason="error", error={"code": 502, "message": "upstream"})),
        Unavailable,
        "upstream",
    ),
    "as llama.cpp did": (stream('error: {"code": 500, "message": "no slot"}\n\n', end=""), Unavailable, "no slot"),
    "as an event": (stream('event: error\ndata: {"message": "gone"}\n\n', end=""), Unavailable, "gone"),
    "as a detail": (stream({"detail": "worker died"}, end=""), Unavailable, "worker died"),
    "with its status as text": (stream({"error": {"code": "429", "message": "slow"}}), RateLimited, "slow"),
    "with its status in a word": (
        stream({"error": {"type": "rate_limit_error", "message": "slow"}}),
        RateLimited,
        "slow",
    ),
    "for want of money": (stream({"error": {"code": "insufficient_quota", "message": "pay"}}), QuotaExhausted, "pay"),
}


@pytest.mark.parametrize(("answer", "error", "said"), BROKEN.values(), ids=BROKEN)
async def test_an_error_inside_a_stream_is_what_it_would_have_been_before(
    connect: Open, answer: Answer, error: type[ProviderError], said: str
) -> None:
    async with FakeLLM(answer) as llm:
        with pytest.raises(error, match=said):
            await connect(llm, "openai").complete(HELLO)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": "12", "completion_tokens": 3.0}, (12, 3)),
        ({"prompt_tokens": -5, "completion_tokens": -1}, None),
        ({"prompt_tokens": None, "completion_tokens": "many"}, None),
        ({"prompt_tokens": True, "completion_tokens": 1e400}, None),
        ({"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": -9}}, (7, 2)),
    ],
)
async def test_a_count_that_is_none_is_estimated_and_never_earns_money(
    connect: Open, usage: dict[str, Any], counted: tuple[int, int] | None
) -> None:
    async with FakeLLM(stream(says("ab"), STOP, {"usage": usage, "id": 5, "model": ["x"]})) as llm:
        done = await connect(llm, "openai", prices={"input": 1.0, "output": 1.0, "cached": 0.5}).complete(HELLO)
    assert done.cost is not None
    assert done.cost > 0
    assert done.usage.estimated is (counted is None)
    assert counted in (None, (done.usage.input_tokens, done.usage.output_tokens))
    assert (done.model, done.request_id) == ("fake", "5")


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("openai", stream({"choices": [{"delta": {"tool_calls": [{"index": 0}]}, "finish_reason": "tool_calls"}]})),
        (
            "ollama",
            Answer(body={"message": {"content": "", "tool_calls": [{}]}, "done": True, "done_reason": "stop"}),
        ),
    ],
)
async def test_a_tool_call_in_place_of_an_answer_is_said(connect: Open, kind: str, answer: Answer) -> None:
    async with FakeLLM(answer) as llm:
        with pytest.raises(BadReply, match="called a tool, and wrote nothing; look at the chat template"):
            await connect(llm, kind).complete(HELLO)


async def test_a_reason_that_nobody_knows_is_no_end(connect: Open) -> None:
    async with FakeLLM(stream(says("ab"), says("", finish_reason="quantum"))) as llm:
        with pytest.raises(BadReply, match="unreadable line"):
            await connect(llm, "openai").complete(HELLO)


PAGES = {
    "a page": "<!DOCTYPE html><html><h1>Sign in</h1></html>",
    "a page after a line end": "\n\n  <html></html>",
    "words": "upstream connect error or disconnect/reset before headers",
}


@pytest.mark.parametrize("body", PAGES.values(), ids=PAGES)
async def test_a_page_of_a_proxy_is_waited_for_and_books_nothing(
    connect: Open, each_type: str, body: str, notes: Notes
) -> None:
    async with FakeLLM(Answer(body=body)) as llm:
        with pytest.raises(Unavailable, match=f"points at a server of type {each_type}"):
            await connect(llm, each_type).complete(HELLO, notes)
        assert len(llm.requests) == RETRIES[Kind.PAGE].tries
    assert {attempt.usage.input_tokens for attempt in notes.attempts} == {None}


async def test_an_answer_without_a_word_is_a_dropped_connection(connect: Open, each_type: str) -> None:
    async with FakeLLM(Answer(body="")) as llm:
        with pytest.raises(Unavailable, match="closed without a word"):
            await connect(llm, each_type).complete(HELLO)


async def test_a_page_instead_of_health_is_waited_for(connect: Open, waits: Waits) -> None:
    async with serving(b"<html>Maintenance</html>", "text/html") as url:
        with pytest.raises(Unavailable, match="points at a server of type vllm"):
            await connect(url, "vllm", model="auto").complete(HELLO)
    assert len(waits.seconds) == RETRIES[Kind.PAGE].tries - 1


async def test_a_compressed_stream_is_read(connect: Open) -> None:
    body = stream(says("ab"), STOP).body
    async with serving(gzip.compress(body.encode()), "text/event-stream", "Content-Encoding: gzip") as url:
        assert (await connect(url, "openai").complete(HELLO)).text == "ab"


async def test_comments_for_ever_behind_the_end_do_not_keep_the_call(connect: Open) -> None:
    async with serving(stream(says("ab"), STOP).body.encode(), "text/event-stream", after=b": ping\n\n") as url:
        async with asyncio.timeout(60):
            assert (await connect(url, "openai").complete(HELLO)).text == "ab"


async def test_a_key_that_no_header_can_hold_is_said_and_not_shown(
    connect: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeLLM() as llm:
        for key in ("“sk-secret”", "sk-secret\nsk-other"):
            monkeypatch.setenv("MY_KEY", key)
            with pytest.raises(AuthenticationFailed, match="MY_KEY holds") as caught:
                await connect(llm, "openai", api_key_env="MY_KEY").complete(HELLO)
            assert "secret" not in str(caught.value)


TOO_LONG = {
    "Anthropic": "prompt is too long: 210000 tokens > 200000 maximum",
    "Gemini": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    "LM Studio": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with "
    "context length of only 4096 tokens, which is not enough.",
    "TGI": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens",
    "xAI": "This model's maximum prompt length is 131072 but the request contains 300000 tokens.",
    "Bedrock": "Input is too long for requested model.",
    "TabbyAPI": "Prompt length 5000 is greater than max_seq_len 4096",
    "OpenAI": "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.",
}


@pytest.mark.parametrize("message", TOO_LONG.values(), ids=TOO_LONG)
async def test_each_servers_words_for_a_long_prompt_are_known(connect: Open, message: str) -> None:
    async with FakeLLM(Answer(status=400, body={"error": {"message": message}})) as llm:
        with pytest.raises(ContextExceeded):
            await connect(llm, "openai").complete(HELLO)
        assert len(llm.requests) <= 2


@asynccontextmanager
async def serving(body: bytes, kind: str, *headers: str, after: bytes = b"") -> AsyncIterator[str]:
    """A server that answers every request alike; with `after`, it says that for ever behind the body."""
    open_: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
            )
            await reader.readexactly(length)
            if kind == "text/event-stream" and b"/models" in head:
                writer.write(b"HTTP/1.1 404 X\r\nConnection: close\r\n\r\n")
                return
            lines = [f"Content-Type: {kind}", "Connection: close", *headers]
            writer.write("\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode() + body)
            while after:
                writer.write(after)
                await writer.drain()
                await asyncio.sleep(0.05)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            open_.discard(task)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(open_):
            task.cancel()
        await asyncio.gather(*open_, return_exceptions=True)
