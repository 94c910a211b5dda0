"""Assertions of node:assert that compare one call with a literal and stand on a line of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agents.literals import LONGEST, is_literal_call, literal

_CALL = re.compile(r"assert\.(?P<how>equal|strictEqual|deepEqual|deepStrictEqual)\(")
_NAMED = re.compile(r"[A-Za-z_]\w*\(")
_DEEP = {"equal": "deepEqual", "strictEqual": "deepStrictEqual"}
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_HOME = "a.js"


@dataclass(frozen=True)
class Comparison:
    """`assert.HOW(CALL, WANTED);`"""

    how: str
    call: str
    wanted: str
    """A literal."""

    def expecting(self, value: str) -> str:
        """The assertion with another literal; values in brackets are only ever equal by what they hold."""
        how = _DEEP.get(self.how, self.how) if value.startswith(("[", "{")) else self.how
        return f"assert.{how}({self.call}, {value});"


def comparison(line: str) -> Comparison | None:
    """None for a line that holds anything else; a message is no part of it."""
    text = line.strip()
    begins = _CALL.match(text)
    if not begins or len(text) > 2 * LONGEST:
        return None
    given, end = arguments(text, begins.end())
    if len(given) != 2 or text[end:] not in (")", ");"):
        return None
    call, wanted = given
    name = call.partition("(")[0]
    if (
        not re.fullmatch(r"[A-Za-z_$][\w$]*", name)
        or not is_literal_call(call, _HOME)
        or literal(wanted, _HOME) != wanted
    ):
        return None
    return Comparison(begins["how"], call, wanted)


def arguments(text: str, start: int) -> tuple[list[str], int]:
    """What stands between the commas from `start` on, and where the bracket is that ends it; empty when none does."""
    found, opened, quote, begin = list[str](), list[str](), "", start
    for at in range(start, len(text)):
        letter = text[at]
        if quote:
            quote = "" if letter == quote and text[at - 1] != "\\" else quote
        elif letter in "\"'`":
            quote = letter
        elif letter in _PAIRS:
            opened.append(_PAIRS[letter])
        elif opened and letter == opened[-1]:
            opened.pop()
        elif letter in ")]}":
            found.append(text[begin:at].strip())
            return (found, at) if letter == ")" and not opened else ([], at)
        elif letter == "," and not opened:
            found.append(text[begin:at].strip())
            begin = at + 1
    return [], len(text)
