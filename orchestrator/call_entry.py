"""What a model call, or a try of it that came to nothing, becomes in the journal. Pure."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from providers import Attempt, Completion, FinishReason, Request, Usage

from .journal import Entry, Tokens
from .state import State


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

    def completed(self, id_: int, completion: Completion) -> Entry:
        return self._entry(
            id_,
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

    def _entry(self, id_: int, **result: Any) -> Entry:
        return Entry(
            id=id_,
            turn=self.state.turn,
            call=self.number,
            agent=self.agent,
            iteration=self.state.iteration,
            purpose=self.purpose,
            temperature=self.request.temperature,
            seed=self.request.seed,
            thinking=self.request.thinking,
            max_output_tokens=self.request.max_output_tokens,
            request_sha256=_digest(self.request),
            work_sha256=self.work_sha256,
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


def _digest(request: Request) -> str:
    """Hash of all that was asked; a person may compare two calls by it."""
    return hashlib.sha256(json.dumps(asdict(request), sort_keys=True, default=str).encode()).hexdigest()
