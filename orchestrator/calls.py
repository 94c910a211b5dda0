"""A model as an agent sees it: journalled before it is read, never paid twice, within the budget, and visible."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from providers import Completion, Message, Progress, Provider, ReplyDegenerate, Request, estimate_tokens

from .budget import Budget
from .call_entry import Call
from .journal import Entry
from .ledger import Ledger
from .state import State
from .threads import off_loop
from .usage import UnderWay
from .watched_call import WatchedCall

log = logging.getLogger(__name__)


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

    @property
    def profile(self) -> str:
        return self._provider.profile

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
        """The journal's completion for this place in the turn, else a new one, kept before it is returned.

        An answer that turned into noise is a completion too, with the finish reason `degenerate` and what had come.

        Raises ProviderError, BudgetExceeded, FileProblem.
        """
        self._calls += 1
        request = Request(tuple(messages), max_output_tokens, temperature, seed, thinking, schema, tuple(stop))
        call = Call(self._state, self._agent, self._calls, purpose, self.work_sha256, request)
        known = await self._journalled(call)
        if known is not None:
            log.info("%s: %s call %d is taken from the journal", self._state.name, self._agent, call.number)
            return known.completion()
        await off_loop(self._ledger.require_leave)
        await off_loop(self._ledger.require_room)
        self._budget.check(UnderWay(tokens=sum(estimate_tokens(message.content) for message in request.messages)))
        try:
            return await WatchedCall(call, self._ledger, self._budget, self._show).ask(self._provider)
        except ReplyDegenerate:
            kept = await self._journalled(call)
            if kept is None:
                raise
            return kept.completion()

    async def _journalled(self, call: Call) -> Entry | None:
        return await off_loop(lambda: self._ledger.journal.find(call.asked))
