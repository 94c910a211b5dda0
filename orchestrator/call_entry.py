"""What a model call, or a try of it that came to nothing, becomes in the journal. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from providers import Attempt, Completion, FinishReason, Request, Sampling, Usage

from .journal import Asked, Entry, Tokens
from .state import State

_DIFFERS = re.compile(r"\d+(?:\.\d+)? ?(?:s|ms|seconds)\b|\b0x[0-9a-f]+\b|pytest-\d+")
"""How long tests took, where objects lay, which temporary folder they had: equal code says it differently each time."""


@dataclass(frozen=True)
class Call:
    """What an agent asked for, and the place of that in the journal."""

    state: State
    agent: str
    number: int
    """Counts the completions of the agent within its turn, from 1."""
    purpose: str
    work_sha256: str
    request: Request

    @property
    def prompt(self) -> str:
        """For people to read."""
        return "\n\n".join(f"<!-- {m.role} -->\n{m.content}" for m in self.request.messages) + "\n"

    @property
    def asked(self) -> Asked:
        return Asked(
            agent=self.agent,
            turn=self.state.turn,
            call=self.number,
            purpose=self.purpose,
            work_sha256=self.work_sha256,
            question_sha256=_digest(replace(self.request, max_output_tokens=None), without=_DIFFERS),
        )

    def completed(self, id_: int, completion: Completion) -> Entry:
        return self._entry(
            id_,
            completion.sampling,
            outcome="ok",
            provider=completion.provider,
            model=completion.model,
            started=datetime.fromtimestamp(time.time() - completion.seconds, UTC),
            seconds=completion.seconds,
            finish=completion.finish,
            text=completion.text,
            reasoning=completion.reasoning,
            tokens=_tokens(completion.usage),
            cost=completion.cost,
            request_id=completion.request_id,
        )

    def attempted(self, id_: int, attempt: Attempt) -> Entry:
        """An answer that turned into noise is a completion too, with what had come."""
        return self._entry(
            id_,
            attempt.sampling,
            outcome="ok" if attempt.degenerate else attempt.outcome,
            finish=FinishReason.DEGENERATE if attempt.degenerate else None,
            provider=attempt.provider,
            model=attempt.model,
            started=attempt.started,
            seconds=attempt.seconds,
            text=whole_characters(attempt.partial),
            tokens=_tokens(attempt.usage),
            cost=attempt.cost,
            error=whole_characters(attempt.error),
        )

    def _entry(self, id_: int, sampling: Sampling | None, **result: Any) -> Entry:
        asked = self.request
        sent = sampling or Sampling(asked.temperature, asked.seed, asked.thinking, asked.max_output_tokens)
        return Entry(
            id=id_,
            iteration=self.state.iteration,
            **asdict(sent),
            request_sha256=_digest(self.request),
            **asdict(self.asked),
            state=self.state if result["outcome"] == "ok" else None,
            **result,
        )


def whole_characters(text: str) -> str:
    """Some servers send the halves of a surrogate pair apart; one that stays alone cannot be stored."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _tokens(usage: Usage) -> Tokens:
    return Tokens(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cached=usage.cached_tokens,
        reasoning=usage.reasoning_tokens,
        estimated=usage.estimated,
    )


def _digest(request: Request, without: re.Pattern[str] | None = None) -> str:
    """Hash of all that was asked; a person may compare two calls by it. `without`: what is left out of it."""
    text = json.dumps(asdict(request), sort_keys=True, default=str)
    return hashlib.sha256((without.sub("", text) if without else text).encode()).hexdigest()
