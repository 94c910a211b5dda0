"""A model server that fails in all the ways that were seen or thought of, until it is told to stop that."""

from __future__ import annotations

import random
from collections import Counter

from tests.fakes.llm import Answer, Asked

LONG = "All work and no play makes for a long answer, number by number. " * 4
FAULTS = {
    "500": Answer(status=500, body={"error": "engine died"}),
    "503": Answer(status=503, body={"error": "busy"}),
    "429": Answer(status=429, body={"error": "slow down"}, headers={"Retry-After": "0.5"}),
    "reset": Answer(LONG, cut_after=60),
    "close": Answer(LONG, cut_after=60, cut="fin"),
    "stall": Answer(LONG, stall_after=60),
    "silence": Answer(LONG, stall_after=0),
    "no finish reason": Answer(LONG, finish=None),
    "page": Answer(body="<html><p>Bad gateway"),
    "garbage": Answer(LONG, garbage='{"choi'),
    "blank": Answer(""),
    "thinking": Answer("", reasoning="Hmm. ", finish="length"),
    "repetition": Answer("again and " * 400, piece=100),
    "error in the stream": Answer(LONG, error_after=60),
    "drip": Answer(LONG, pause=0.05),
    "slow": Answer("fine", delay=0.4),
}


class Chaos:
    """What the model server does; `peace` makes it serve everybody."""

    def __init__(self, dice: random.Random) -> None:
        self.peace = False
        self.did: Counter[str] = Counter()
        self._dice = dice

    def __call__(self, _: Asked) -> Answer:
        if self.peace or self._dice.random() < 0.6:
            return Answer("fine")
        name = self._dice.choice(sorted(FAULTS))
        self.did[name] += 1
        return FAULTS[name]
