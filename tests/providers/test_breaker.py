"""What all calls to one provider learn from each other's trouble."""

from __future__ import annotations

import pytest

from providers import RateLimited
from providers.breaker import PROBE, THRESHOLD, Breaker
from tests.fakes.llm import Answer, FakeLLM
from tests.providers.conftest import HELLO, Notes, Open, Waits


def broken(at: float = 100.0) -> Breaker:
    breaker = Breaker()
    for _ in range(THRESHOLD):
        breaker.failed(at)
    return breaker


def test_it_opens_after_failures_in_a_row_and_any_answer_closes_it() -> None:
    breaker = Breaker()
    for _ in range(THRESHOLD - 1):
        breaker.failed(100.0)
    assert not breaker.down(100.0)
    breaker.failed(100.0)
    assert breaker.down(100.0)
    breaker.answered()
    assert not breaker.down(100.0)


def test_after_a_while_a_call_may_try_and_its_failure_opens_it_again() -> None:
    breaker = broken(at=100.0)
    assert breaker.down(100.0 + PROBE - 0.1)
    assert not breaker.down(100.0 + PROBE)
    breaker.failed(100.0 + PROBE)
    assert breaker.down(100.0 + PROBE)


def test_the_longest_wait_that_a_server_asked_for_holds() -> None:
    breaker = Breaker()
    assert breaker.rest(0.0) == 0.0
    breaker.asked_to_wait(30.0, 100.0)
    breaker.asked_to_wait(5.0, 110.0)
    assert breaker.rest(110.0) == 20.0
    assert breaker.rest(130.0) == 0.0


def test_however_long_a_server_wants_to_be_left_alone_it_is_asked_again_after_an_hour() -> None:
    breaker = Breaker()
    breaker.asked_to_wait(1e9, 100.0)
    assert breaker.rest(100.0) == 3600.0
    assert breaker.rest(3700.0) == 0.0


async def test_a_wait_asked_of_one_call_holds_for_the_next_ones(connect: Open, waits: Waits, notes: Notes) -> None:
    busy = Answer(status=429, body={"error": "slow down"}, headers={"Retry-After": "40"})
    async with FakeLLM([busy, "fine"]) as llm:
        provider = connect(llm, "openai")
        await provider.complete(HELLO)
        await provider.complete(HELLO, notes)
    first, second = waits.seconds
    assert 40.0 <= first <= 40.25
    assert 39.0 <= second <= 40.25
    assert "asked to wait" in notes.seen[0].note


async def test_a_long_wait_asked_of_one_call_parks_the_others_without_a_request(connect: Open) -> None:
    busy = Answer(status=429, body={"error": "later"}, headers={"Retry-After": "3600"})
    async with FakeLLM(busy) as llm:
        provider = connect(llm, "openai")
        for _ in range(3):
            with pytest.raises(RateLimited, match="asks to wait 3600 s") as caught:
                await provider.complete(HELLO)
            assert caught.value.retry_after == pytest.approx(3600, abs=5)
        assert len(llm.requests) == 1
