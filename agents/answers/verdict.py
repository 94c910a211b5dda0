"""Small JSON answers, such as plans by schema and yes/no verdicts: the tolerant reader, without any notion of files."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from agents.answers import strict_json
from agents.answers.rejection import Reason, Rejected
from agents.answers.thinking import without_thinking
from agents.answers.tolerant_json import tolerant_value_at

LONGEST_ANSWER = 1_000_000
"""Characters."""

_BRACKET = re.compile(r"[{\[]")
_OBJECT = re.compile(r"\[?\s*\{\s*[\"'\u201c-\u201f]?\w+[\"'\u201c-\u201f]?\s*[:\uff1a]")
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
        if _is_inner(text, match.start(), at):
            return []
        if value is not None and _has(value, keys):
            found.append(value)
    return [value for value in found if _has_members(value)] or found


def _is_inner(text: str, start: int, end: int) -> bool:
    """Brackets close behind the value that nothing before it opened: the beginning of the answer is missing."""
    before = text[max(0, start - 200) : start].rstrip()
    after = text[end : end + 100].lstrip(" \t\r\n,")
    inside = '"' in before and before.endswith((":", ",", '"'))
    return after.startswith("]") or (inside and after.startswith("}"))


def _has_members(value: Any) -> bool:
    """It is no mere list such as the [1] of a remark."""
    return isinstance(value, dict) or any(isinstance(item, dict) for item in value)


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """The value at `start`, None when nothing can be read there, and where to look on.

    An object that cannot be read ends the search: what can be read inside it is a part of the answer, not the answer.
    """
    for read in (strict_json.value_at, partial(tolerant_value_at, closes=False)):
        try:
            return read(text, start)
        except ValueError:
            continue
    return None, len(text) if _OBJECT.match(text, start) else start + 1


def _has(value: Any, keys: tuple[str, ...]) -> bool:
    if not keys:
        return bool(value)
    return isinstance(value, dict) and all(key in value for key in keys)
