"""Sees from the stream alone that an answer has turned into noise; pure, so that a call can be ended within seconds.

Source code is full of harmless repetition: rules of `=====`, tables, rows of zeros, indentation, a file name of 255
letters in a test. So each limit lies well above what programs hold, and repetition counts only when nothing else comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

STEP = 250
"""Characters between two looks."""
BLANKS = 1000
"""White space in a row, in characters: the endless newlines of JSON mode."""
ONE = 1500
"""The same visible character in a row."""
FEW = 1000
"""Characters in a row made of two or three different ones; so has an empty box of 80 columns and ten rows."""
REPEATS = 2000
"""Characters in a row that are one block over and over."""
SAME_LINES = 12
"""The same line so often in a row, when it holds at least 10 letters: rows of numbers repeat in good code."""
ALIKE_LINES = 35
"""Assertions in a row that differ in their numbers only: nobody needs so many, and small models never stop."""
ALIKE_VALUES = 50
"""The same when their texts differ too: so long is no table of examples."""
WINDOW = 6000
"""Characters of the answer that are looked at: so many such assertions."""
PERIOD = 400
"""The longest such block, in characters."""
CHARACTERS_PER_TOKEN = 4.0
"""Of thinking, which is prose."""

_LETTERS = 10
_NUMBER = re.compile(r"-?\d+")
_LITERAL = re.compile(r"-?\d+|\"[^\"\n]*\"|'[^'\n]*'")
_THINK = "<think>"


@dataclass
class Guard:
    """Fed with the pieces of one answer; says what is wrong, or nothing."""

    reasoning_budget: int
    """Tokens of thinking that are allowed."""
    _text: str = field(default="", repr=False)
    _thought: str = field(default="", repr=False)
    _thought_length: int = 0
    _opening: str = ""
    """The first characters of the answer, until it is known whether it begins with a thinking block."""
    _aloud: bool = False
    """Inside a thinking block that the server left in the answer."""
    _unseen: int = 0

    def text(self, piece: str) -> str:
        """Why the answer is noise after `piece`; empty as long as it is not."""
        self._text = (self._text + piece)[-WINDOW:]
        if len(self._opening) < len(_THINK):
            self._opening = (self._opening + piece).lstrip()[: len(_THINK)]
            self._aloud = self._opening == _THINK
        if self._aloud:
            self._thought_length += len(piece)
            self._aloud = "</think>" not in self._text
        return self._over_budget() or self._look(self._text, len(piece))

    def reasoning(self, piece: str) -> str:
        """As `text`, for thinking that comes apart from the answer."""
        self._thought = (self._thought + piece)[-WINDOW:]
        self._thought_length += len(piece)
        return self._over_budget() or self._look(self._thought, len(piece))

    def _over_budget(self) -> str:
        over = self._thought_length > self.reasoning_budget * CHARACTERS_PER_TOKEN
        return f"thinking went over its budget of {self.reasoning_budget} tokens" if over else ""

    def _look(self, window: str, fresh: int) -> str:
        self._unseen += fresh
        if self._unseen < STEP:
            return ""
        self._unseen = 0
        return noise(window)


def noise(text: str) -> str:
    """Why the end of `text` is noise; empty when it is not."""
    if len(text) - len(text.rstrip()) >= BLANKS:
        return f"it ends in {BLANKS} characters of white space"
    if len(text) >= ONE and len(set(text[-ONE:])) == 1:
        return f"it ends in {ONE} times {text[-1]!r}"
    if len(text) >= FEW and 2 <= len(set(text[-FEW:])) <= 3:
        return f"its last {FEW} characters are made of only {sorted(set(text[-FEW:]))}"
    if _counts(text, ALIKE_LINES, _NUMBER) or _counts(text, ALIKE_VALUES, _LITERAL):
        return "its last lines are one assertion with other values, over and over"
    if _stutters(text):
        return f"it ends in the same line {SAME_LINES} times"
    period = _period(text[-REPEATS:]) if len(text) >= REPEATS else None
    return f"it repeats the same {period} characters over and over" if period else ""


def _stutters(text: str) -> bool:
    lines = text.rsplit("\n", SAME_LINES + 1)[1:-1]
    return len(lines) == SAME_LINES and len(set(lines)) == 1 and sum(map(str.isalpha, lines[0])) >= _LETTERS


def _counts(text: str, most: int, value: re.Pattern[str]) -> bool:
    lines = text.rsplit("\n", most + 1)[1:-1]
    if len(lines) < most or not lines[-1].lstrip().startswith("assert"):
        return False
    return len({value.sub("0", line) for line in lines}) == 1


def _period(tail: str) -> int | None:
    """The length of the block that `tail` consists of; None when it is no repetition."""
    size = tail.find(tail[:-PERIOD], 1)
    return size if size > 0 and tail.startswith(tail[size:]) else None
