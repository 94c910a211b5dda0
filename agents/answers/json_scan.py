"""Finding the JSON values of an answer among prose and fences, from left to right, each read once.

Where something that begins like JSON cannot be read, the reading ends: what stands inside it or behind it may be one of
three files. Only a remark without a file in it, such as `{"name": str}`, is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agents.answers.file_entry import WANTED
from agents.answers.leftovers import IS, QUOTE, holds_file, names_a_file
from agents.answers.rejection import Reason, Rejected
from agents.answers.shapes import Pairs, files_in
from agents.answers.strict_json import value_at
from agents.answers.tolerant_json import Unreadable, tolerant_value_at


@dataclass(frozen=True)
class Found:
    """A JSON value with files in it."""

    value: Any
    pairs: Pairs
    before: str
    """The text between it and the value before it."""
    span: tuple[int, int]
    """Where it begins and ends in the text."""


_LIST_ENDS = re.compile(r"\s*,?\s*\]\s*\}")
_COST_OF_A_VALUE = 50
_BRACKET = re.compile(r"[{\[]")
_BEGINS = re.compile(
    rf"[{{\[](?:\s|(?://|#)[^\n]*+\n)*+(?:[{{\[]\s*+)?"
    rf"(?:{QUOTE}[^\"'\u201c-\u201f\n\\]*+(?:{QUOTE}{IS}|{QUOTE}?\s*\Z)|[A-Za-z_$][\w$]*+{IS}[\"'`\u201c\[{{]|\Z)"
)
_PIECE = re.compile(r'"(?:[^"\\\n]|\\.)*+"|[\[{]|(?P<closing>[\]}])')
_OPEN_END = re.compile(
    r"(?:<[\w|=/]*+|<tool_call>\s*+|^[ \t]*+`{3,}\w[^\n]*+(?:\n(?!\s*+```)[^\n]*+)*+)\Z", re.MULTILINE
)


def answer_start(text: str, before: int | None = None) -> int | None:
    """Where the first JSON begins that holds files, or would if it could be read; None when there is none.

    `before` is where another format begins: a bracket behind it is a part of some file.
    """
    for start, _ in _answers(text, len(text) if before is None else before):
        return start
    return None


def scan(text: str) -> list[Found]:
    """Every value with files in it. Raises Unreadable when one of them cannot be read, or is only begun."""
    found: list[Found] = []
    for _, answer in _answers(text, len(text)):
        if not isinstance(answer, Found):
            raise answer
        found.append(answer)
    return found


def _answers(text: str, before: int) -> Iterator[tuple[int, Found | ValueError | Rejected]]:
    """Where each value with files begins, and the value, or why it is not read: then it is the last."""
    effort = 500_000 + len(text) // 10
    at = last = 0
    while (match := _BRACKET.search(text, at)) and match.start() < before:
        start = match.start()
        try:
            value, at = _value_at(text, start)
            pairs = _files_in(value, text, at)
        except (ValueError, Rejected) as error:
            end = _remark_end(text, start, error)
            if end is None:
                yield start, error
                return
            at = end
            effort -= _cost(error, start)
        else:
            effort -= _COST_OF_A_VALUE
            if pairs:
                yield start, Found(value, pairs, text[last:start], (start, at))
                last = at
        if effort < 0:
            yield start, Rejected(Reason.MALFORMED, "Received a long run of brackets that is no answer.")
            return
    if last and _OPEN_END.search(text, last):
        yield last, Unreadable("another value begins at the end", open_ended=True)


def _value_at(text: str, start: int) -> tuple[Any, int]:
    """The value as strict JSON (with raw line ends), or else as nearly JSON."""
    try:
        return value_at(text, start)
    except ValueError:
        return tolerant_value_at(text, start)


def _files_in(value: Any, text: str, end: int) -> Pairs | None:
    pairs = files_in(value)
    if pairs and "files" not in value and _LIST_ENDS.match(text, end):
        raise Rejected(Reason.TRUNCATED, "Received the end of a list whose beginning is missing; send all files again.")
    if not pairs and holds_file(value):
        raise Rejected(Reason.SCHEMA, f"Received files in a shape that is not read. {WANTED}")
    return pairs


def _remark_end(text: str, start: int, error: ValueError | Rejected) -> int | None:
    """Where to look on behind a bracket that is not read, None when it was meant as JSON about files, or is cut."""
    if not _BEGINS.match(text, start):
        return None if isinstance(error, Rejected) else start + 1
    end = _closing(text, start)
    if end is None or (isinstance(error, Rejected) and error.reason != Reason.SCHEMA):
        return None
    return None if names_a_file(text, start, end) else end


def _closing(text: str, start: int) -> int | None:
    """Behind the bracket that closes the one at `start`; strings of one line are passed over."""
    depth = 0
    for piece in _PIECE.finditer(text, start):
        if piece["closing"]:
            depth -= 1
        elif piece.group() in "[{":
            depth += 1
        if depth == 0:
            return piece.end()
    return None


def _cost(error: Exception, start: int) -> int:
    """About how many characters the failed attempt read; it bounds the work on hostile text."""
    return 1000 + max(0, getattr(error, "pos", start) - start)
