"""Small JSON answers, such as plans by schema and yes/no verdicts: the tolerant reader, without any notion of files."""

from __future__ import annotations

import re
from typing import Any

from agents.answers import strict_json
from agents.answers.rejection import Reason, Rejected
from agents.answers.thinking import without_thinking
from agents.answers.tolerant_json import tolerant_value_at

LONGEST_ANSWER = 1_000_000
"""Characters."""

_BRACKET = re.compile(r"[{\[]")
_ATTEMPTS = 200


def read_json(text: str, *, finish: str = "stop", keys: tuple[str, ...] = ()) -> Any:
    """The one JSON object or list in a reply, also among prose and in a fence.

    With `keys`, only an object that has all of them counts. Raises Rejected when there is none, when there are two that
    differ, or when the reply was cut.
    """
    if finish != "stop":
        raise Rejected(Reason.TRUNCATED, f"The answer was cut off (finish reason '{finish}'); answer more briefly.")
    if len(text) > LONGEST_ANSWER:
        raise Rejected(Reason.TOO_LARGE, f"Received {len(text)} characters of JSON; answer more briefly.")
    try:
        value = strict_json.loads(text.removeprefix("\ufeff"))
        found = [value] if isinstance(value, dict | list) and _has(value, keys) else []
    except ValueError:
        found = _values_in(without_thinking(text), keys)
    if not found:
        wanted = f" with the keys {', '.join(keys)}" if keys else ""
        raise Rejected(
            Reason.NO_JSON, f"Received no JSON that can be read. Answer with one JSON object{wanted} and nothing else."
        )
    if any(value != found[-1] for value in found):
        raise Rejected(Reason.AMBIGUOUS, "Received several JSON objects that differ. Answer with exactly one.")
    return found[-1]


def _values_in(text: str, keys: tuple[str, ...]) -> list[Any]:
    found: list[Any] = []
    at = attempts = 0
    while attempts < _ATTEMPTS and (match := _BRACKET.search(text, at)):
        attempts += 1
        value, at = _value_at(text, match.start())
        if value is not None and _has(value, keys):
            found.append(value)
    return found


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """The value at `start`, None when nothing can be read there, and where to look on."""
    for read in (strict_json.value_at, tolerant_value_at):
        try:
            return read(text, start)
        except ValueError:
            continue
    return None, start + 1


def _has(value: Any, keys: tuple[str, ...]) -> bool:
    if not keys:
        return bool(value)
    return isinstance(value, dict) and all(key in value for key in keys)
