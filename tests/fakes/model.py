"""A model whose answers are written down beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from providers import Completion, FinishReason, Message, Usage

Answer = str | Completion | Callable[["Call"], str]


@dataclass(frozen=True)
class Call:
    """What a model was asked."""

    messages: tuple[Message, ...]
    purpose: str
    schema: Mapping[str, Any] | None
    max_output_tokens: int | None
    temperature: float | None
    seed: int | None
    stop: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole prompt."""
        return "\n".join(message.content for message in self.messages)


def completion(text: str, finish: FinishReason = FinishReason.STOP) -> Completion:
    """A whole answer."""
    return Completion(text, finish, Usage(), provider="fake", model="fake")


@dataclass
class ScriptedModel:
    """Implements agents.base.Model: gives `answers` in order and remembers the calls; more calls than answers fail."""

    answers: Sequence[Answer] = ()
    name: str = "fake-7b"
    context_tokens: int = 16384
    max_output_tokens: int = 4096
    profile: str = "auto"
    calls: list[Call] = field(default_factory=list)

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        purpose: str = "",
        schema: Mapping[str, Any] | None = None,
        max_output_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        thinking: bool | None = None,
        stop: Sequence[str] = (),
    ) -> Completion:
        call = Call(tuple(messages), purpose, schema, max_output_tokens, temperature, seed, tuple(stop))
        assert len(self.calls) < len(self.answers), f"unexpected call {len(self.calls) + 1}: {call.text[-500:]}"
        answer = self.answers[len(self.calls)]
        self.calls.append(call)
        if callable(answer):
            answer = answer(call)
        return completion(answer) if isinstance(answer, str) else answer
