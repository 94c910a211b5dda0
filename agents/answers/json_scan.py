"""Finding the JSON values of an answer among prose and fences, from left to right, each read once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.answers.rejection import Reason, Rejected
from agents.answers.shapes import Pairs, files_in
from agents.answers.strict_json import has_torn_string, value_at
from agents.answers.tolerant_json import Unreadable, tolerant_value_at


@dataclass(frozen=True)
class Found:
    """A JSON value with files in it."""

    value: Any
    pairs: Pairs
    before: str
    """The text between it and the value before it."""


Reader = Callable[[str, int], tuple[Any, int]]

_LIST_ENDS = re.compile(r"\s*,?\s*\]\s*\}")
_COST_OF_A_VALUE = 50
_BRACKET = re.compile(r"[{\[]")
_KEYS = (
    "files|file|path|file_path|filepath|filename|file_name|name|project|response|result|output|data|arguments|tool_calls|"
    "content|explanation|confidence|function"
)
_KEY = rf"(?=[\"'“a-z])[\"'“]?(?:{_KEYS})[\"'”]?\s*[:\uff1a]"
_ANSWER = re.compile(rf"[\[{{(](?=\s*[{{\[\"'“a-z])\s*(?:[{{\[]\s*)?{_KEY}", re.IGNORECASE)
_COMMENTED_ANSWER = re.compile(rf"\{{\s*(?:(?://|#)[^\n]*\n\s*)+{_KEY}", re.IGNORECASE)


def answer_start(text: str) -> int | None:
    """Where the first value begins that looks like a JSON answer about files, None when there is none."""
    starts = [match.start() for match in (_ANSWER.search(text), _COMMENTED_ANSWER.search(text)) if match]
    return min(starts, default=None)


def scan(text: str) -> list[Found]:
    """Every value with files in it. Raises Unreadable when a value looks like the answer but cannot be read.

    Strict JSON (with raw line ends) first; if that fails, the tolerant reader over the whole text.
    """
    try:
        if found := _scan(text, value_at):
            return found
    except Unreadable:
        pass
    return _scan(text, tolerant_value_at)


def _scan(text: str, read: Reader) -> list[Found]:
    found: list[Found] = []
    effort = 500_000 + len(text) // 10
    at = last = 0
    while match := _BRACKET.search(text, at):
        start = match.start()
        try:
            value, at = read(text, start)
        except ValueError as error:
            if _looks_like_answer(text, start):
                raise Unreadable(str(error), open_ended=_is_open_ended(error)) from error
            at = start + 1
            effort -= _cost(error, start, len(text))
            if effort < 0:
                raise _noise() from error
        else:
            effort -= _COST_OF_A_VALUE
            if pairs := files_in(value):
                _check_whole(text, start, at, value)
                found.append(Found(value, pairs, text[last:start]))
                last = at
            elif effort < 0:
                raise _noise()
    return found


def _check_whole(text: str, start: int, end: int, value: Any) -> None:
    if has_torn_string(text[start:end]):
        raise Unreadable("raw line ends and \\n in one string; escape all line ends, and the backslashes of the code")
    if "files" not in value and _LIST_ENDS.match(text, end):
        raise Rejected(Reason.TRUNCATED, "Received the end of a list whose beginning is missing; send all files again.")


def _noise() -> Rejected:
    return Rejected(Reason.MALFORMED, "Received a long run of brackets that is no answer.")


def _looks_like_answer(text: str, start: int) -> bool:
    """Such a value is not searched for smaller ones: that would "recover" one file of three from a cut reply."""
    return bool(_ANSWER.match(text, start) or _COMMENTED_ANSWER.match(text, start))


def _is_open_ended(error: ValueError) -> bool:
    if isinstance(error, Unreadable):
        return error.open_ended
    return "Unterminated" in str(error)


def _cost(error: ValueError, start: int, length: int) -> int:
    """About how many characters the failed attempt read; it bounds the work on hostile text."""
    if "Unterminated" in str(error):
        return (length - start) // 10
    return 1000 + max(0, getattr(error, "pos", start) - start)
