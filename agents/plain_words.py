"""Whether a sentence means what it says, or only under a condition, or not at all."""

from __future__ import annotations

import re

from agents.literals import LONGEST

_BORDER = re.compile(r"[.!?;](?=\s)|\n")
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|after|once|unless|until|suppose|assuming|provided|given|with|without|elif|while|not|never|"
    r"wenn|falls|sobald|nachdem|nach|mit|ohne|nicht|nie)\b",
    re.IGNORECASE,
)
"""Before an example: it holds in some state only, or does not hold."""
_DOUBT = re.compile(
    r"\b(?:if|when|unless|provided|assuming|but (?:should|must|ought|it)|instead|rather|currently|wrong(?:ly)?|"
    r"bugs?|buggy|incorrect(?:ly)?|no longer|used to|previously|about|approximately|roughly|circa|rounded|"
    r"random(?:ly)?|shuffled?|might|may|stderr|exits?|exit code|wenn|falls|statt|stattdessen|derzeit|bisher|falsch|"
    r"sollte|ungef.hr|gerundet|zuf.llig)\b",
    re.IGNORECASE,
)
"""In the sentence of an example: it says how things are and should not be, or nearly are."""


def is_plain(text: str, start: int, end: int) -> bool:
    """Whether nothing in the sentence makes what is said there depend on something, or denies it."""
    before = _BORDER.split(text[max(0, start - LONGEST) : start])[-1]
    after = _BORDER.split(text[end : end + LONGEST])[0]
    return not (_CONDITION.search(before.rpartition(": ")[2]) or _DOUBT.search(f"{before} {after}"))
