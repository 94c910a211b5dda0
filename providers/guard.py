"""Sees from the stream alone that an answer has turned into noise; pure, so that a call can be ended within seconds.

Source code is full of harmless repetition: rules of `=====`, tables, arrays of zeros, indentation. So every limit lies
far above what people write, and a repeated block counts only when nothing else comes for thousands of characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

WINDOW = 8000
"""Characters looked at."""
STEP = 500
"""Characters between two looks."""
BLANKS = 1000
"""White space in a row, in characters: JSON mode's endless newlines."""
FEW = 300
"""Characters in a row that may be made of at most `DISTINCT` different ones, beyond the runs that people write."""
DISTINCT = 3
RULE = 1500
"""A run of one single visible character may be this long: a rule, a banner, padding in a test."""
PERIOD = 400
"""The longest block whose repetition is looked for, in characters."""
REPEATS = 3000
"""Characters that consist of one block over and over."""


@dataclass
class Guard:
    """Fed with the pieces of one answer; says what is wrong, or nothing."""

    reasoning_budget: int
    """Characters of thinking that are allowed."""
    _text: str = field(default="", repr=False)
    _thought: str = field(default="", repr=False)
    _thought_length: int = 0
    _unseen: int = 0

    def text(self, piece: str) -> str:
        """Why the answer is noise after `piece`; empty as long as it is not."""
        self._text = (self._text + piece)[-WINDOW:]
        return self._look(self._text, len(piece))

    def reasoning(self, piece: str) -> str:
        """As `text`, for thinking."""
        self._thought = (self._thought + piece)[-WINDOW:]
        self._thought_length += len(piece)
        if self._thought_length > self.reasoning_budget:
            return f"thinking went over its budget of {self.reasoning_budget} characters"
        return self._look(self._thought, len(piece))

    def _look(self, window: str, fresh: int) -> str:
        self._unseen += fresh
        if self._unseen < STEP:
            return ""
        self._unseen = 0
        return noise(window)


def noise(text: str) -> str:
    """Why the end of `text` is noise; empty when it is not."""
    blank = len(text) - len(text.rstrip())
    if blank >= BLANKS:
        return f"the answer ends in {blank} characters of white space"
    if _few_characters(text):
        return f"the last {FEW} characters and more are made of at most {DISTINCT} different ones"
    period = _period(text[-REPEATS:]) if len(text) >= REPEATS else None
    return f"the same {period} characters repeat over and over" if period else ""


def _few_characters(text: str) -> bool:
    """Few different characters for long, but neither a rule of one character nor words apart by blanks."""
    tail = text[-RULE:] if len(set(text[-FEW:])) == 1 else text[-FEW:]
    return len(tail) >= FEW and len(tail) >= (RULE if len(set(tail)) == 1 else FEW) and len(set(tail)) <= DISTINCT


def _period(tail: str) -> int | None:
    """The length of the block that `tail` consists of; None when it is no repetition."""
    for period in range(1, PERIOD + 1):
        if tail.startswith(tail[period:]):
            return period
    return None


_ = re
