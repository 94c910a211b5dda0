"""What a server's refusal means: pure, from status, headers and body to a `Failure`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What went wrong with one request; the table in `retries` says what follows from it."""

    CONNECT = "no connection"
    TIMEOUT = "timeout"
    DROPPED = "connection dropped"
    TRUNCATED = "no finish reason"
    SERVER = "server error"
    BUSY = "server busy"
    CRASHED = "model crashed"
    RATE = "too many requests"
    BAD_BODY = "unreadable answer"
    PAGE = "a page instead of an answer"
    PARAMETER = "unsupported parameter"
    QUOTA = "quota used up"
    AUTH = "not authorised"
    NOT_FOUND = "model not found"
    NO_PATH = "no such address"
    CONTEXT = "context too small"
    ROOM = "context too small, by a number that the server told"
    DEGENERATE = "noise"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Failure:
    """One request that came to nothing."""

    kind: Kind
    text: str
    """What the server or the network said, in its own words."""
    status: int | None = None
    body: str = ""
    retry_after: float | None = None
    """Seconds the server asked us to wait."""
    parameter: str | None = None
    """With PARAMETER: the key of the body to leave out."""


class Failed(Exception):
    """Carries a Failure from the stream to the retry loop; never leaves the package."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


OPTIONAL = (
    "max_completion_tokens",
    "max_tokens",
    "temperature",
    "top_p",
    "response_format",
    "stream_options",
    "seed",
    "stop",
    "reasoning_effort",
    "chat_template_kwargs",
    "think",
    "format",
)
"""Parameters that can be renamed or left out when a server does not know them."""

LONGEST_WAIT = 86_400.0
"""Seconds; a server that asks for more, or whose clock is years ahead, means a day at most."""
_QUOTA = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "exceeded_current_quota_error",
}
_CONTEXT = (
    "context_length_exceeded",
    "exceed_context_size",
    "maximum context length",
    "reduce the length of the",
    "exceeds the available context size",
    "context length currently available",
    "longer than the context length",
    "longer than the model's context length",
    "input length exceeds the context length",
    "prompt is too long",
    "input is too long",
    "input tokens exceed",
    "input token count",
    "maximum prompt length",
    "loaded with context length",
    "`inputs` tokens",
    "max_seq_len",
    "reduce your message size",
)
_UNSUPPORTED = {"unsupported_parameter", "unsupported_value", "unknown_parameter"}
_REFUSES = re.compile(r"(?i)unsupported|not support|unknown|unrecogni[sz]ed|unexpected|extra|not permitted|must be")
_LIMIT = re.compile(r"(?:context (?:length|size|window)[^0-9]{0,40}|n_ctx\D{1,5})(\d{3,})")
_PROMPT = re.compile(
    r"(?:prompt contains|n_prompt_tokens\D{1,5}|request \(|at least)\s*(\d+)"
    r"|(\d+) (?:in the messages|(?:of text )?input)"
)


def classify(status: int, headers: Mapping[str, str], body: str, now: datetime | None = None) -> Failure:
    """What an answer other than a 200 with a stream means."""
    text, code, kind_, param = _error(body)
    wait = retry_after(headers, now or datetime.now(UTC))
    kind = _kind(status, f"{code} {kind_} {text}".lower(), {code, kind_})
    parameter = _parameter(text, code, param) if status in (400, 422) and kind is Kind.REJECTED else None
    if parameter:
        kind = Kind.PARAMETER
    if kind is Kind.CONTEXT and all(context_numbers(body)):
        kind = Kind.ROOM
    if headers.get("x-should-retry") == "false" and kind in (Kind.SERVER, Kind.BUSY, Kind.RATE):
        kind = Kind.REJECTED
    return Failure(kind, text or f"HTTP {status}", status, body, wait, parameter)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from `retry-after-ms` or `Retry-After` (seconds or an HTTP date); None when absent or nonsense."""
    for header, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(header)
        if value is None:
            continue
        try:
            seconds = float(value) / unit
        except ValueError:
            return _until(value, now)
        return min(seconds, LONGEST_WAIT) if math.isfinite(seconds) and seconds >= 0 else None
    return None


def context_numbers(text: str) -> tuple[int | None, int | None]:
    """The context window and the tokens of prompt that an error names, as far as it does."""
    limit, prompt = _LIMIT.search(text), _PROMPT.search(text)
    found = next((group for group in prompt.groups() if group), None) if prompt else None
    return int(limit[1]) if limit else None, int(found) if found else None


def _until(date: str, now: datetime) -> float | None:
    try:
        return min(max(0.0, (parsedate_to_datetime(date) - now).total_seconds()), LONGEST_WAIT)
    except (ValueError, TypeError):
        return None


def _kind(status: int, text: str, codes: set[str]) -> Kind:
    if status == 402 or codes & _QUOTA:
        return Kind.QUOTA
    if any(phrase in text for phrase in _CONTEXT):
        return Kind.CONTEXT
    if "runner" in text and "unexpectedly stopped" in text:
        return Kind.CRASHED
    match status:
        case 401 | 403:
            return Kind.AUTH
        case 404:
            return Kind.NOT_FOUND if "model" in text else Kind.NO_PATH
        case 429:
            return Kind.RATE
        case 503:
            return Kind.BUSY
        case 408 | 409 | 425:
            return Kind.SERVER
    return Kind.SERVER if status >= 500 else Kind.REJECTED


def _error(body: str) -> tuple[str, str, str, str]:
    """Message, code, type and parameter, from all the shapes that servers use."""
    try:
        value: Any = json.loads(body)
    except ValueError:
        return _first_words(body), "", "", ""
    error = value.get("error", value) if isinstance(value, dict) else value
    if not isinstance(error, dict):
        return str(error), "", "", ""
    text = error.get("message") or error.get("detail") or error
    return (
        text if isinstance(text, str) else json.dumps(text),
        str(error.get("code") or ""),
        str(error.get("type") or ""),
        str(error.get("param") or ""),
    )


def _first_words(body: str) -> str:
    """A gateway's HTML page, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", body[:4000]).split())[:200]


def _parameter(text: str, code: str, param: str) -> str | None:
    if code in _UNSUPPORTED and param:
        return param.split(".")[0] if param.split(".")[0] in OPTIONAL else None
    if not _REFUSES.search(text):
        return None
    if "does not support thinking" in text:
        return "think"
    return next((name for name in OPTIONAL if re.search(rf"['\"`.]{name}\b", text)), None)
