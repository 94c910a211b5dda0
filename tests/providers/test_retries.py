"""Every row of the retry table, run to its end over HTTP; waits are written down instead of waited for."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import cycle

import pytest

from providers import ProviderError, Unavailable
from providers.failures import Kind
from providers.retries import JITTER, RETRIES, TRIES
from tests.fakes.llm import Answer, Asked, FakeLLM
from tests.providers.conftest import HELLO, Notes, Open, Waits

WORDS = "An answer of some length, which ends before it is complete."
CLOCKS = {"first_token_timeout": 0.05, "silence_timeout": 0.05}


def refused(status: int, text: str = "no", **more: str) -> Answer:
    return Answer(status=status, body={"error": {"message": text, **more}})


def another_parameter(asked: Asked) -> Answer:
    """Refuses whatever is still there."""
    optional = ("temperature", "seed", "stream_options", "max_tokens", "max_completion_tokens", "think", "format")
    known = next((name for name in optional if name in asked.body), "")
    return refused(400, "Unsupported parameter", code="unsupported_parameter", param=known)


FAULTS: dict[Kind, Answer | Callable[[Asked], Answer]] = {
    Kind.TIMEOUT: Answer(WORDS, stall_after=0),
    Kind.DROPPED: Answer(WORDS, cut_after=20),
    Kind.TRUNCATED: Answer(WORDS, finish=None),
    Kind.SERVER: refused(500),
    Kind.BUSY: refused(503, "server busy"),
    Kind.CRASHED: refused(500, "model runner has unexpectedly stopped"),
    Kind.RATE: refused(429, "slow down"),
    Kind.BAD_BODY: Answer(body={"hello": "world"}),
    Kind.PAGE: Answer(body="<html><p>Please log in"),
    Kind.PARAMETER: another_parameter,
    Kind.CONTEXT: refused(400, "too long", code="context_length_exceeded"),
    Kind.ROOM: refused(400, "request (5000 tokens) exceeds the available context size (8192 tokens)"),
    Kind.QUOTA: refused(402, "pay"),
    Kind.AUTH: refused(401, "who are you"),
    Kind.NOT_FOUND: refused(404, "model 'fake' not found"),
    Kind.NO_PATH: refused(404, "page not found"),
    Kind.DEGENERATE: Answer("\n" * 5000, piece=500),
    Kind.REJECTED: refused(400, "bad roles"),
}


def test_every_row_but_that_of_no_connection_has_a_fault_here() -> None:
    assert set(FAULTS) == set(Kind) - {Kind.CONNECT} == set(RETRIES) - {Kind.CONNECT}


def expected_waits(kind: Kind) -> list[float]:
    row = RETRIES[kind]
    waits = [min(row.cap, row.base * 2.0**number) for number in range(row.tries - 1)]
    return [seconds for seconds in waits if seconds]


def assert_waited(waits: Waits, kind: Kind) -> None:
    expected = expected_waits(kind)
    assert len(waits.seconds) == len(expected)
    for waited, seconds in zip(waits.seconds, expected, strict=True):
        assert seconds * (1 - JITTER) <= waited <= seconds * (1 + JITTER)


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_row_ends_after_its_tries_its_waits_and_with_its_error(
    connect: Open, kind: Kind, notes: Notes, waits: Waits
) -> None:
    async with FakeLLM(FAULTS[kind]) as llm:
        provider = connect(llm, "openai", seed=1, **CLOCKS if kind is Kind.TIMEOUT else {})
        with pytest.raises(ProviderError, match=r"^local: ") as caught:
            await provider.complete(HELLO, notes)
        assert type(caught.value) is RETRIES[kind].error
        assert len(llm.requests) == len(notes.attempts) == RETRIES[kind].tries
    assert {attempt.outcome for attempt in notes.attempts} == {"failed"}
    assert_waited(waits, kind)


ALIKE = (Kind.DROPPED, Kind.TRUNCATED, Kind.BUSY, Kind.CRASHED, Kind.RATE, Kind.BAD_BODY, Kind.PAGE, Kind.DEGENERATE)


@pytest.mark.parametrize("kind", ALIKE)
async def test_ollamas_format_follows_the_same_rows(connect: Open, kind: Kind, notes: Notes, waits: Waits) -> None:
    async with FakeLLM(FAULTS[kind]) as llm:
        with pytest.raises(RETRIES[kind].error):
            await connect(llm, "ollama").complete(HELLO, notes)
        assert len(llm.requests) == len(notes.attempts) == RETRIES[kind].tries
    assert_waited(waits, kind)


async def test_no_connection_ends_after_its_tries_too(connect: Open, waits: Waits) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unavailable, match="nothing answers"):
        await connect(url, "openai").complete(HELLO)
    assert_waited(waits, Kind.CONNECT)


async def test_ever_new_troubles_end_after_ten_tries_all_told(connect: Open, waits: Waits, notes: Notes) -> None:
    troubles = cycle([FAULTS[kind] for kind in (Kind.SERVER, Kind.DROPPED, Kind.BUSY, Kind.RATE)])

    def reply(asked: Asked) -> Answer:
        fault = next(troubles)
        assert isinstance(fault, Answer)
        return fault

    async with FakeLLM(reply) as llm:
        with pytest.raises(ProviderError):
            await connect(llm, "openai").complete(HELLO, notes)
        assert len(llm.requests) == len(notes.attempts) == TRIES
    assert len(waits.seconds) == TRIES - 1


@pytest.mark.parametrize("kind", [Kind.SERVER, Kind.DROPPED, Kind.TRUNCATED, Kind.BAD_BODY, Kind.RATE])
async def test_the_last_try_may_still_succeed(connect: Open, kind: Kind) -> None:
    fault = FAULTS[kind]
    assert isinstance(fault, Answer)
    async with FakeLLM([*[fault] * (RETRIES[kind].tries - 1), "fine"]) as llm:
        assert (await connect(llm, "openai").complete(HELLO)).text == "fine"
