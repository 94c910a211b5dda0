"""JSON as the standard library reads it, except that a key given twice with two values is refused."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from agents.answers.rejection import Reason, Rejected


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """`object_pairs_hook`: json.loads would keep the last of two values without a word."""
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members and members[key] != value:
            raise Rejected(
                Reason.AMBIGUOUS,
                f"The key {key[:60]!r} is given twice in one JSON object with two values; give each key once.",
            )
        members[key] = value
    return members


class Inexact(float):
    """A number that would not be written again as the reply gave it: 1e3, NaN, more digits than a float holds."""


def number(text: str) -> float:
    value = float(text)
    exact = "e" not in text.lower() and "e" not in repr(value) and Decimal(text) == Decimal(repr(value))
    return value if exact else Inexact(text)


def loads(text: str, *, raw_newlines: bool = False) -> Any:
    """The value of the whole text. Raises ValueError for anything that is no JSON, also when nested too deeply."""
    try:
        value = (_DECODER if raw_newlines else _STRICT_DECODER).decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if raw_newlines:
        _refuse_torn_strings(text)
    return value


def inner_json(text: str) -> Any:
    """The object or list that a JSON string holds, as in the arguments of a tool call; None when it holds none."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return loads(text, raw_newlines=True)
    except ValueError:
        return None


_STRING = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_STRICT_DECODER, _DECODER = (
    json.JSONDecoder(strict=strict, object_pairs_hook=unique_keys, parse_float=number, parse_constant=Inexact)
    for strict in (True, False)
)


def value_at(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at `start`, and where it ends. Raw line ends inside strings are taken as they are."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError as error:
        raise json.JSONDecodeError("nested too deeply", text, start) from error
    _refuse_torn_strings(text[start:end])
    return value, end


def is_torn(body: str) -> bool:
    """Whether a string has raw line ends and, beside them, \\n: a line end, or meant for the code in the string?

    The same with all escapes but those of quotes and backslashes: who leaves line ends raw has not escaped the code.
    """
    return "\n" in body.strip("\n") and any(escape not in '"\\' for escape in _ESCAPE.findall(body))


def _refuse_torn_strings(text: str) -> None:
    if "\n" in text and any(is_torn(string[1]) for string in _STRING.finditer(text)):
        raise ValueError("raw line ends and escapes in one string")
