"""What refusals mean and when they are tried again: tables, without a network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from providers.failures import Failure, Kind, classify, context_numbers, retry_after
from providers.ollama import Ollama
from providers.retries import JITTER, PATIENCE, RETRIES, TRIES, delay, used_up
from providers.sentences import sentence
from providers.settings import ProviderSettings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error":{"message":"x","code":"context_length_exceeded"}}', Kind.CONTEXT),
        (413, '{"error":"input length exceeds the context length"}', Kind.CONTEXT),
        (500, '{"error":"the request exceeds the available context size"}', Kind.CONTEXT),
        (
            400,
            '{"error":{"message":"request (9030 tokens) exceeds the available context size (8192 tokens)"}}',
            Kind.ROOM,
        ),
        (
            400,
            '{"error":{"message":"x","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":8192}}',
            Kind.ROOM,
        ),
        (400, '{"error":"\\"qwen\\" does not support thinking"}', Kind.PARAMETER),
        (422, '{"error":"Unrecognized request argument: `stream_options`"}', Kind.PARAMETER),
        (400, '{"error":{"message":"messages must be a list"}}', Kind.REJECTED),
        (400, '{"error":{"message":"x","code":"unsupported_parameter","param":"messages"}}', Kind.REJECTED),
        (401, '{"error":"Unauthorized"}', Kind.AUTH),
        (402, "", Kind.QUOTA),
        (403, '{"error":{"code":"insufficient_quota"}}', Kind.QUOTA),
        (404, '{"error":"model \\"x\\" not found, try pulling it first"}', Kind.NOT_FOUND),
        (404, "404 page not found", Kind.NO_PATH),
        (408, "", Kind.SERVER),
        (409, "", Kind.SERVER),
        (425, "", Kind.SERVER),
        (429, '{"error":{"type":"exceeded_current_quota_error"}}', Kind.QUOTA),
        (429, '{"error":{"code":"rate_limit_exceeded"}}', Kind.RATE),
        (500, '{"error":"model runner has unexpectedly stopped"}', Kind.CRASHED),
        (500, "[]", Kind.SERVER),
        (502, "<html>", Kind.SERVER),
        (503, '{"error":"server busy, please try again"}', Kind.BUSY),
        (529, "null", Kind.SERVER),
        (302, "", Kind.REJECTED),
    ],
)
def test_a_refusal_is_classified(status: int, body: str, kind: Kind) -> None:
    assert classify(status, {}, body).kind is kind


def test_a_server_that_forbids_retrying_is_obeyed() -> None:
    assert classify(500, {"x-should-retry": "false"}, "").kind is Kind.REJECTED


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("maximum context length is 4096 tokens. However, your prompt contains 5000 input tokens", (4096, 5000)),
        ("maximum context length is 4096 tokens. However, you requested 9 tokens (7 in the messages", (4096, 7)),
        ("request (9030 tokens) exceeds the available context size (8192 tokens), try increasing it", (8192, 9030)),
        ("maximum context length is 8192 tokens. However, you requested 9 (8000 of text input, 9 in", (8192, 8000)),
        ("the prompt is longer than the context length currently available", (None, None)),
    ],
)
def test_numbers_are_read_from_context_errors(text: str, numbers: tuple[Any, Any]) -> None:
    assert context_numbers(text) == numbers


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_row(kind: Kind) -> None:
    row = RETRIES[kind]
    assert row.tries >= 1
    assert row.base <= row.cap


@pytest.mark.parametrize("kind", Kind)
def test_waits_double_up_to_the_cap_and_jitter_by_a_quarter(kind: Kind) -> None:
    row = RETRIES[kind]
    for tries in range(1, 10):
        expected = min(row.cap, row.base * 2 ** (tries - 1))
        past = [Failure(kind, "x")] * tries
        assert delay(past, 0.0) == pytest.approx(expected * (1 - JITTER))
        assert delay(past, 1.0) == pytest.approx(expected * (1 + JITTER))


def test_a_wait_that_the_server_asked_for_is_never_shortened() -> None:
    past = [Failure(Kind.RATE, "x", retry_after=30.0)]
    assert 30.0 <= delay(past, 0.0) <= delay(past, 1.0) <= 30.25


def test_different_failures_share_one_limit() -> None:
    kinds = [Kind.SERVER, Kind.DROPPED, Kind.BUSY, Kind.TIMEOUT, Kind.RATE] * 2
    past = [Failure(kind, "x") for kind in kinds]
    assert len(past) == TRIES
    assert not used_up(past[:-1])
    assert used_up(past)


def test_a_wait_beyond_patience_ends_the_call() -> None:
    long = timedelta(seconds=PATIENCE + 1).total_seconds()
    assert used_up([Failure(Kind.RATE, "x", retry_after=long)])
    assert not used_up([Failure(Kind.RATE, "x", retry_after=PATIENCE)])


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://localhost:11434", "a: nothing answers at http://localhost:11434; start it with: ollama serve"),
        ("http://[::1]:11434", "a: nothing answers at http://[::1]:11434; start it with: ollama serve"),
        ("http://big:11434", "a: nothing answers at http://big:11434; start it on big with: ollama serve"),
    ],
)
def test_a_server_on_another_machine_is_to_be_started_there(url: str, told: str) -> None:
    settings = ProviderSettings(name="a", type="ollama")
    assert sentence(settings, Ollama(), url, "m", Failure(Kind.CONNECT, "refused")) == told


def test_a_servers_full_stop_does_not_stand_in_the_middle_of_a_sentence() -> None:
    settings = ProviderSettings(name="a", type="ollama")
    told = sentence(settings, Ollama(), "http://x", "m", Failure(Kind.DROPPED, "Server disconnected."))
    assert told.endswith("Server disconnected; look at the server's log")
