"""One answer for a call, over real HTTP on loopback, whatever the server does meanwhile."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from providers import (
    Activity,
    FinishReason,
    Message,
    RateLimited,
    ReplyDegenerate,
    Request,
    Sampling,
)
from tests.fakes.llm import Answer, FakeLLM
from tests.providers.conftest import HELLO, Notes, Open, Waits

LONG = "All work and no play makes for a long answer, number by number. " * 5


async def test_an_answer_arrives_whole_with_usage_and_finish_reason(connect: Open, each_type: str) -> None:
    async with FakeLLM(Answer(LONG, usage=(120, 80), piece=7)) as llm:
        done = await connect(llm, each_type).complete(HELLO)
    assert (done.text, done.finish) == (LONG, FinishReason.STOP)
    assert (done.usage.input_tokens, done.usage.output_tokens, done.usage.estimated) == (120, 80, False)
    assert (done.provider, done.model, done.cost) == ("local", "fake", 0.0)


async def test_separators_that_are_no_newlines_stay_inside_the_text(connect: Open, each_type: str) -> None:
    text = "a\u2028b\u0085c\x0bd\u2029e \r\n ü 👋 \x1c"
    async with FakeLLM(Answer(text, piece=1)) as llm:
        assert (await connect(llm, each_type).complete(HELLO)).text == text


async def test_one_connection_serves_all_calls(connect: Open, each_type: str) -> None:
    async with FakeLLM(LONG) as llm:
        provider = connect(llm, each_type)
        for _ in range(5):
            await provider.complete(HELLO)
        assert llm.connections == 1


async def test_an_answer_that_has_come_is_not_kept_waiting_by_a_look_at_the_server(
    connect: Open, each_type: str
) -> None:
    def hang_afterwards(_: object) -> str:
        llm.health_delay = 30.0
        return "done"

    async with FakeLLM(hang_afterwards) as llm:
        provider = connect(llm, each_type, connect_timeout=10.0)
        began = time.monotonic()
        assert (await provider.complete(HELLO)).text == "done"
        assert time.monotonic() - began < 20, "it waited for the health check"


async def test_an_answer_cut_by_the_limit_says_so(connect: Open, each_type: str) -> None:
    async with FakeLLM(Answer("half of", finish="length")) as llm:
        assert (await connect(llm, each_type).complete(HELLO)).finish is FinishReason.LENGTH


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
async def test_thinking_is_kept_apart_from_the_answer(connect: Open, each_type: str, key: str, notes: Notes) -> None:
    async with FakeLLM(Answer("42", reasoning="Let me think.", reasoning_key=key)) as llm:
        done = await connect(llm, each_type).complete(HELLO, notes)
    assert (done.text, done.reasoning) == ("42", "Let me think.")
    assert [p.activity for p in notes.seen] == [Activity.READING, Activity.THINKING, Activity.WRITING]


async def test_missing_usage_is_estimated_and_marked(connect: Open, each_type: str) -> None:
    async with FakeLLM(Answer(LONG, usage=None)) as llm:
        usage = (await connect(llm, each_type).complete(HELLO)).usage
    assert usage.estimated
    assert usage.input_tokens
    assert usage.output_tokens
    assert usage.output_tokens >= len(LONG) // 4


TRANSIENT: dict[str, tuple[Answer, str]] = {
    "500": (Answer(status=500, body={"error": {"message": "engine died"}}), "engine died"),
    "502 with a page": (Answer(status=502, body="<html><h1>Bad gateway</h1></html>"), "Bad gateway"),
    "503": (Answer(status=503, body={"error": "server busy"}), "server busy"),
    "429": (Answer(status=429, body={"error": {"message": "slow down"}}), "slow down"),
    "408": (Answer(status=408, body=""), "HTTP 408"),
    "reset": (Answer(LONG, cut_after=60), ""),
    "closed": (Answer(LONG, cut_after=60, cut="fin"), ""),
    "no finish reason": (Answer(LONG, finish=None), "without a finish reason"),
    "no end at all": (Answer(LONG, finish=None, done=False), "without a finish reason"),
    "error in the stream": (Answer(LONG, error_after=60, error="out of luck"), "out of luck"),
    "error object in the stream": (Answer(LONG, error_after=60, error={"message": "no luck", "code": 500}), "no luck"),
    "a page": (Answer(body="<!doctype html><p>Please log in"), "unreadable line"),
    "garbage": (Answer(LONG, garbage='{"choi'), "unreadable line"),
    "another shape": (Answer(body={"hello": "world"}), "unreadable line"),
    "error with 200": (Answer(body={"error": {"message": "upstream gone"}}), "upstream gone"),
    "nothing": (Answer(""), "blank"),
    "white space": (Answer(" \n "), "blank"),
    "silence": (Answer(LONG, stall_after=40), "no token for 1 s"),
    "no first token": (Answer(LONG, stall_after=0), "no first token within 1 s"),
}


@pytest.mark.parametrize(("fault", "said"), TRANSIENT.values(), ids=TRANSIENT)
async def test_what_may_pass_is_tried_again(
    connect: Open, each_type: str, fault: Answer, said: str, notes: Notes, waits: Waits
) -> None:
    async with FakeLLM([fault, "fine"]) as llm:
        clocks = {"silence_timeout": 1.0, "first_token_timeout": 1.0} if fault.stall_after is not None else {}
        provider = connect(llm, each_type, **clocks)
        assert (await provider.complete(HELLO, notes)).text == "fine"
        assert len(llm.requests) == 2
    [attempt] = notes.attempts
    assert attempt.outcome == "failed"
    assert said in attempt.error
    assert Activity.RETRYING in [p.activity for p in notes.seen]
    assert len(waits.seconds) == 1


async def test_answers_and_tries_tell_how_they_were_sampled(connect: Open, each_type: str, notes: Notes) -> None:
    async with FakeLLM([Answer(LONG, cut_after=60, pause=0.002), "fine"]) as llm:
        provider = connect(llm, each_type, seed=7, temperature=0.3)
        done = await provider.complete(Request(HELLO.messages, max_output_tokens=90), notes)
    assert done.sampling == Sampling(temperature=0.3, seed=8, thinking=False, max_output_tokens=90)
    assert [attempt.sampling for attempt in notes.attempts] == [replace(done.sampling, seed=7)]


async def test_a_seed_that_the_server_refuses_is_not_said_to_have_been_used(connect: Open) -> None:
    async with FakeLLM([Answer(status=400, body={"error": {"message": "Unknown field `seed`"}}), "fine"]) as llm:
        done = await connect(llm, "openai", seed=7).complete(HELLO)
    assert done.sampling
    assert done.sampling.seed is None


async def test_what_was_streamed_before_a_drop_is_kept_and_counted(connect: Open, each_type: str, notes: Notes) -> None:
    async with FakeLLM([Answer(LONG, cut_after=60, pause=0.002), "fine"]) as llm:
        await connect(llm, each_type).complete(HELLO, notes)
    [attempt] = notes.attempts
    assert LONG.startswith(attempt.partial)
    assert attempt.partial
    assert attempt.usage.estimated
    assert attempt.usage.output_tokens


async def test_a_drop_after_the_finish_reason_costs_nothing(connect: Open, notes: Notes) -> None:
    """`[DONE]` and usage may be lost; the answer was whole."""
    async with FakeLLM(Answer(LONG, done=False, usage=None)) as llm:
        done = await connect(llm, "openai").complete(HELLO, notes)
    assert (done.text, done.usage.estimated, notes.attempts) == (LONG, True, [])


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7.0, 7.25),
        ({"Retry-After": "0.5"}, 0.5, 0.75),
        ({"retry-after-ms": "1500", "Retry-After": "60"}, 1.5, 1.75),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 3.75, 6.25),
        ({"Retry-After": "soon"}, 3.75, 6.25),
        ({}, 3.75, 6.25),
    ],
)
async def test_a_server_that_asks_to_wait_is_obeyed(
    connect: Open, headers: dict[str, str], least: float, most: float, waits: Waits
) -> None:
    busy = Answer(status=429, body={"error": {"message": "slow down"}}, headers=headers)
    async with FakeLLM([busy, "fine"]) as llm:
        await connect(llm, "openai").complete(HELLO)
    assert least <= waits.seconds[0] <= most


async def test_a_wait_of_more_than_ten_minutes_parks_the_project(connect: Open, waits: Waits) -> None:
    busy = Answer(status=429, body={"error": "later"}, headers={"Retry-After": "3600"})
    async with FakeLLM(busy) as llm:
        with pytest.raises(RateLimited, match="asks to wait 3600 s") as caught:
            await connect(llm, "openai").complete(HELLO)
        assert len(llm.requests) == 1
    assert caught.value.retry_after == 3600
    assert waits.seconds == []


async def test_the_second_try_after_a_timeout_gets_twice_the_time(connect: Open) -> None:
    async with FakeLLM(Answer("slow", delay=1.5)) as llm:
        assert (await connect(llm, "openai", first_token_timeout=1.0).complete(HELLO)).text == "slow"
        assert len(llm.requests) == 2


async def test_keep_alive_comments_do_not_count_as_tokens(connect: Open) -> None:
    comments = Answer("never", garbage=": PROCESSING", stall_after=0)
    async with FakeLLM([comments, "fine"]) as llm:
        assert (await connect(llm, "openai", first_token_timeout=1.0).complete(HELLO)).text == "fine"


async def test_a_slow_answer_is_not_cut_as_long_as_tokens_come(connect: Open, each_type: str) -> None:
    async with FakeLLM(Answer("x" * 100, piece=5, pause=0.07)) as llm:
        done = await connect(llm, each_type, silence_timeout=1.0, first_token_timeout=1.0).complete(HELLO)
    assert done.seconds > 1.0


async def test_noise_is_ended_while_it_streams(connect: Open, each_type: str, notes: Notes) -> None:
    async with FakeLLM(Answer("\n" * 100_000, piece=50, pause=0.001)) as llm:
        with pytest.raises(ReplyDegenerate, match="white space"):
            await connect(llm, each_type).complete(HELLO, notes)
        assert len(llm.requests) == 1
    assert notes.attempts[0].usage.output_tokens < 1000  # type: ignore[operator]


async def test_an_answer_spent_on_thinking_is_no_answer(connect: Open, each_type: str) -> None:
    async with FakeLLM(Answer("", reasoning="Hmm. ", finish="length")) as llm:
        with pytest.raises(ReplyDegenerate, match="spent the whole answer on thinking"):
            await connect(llm, each_type).complete(HELLO)


async def test_thinking_over_its_budget_is_ended(connect: Open, each_type: str) -> None:
    thought = " ".join(str(n) for n in range(4000))
    async with FakeLLM(Answer("42", reasoning=thought), capabilities=["completion", "thinking"]) as llm:
        with pytest.raises(ReplyDegenerate, match="budget of 1000 tokens"):
            await connect(llm, each_type, thinking=1000).complete(HELLO)


async def test_an_enormous_answer_is_refused(connect: Open, each_type: str) -> None:
    async with FakeLLM(Answer(body="x" * (17 << 20))) as llm:
        with pytest.raises(ReplyDegenerate, match="larger than"):
            await connect(llm, each_type).complete(HELLO)


async def test_cancelling_hangs_up_at_once_and_counts_what_came(connect: Open, each_type: str, notes: Notes) -> None:
    async with FakeLLM(Answer(LONG, stall_after=60)) as llm:
        call = asyncio.create_task(connect(llm, each_type).complete(HELLO, notes))
        await _until(lambda: Activity.WRITING in [p.activity for p in notes.seen])
        began = time.monotonic()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert time.monotonic() - began < 30
        await _until(lambda: llm.hung_up == 1)
    [attempt] = notes.attempts
    assert (attempt.outcome, attempt.usage.estimated) == ("aborted", True)
    assert LONG.startswith(attempt.partial)


async def test_calls_take_turns_in_the_order_they_came(connect: Open, notes: Notes) -> None:
    async with FakeLLM(Answer("ok", delay=0.02)) as llm:
        provider = connect(llm, "ollama", max_concurrency=1)
        requests = [Request((Message("user", f"call {n}"),)) for n in range(4)]
        await asyncio.gather(*(provider.complete(request, notes) for request in requests))
        assert [asked.text for asked in llm.requests] == [f"call {n}" for n in range(4)]
    assert [p.ahead for p in notes.seen if p.activity is Activity.QUEUED] == [0, 1, 2, 0, 1, 0]


async def test_progress_is_told_a_few_times_a_second_with_speed(connect: Open, notes: Notes) -> None:
    async with FakeLLM(Answer("word " * 200, piece=5, pause=0.004)) as llm:
        done = await connect(llm, "openai").complete(HELLO, notes)
    assert len(notes.seen) <= 3 + done.seconds * 4
    assert notes.seen[-1].tokens_per_second
    assert notes.seen[-1].output_tokens > 0


async def test_a_seed_changes_when_a_truncated_answer_is_tried_again(connect: Open) -> None:
    async with FakeLLM([Answer(LONG, finish=None), "fine"]) as llm:
        await connect(llm, "ollama", seed=5).complete(HELLO)
        assert [asked.body["options"]["seed"] for asked in llm.requests] == [5, 6]


async def _until(true: Any) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.005)
