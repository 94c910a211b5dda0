"""A recorded conversation in a model's place: what is shown by `demo`. All but the model's answers is real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from providers import (
    Activity,
    Completion,
    FinishReason,
    Health,
    Listener,
    Progress,
    ReplyTruncated,
    Request,
    Silent,
    Usage,
    estimate_tokens,
)

FOLDER = Path(__file__).parent / "recorded"
PIECES = 8
"""Steps in which an answer is shown to arrive."""


class Recording:
    """Gives one agent's answers in the order in which they were recorded. Implements providers.Provider."""

    name = "recording"
    model = "recording"
    context_tokens = 16_384
    max_output_tokens = 4_096
    profile = "auto"

    def __init__(self, answers: Sequence[str], seconds: float = 0.8) -> None:
        """`seconds`: how long an answer takes to arrive."""
        self._answers = list(answers)
        self._seconds = seconds

    @classmethod
    def of(cls, agent: str, seconds: float = 0.8) -> Recording:
        """What was recorded of `agent`."""
        return cls([path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob(f"{agent}-*.txt"))], seconds)

    async def complete(self, request: Request, listener: Listener | None = None) -> Completion:  # noqa: ARG002
        """Raises ReplyTruncated when there is no answer left: somebody changed the course of things."""
        if not self._answers:
            raise ReplyTruncated("the recording has no answer to this; use a model: code-tumbler init")
        answer, began = self._answers.pop(0), time.monotonic()
        for piece in range(PIECES):
            activity = Activity.READING if piece == 0 else Activity.WRITING
            (listener or Silent()).progress(Progress(activity, estimate_tokens(answer) * piece // PIECES))
            await asyncio.sleep(self._seconds / PIECES)
        spent = time.monotonic() - began
        return Completion(answer, FinishReason.STOP, Usage(0, 0), self.name, self.model, cost=0.0, seconds=spent)

    async def health(self) -> Health:
        return Health(self.model)

    async def aclose(self) -> None: ...


def requirements() -> str:
    return (FOLDER / "requirements.txt").read_text(encoding="utf-8")
