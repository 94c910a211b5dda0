"""A model as an agent sees it: journalled before it is read, never paid twice, within the budget, and visible."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from providers import (
    Activity,
    Attempt,
    Completion,
    FinishReason,
    Message,
    Progress,
    Provider,
    ReplyDegenerate,
    Request,
    Usage,
    estimate_tokens,
)

from .budget import Budget, BudgetExceeded
from .journal import Entry, Tokens
from .ledger import Ledger
from .state import State
from .threads import off_loop
from .usage import UnderWay

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""How often the budget is looked at during a call, whatever the server says."""


class JournaledModel:
    """One agent's model during one turn. Implements agents.base.Model."""

    def __init__(
        self,
        provider: Provider,
        agent: str,
        state: State,
        ledger: Ledger,
        budget: Budget,
        show: Callable[[Progress], None],
    ) -> None:
        self._provider = provider
        self._agent = agent
        self._state = state
        self._ledger = ledger
        self._budget = budget
        self._show = show
        self._calls = 0
        self.work_sha256 = ""
        """What the agent works on: a reply to other work is asked for anew."""

    @property
    def name(self) -> str:
        return self._provider.model

    @property
    def context_tokens(self) -> int:
        return self._provider.context_tokens

    @property
    def max_output_tokens(self) -> int:
        return self._provider.max_output_tokens

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
    ) -> Completion:
        """The journal's completion for this place in the turn, else a new one, kept before it is returned.

        An answer that turned into noise is a completion too, with the finish reason `degenerate` and what had come.

        Raises ProviderError, BudgetExceeded, FileProblem.
        """
        self._calls += 1
        call = self._calls
        known = self._ledger.journal.find(self._agent, self._state.turn, call, self.work_sha256)
        if known is not None:
            log.info("%s: %s call %d is taken from the journal", self._state.name, self._agent, call)
            return known.completion()
        request = Request(tuple(messages), max_output_tokens, temperature, seed, thinking, schema)
        self._ledger.require_leave()
        await off_loop(self._ledger.require_room)
        self._budget.check(UnderWay(tokens=sum(estimate_tokens(message.content) for message in request.messages)))
        try:
            return await self._ask(request, call, purpose)
        except ReplyDegenerate:
            kept = self._ledger.journal.find(self._agent, self._state.turn, call, self.work_sha256)
            if kept is None:
                raise
            return kept.completion()

    async def _ask(self, request: Request, call: int, purpose: str) -> Completion:
        watched = _Watched(self, request, call, purpose)
        asking = asyncio.ensure_future(watched.ask(self._provider))
        watched.stop = asking.cancel
        watching = asyncio.ensure_future(watched.look_now_and_then())
        try:
            with self._budget.counting(watched.under_way):
                await asking
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if watched.over_budget is None or (task and task.cancelling()):
                raise
            if watched.completion is None:
                raise watched.over_budget from None
        finally:
            asking.cancel()
            watching.cancel()
            completion = watched.completion  # also there when the call ended in the moment in which it was cancelled
            if completion is not None:
                await off_loop(partial(self._keep, request, _of_completion(completion), call, purpose))
        assert completion is not None
        return completion

    def progress(self, progress: Progress) -> None:
        self._show(progress)

    def check_budget(self, call: UnderWay, *, another: bool) -> None:
        self._budget.check(call, another=another)

    def _keep(self, request: Request, result: Mapping[str, Any], call: int, purpose: str) -> None:
        prompt = _as_text(request)
        entry = Entry(
            id=self._ledger.journal.next_id(),
            turn=self._state.turn,
            call=call,
            agent=self._agent,
            iteration=self._state.iteration,
            purpose=purpose,
            temperature=request.temperature,
            seed=request.seed,
            thinking=request.thinking,
            max_output_tokens=request.max_output_tokens,
            request_sha256=_digest(request),
            work_sha256=self.work_sha256,
            state=self._state if result["outcome"] == "ok" else None,
            **result,
        )
        self._ledger.keep(entry, prompt)

    def attempted(self, attempt: Attempt, request: Request, call: int, purpose: str) -> None:
        self._keep(request, _of_attempt(attempt), call, purpose)


class _Watched:
    """The listener of one call: shows its progress, books what came to nothing, stops it when the budget is used up."""

    def __init__(self, model: JournaledModel, request: Request, call: int, purpose: str) -> None:
        self._model = model
        self._about = (request, call, purpose)
        self._began: float | None = None
        """When the request under way began; None while others work, or nobody does."""
        self.under_way = UnderWay()
        self.completion: Completion | None = None
        self.over_budget: BudgetExceeded | None = None
        self.stop: Callable[[], object] = lambda: None

    async def ask(self, provider: Provider) -> None:
        completion = await provider.complete(self._about[0], self)
        text, reasoning = _joined(completion.text), _joined(completion.reasoning)
        self.completion = replace(completion, text=text, reasoning=reasoning)

    def progress(self, progress: Progress) -> None:
        self._model.progress(progress)
        idle = progress.activity in (Activity.QUEUED, Activity.RETRYING)
        self._began = None if idle else self._began or time.monotonic()
        self.under_way.tokens = progress.input_tokens + progress.output_tokens
        self.under_way.cost = progress.cost
        self._look(another=idle)

    async def look_now_and_then(self) -> None:
        """A server may say nothing for minutes, and other projects spend what is left of the day."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._look(another=False)

    def _look(self, *, another: bool) -> None:
        if self.over_budget is not None:
            return
        self.under_way.seconds = time.monotonic() - self._began if self._began else 0.0
        try:
            self._model.check_budget(self.under_way, another=another)
        except BudgetExceeded as error:
            self.over_budget = error
            self.stop()

    def attempted(self, attempt: Attempt) -> None:
        self.under_way.tokens, self.under_way.cost, self._began = 0, 0.0, None
        self._model.attempted(attempt, *self._about)


def _joined(text: str) -> str:
    """Some servers send the halves of a surrogate pair apart; one that stays alone cannot be stored."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _of_completion(completion: Completion) -> dict[str, Any]:
    return {
        "outcome": "ok",
        "provider": completion.provider,
        "model": completion.model,
        "started": _ago(completion.seconds),
        "seconds": completion.seconds,
        "finish": completion.finish,
        "text": completion.text,
        "reasoning": completion.reasoning,
        "tokens": _tokens(completion.usage),
        "cost": completion.cost,
        "request_id": completion.request_id,
    }


def _of_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "outcome": "ok" if attempt.degenerate else attempt.outcome,
        "finish": FinishReason.DEGENERATE if attempt.degenerate else None,
        "provider": attempt.provider,
        "model": attempt.model,
        "started": attempt.started,
        "seconds": attempt.seconds,
        "text": _joined(attempt.partial),
        "tokens": _tokens(attempt.usage),
        "cost": attempt.cost,
        "error": _joined(attempt.error),
    }


def _tokens(usage: Usage) -> Tokens:
    return Tokens(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cached=usage.cached_tokens,
        reasoning=usage.reasoning_tokens,
        estimated=usage.estimated,
    )


def _ago(seconds: float) -> datetime:
    return datetime.fromtimestamp(time.time() - seconds, UTC)


def _digest(request: Request) -> str:
    """Hash of all that was asked; a person may compare two calls by it."""
    return hashlib.sha256(json.dumps(asdict(request), sort_keys=True, default=str).encode()).hexdigest()


def _as_text(request: Request) -> str:
    return "\n\n".join(f"<!-- {m.role} -->\n{m.content}" for m in request.messages) + "\n"
