"""One model call under way: shown, booked, and stopped when the budget is used up or the disk takes nothing more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from providers import Activity, Attempt, Completion, Progress, Provider

from .bookings import Bookings
from .budget import Budget, BudgetExceeded
from .call_entry import Call, whole_characters
from .ledger import Ledger
from .usage import UnderWay

LOOK_SECONDS = 0.5
"""How often the budget is looked at during a call, whatever the server says."""


class WatchedCall:
    """Asks a provider once, and listens meanwhile. Implements providers.Listener."""

    def __init__(self, call: Call, ledger: Ledger, budget: Budget, show: Callable[[Progress], None]) -> None:
        self._call = call
        self._ledger = ledger
        self._budget = budget
        self._show = show
        self._bookings = Bookings(ledger, broken=self._end)
        self._asking: asyncio.Task[Completion] | None = None
        self._under_way = UnderWay()
        self._began: float | None = None
        """When the request under way began; None while others work, or nobody does."""
        self._over_budget: BudgetExceeded | None = None

    async def ask(self, provider: Provider) -> Completion:
        """The answer, durable in the journal, as is every try that came to nothing.

        An answer that came in the moment in which the call was stopped is kept as well.
        Raises ProviderError, BudgetExceeded, FileProblem.
        """
        self._asking = asyncio.create_task(self._asked(provider))
        watching = asyncio.create_task(self._look_now_and_then())
        try:
            with self._budget.counting(self._under_way):
                await _ended(self._asking)
        finally:
            watching.cancel()
            await self._bookings.settled()
        if self._bookings.problem is not None:
            raise self._bookings.problem
        if self._over_budget is not None and self._asking.cancelled():
            raise self._over_budget
        return self._asking.result()

    async def _asked(self, provider: Provider) -> Completion:
        completion = await provider.complete(self._call.request, self)
        text, reasoning = whole_characters(completion.text), whole_characters(completion.reasoning)
        completion = replace(completion, text=text, reasoning=reasoning)
        self._is_over()
        self._bookings.add(self._call.completed(self._ledger.journal.next_id(), completion), self._call.prompt)
        return completion

    def progress(self, progress: Progress) -> None:
        self._show(progress)
        idle = progress.activity in (Activity.QUEUED, Activity.RETRYING)
        self._began = None if idle else self._began or time.monotonic()
        self._under_way.tokens = progress.input_tokens + progress.output_tokens
        self._under_way.cost = progress.cost
        self._look(another=idle)

    def attempted(self, attempt: Attempt) -> None:
        self._is_over()
        self._bookings.add(self._call.attempted(self._ledger.journal.next_id(), attempt), self._call.prompt)

    def _is_over(self) -> None:
        """What was under way is booked from now on."""
        self._under_way.tokens, self._under_way.cost, self._under_way.seconds, self._began = 0, 0.0, 0.0, None

    async def _look_now_and_then(self) -> None:
        """A server may say nothing for minutes, and other projects spend what is left of the day."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self._look(another=False)

    def _look(self, *, another: bool) -> None:
        if self._over_budget is not None:
            return
        self._under_way.seconds = time.monotonic() - self._began if self._began else 0.0
        try:
            self._budget.check(self._under_way, another=another)
        except BudgetExceeded as error:
            self._over_budget = error
            self._end()

    def _end(self) -> None:
        if self._asking is not None:
            self._asking.cancel()


async def _ended(asking: asyncio.Task[Completion]) -> None:
    """Wait for its end, whatever that is; whoever is cancelled meanwhile ends it first."""
    try:
        await asyncio.wait({asking})
    finally:
        asking.cancel()
        await asyncio.wait({asking})
        if not asking.cancelled():
            asking.exception()  # asked for here, since whoever is cancelled does not ask for it
