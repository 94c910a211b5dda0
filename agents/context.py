"""Puts a prompt together from sections so that prompt and answer fit the context window; whole sections only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from providers import Message, estimate_tokens

_MESSAGE_TOKENS = 64
"""What chat templates add to a prompt of a few messages, at most."""


@dataclass(frozen=True)
class Section:
    """A part of a prompt under a heading of its own."""

    title: str
    text: str
    rank: int = 0
    """0 must be there; of the others the lowest go in first."""

    def __str__(self) -> str:
        return f"# {self.title}\n\n{self.text.strip()}\n" if self.title else f"{self.text.strip()}\n"


@dataclass(frozen=True)
class Fitted:
    """A prompt that fits, and what had to stay out of it."""

    text: str
    left_out: tuple[str, ...] = ()
    """Titles of sections, in their order."""


def fit(sections: Sequence[Section], tokens: int) -> Fitted:
    """As many sections as go into `tokens`, in the order given; those of rank 0 always, even when they do not fit.

    What was left out is named at the end, so that the model does not take it for missing.
    """
    wanted = [section for section in sections if section.text.strip()]
    room = tokens - sum(_tokens(section) for section in wanted if section.rank == 0)
    kept = {id(section) for section in wanted if section.rank == 0}
    for section in sorted(wanted, key=lambda section: section.rank):
        if section.rank and _tokens(section) <= room:
            room -= _tokens(section)
            kept.add(id(section))
    left_out = tuple(section.title for section in wanted if id(section) not in kept)
    shown = [section for section in wanted if id(section) in kept]
    if left_out:
        shown.insert(-1, Section("Not shown for lack of room", "\n".join(f"- {title}" for title in left_out)))
    return Fitted("\n".join(map(str, shown)), left_out)


def _tokens(section: Section) -> int:
    return estimate_tokens(str(section))


def room(system: str, context_tokens: int, answer_tokens: int) -> int:
    """Tokens left for the user's message beside the system prompt and the answer."""
    return context_tokens - answer_tokens - estimate_tokens(system) - _MESSAGE_TOKENS


def answer_room(messages: Iterable[Message], context_tokens: int, wanted: int) -> int:
    """How long the answer may be: `wanted`, or less when the prompt leaves less; at least 1."""
    used = sum(estimate_tokens(message.content) for message in messages) + _MESSAGE_TOKENS
    return max(1, min(wanted, context_tokens - used))
