"""Keeps what a call came to, entry by entry and off the event loop: a slow disk holds up its own project only.

An entry counts for the budgets at once, and is durable when `settled` returns: before an agent sees the answer, and
before the call ends in any other way. A further try of the same call may be on its way while the one that failed is
still being written; a power cut in that moment loses the record of tries that came to nothing, never an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .journal import Entry
from .ledger import Ledger
from .threads import in_thread, to_its_end


class Bookings:
    """The entries of one call, in the order in which they came."""

    def __init__(self, ledger: Ledger, broken: Callable[[], object]) -> None:
        """`broken` is called when an entry cannot be kept, so that no further try is paid for."""
        self.problem: Exception | None = None
        """Why an entry could not be kept."""
        self._ledger = ledger
        self._broken = broken
        self._last: asyncio.Task[None] | None = None

    def add(self, entry: Entry, prompt: str) -> None:
        self._ledger.count(entry)
        self._last = asyncio.create_task(self._keep(entry, prompt, after=self._last))

    async def settled(self) -> None:
        """Wait until every entry is kept, or known not to be; also when cancelled."""
        if self._last is not None:
            await to_its_end(self._last)

    async def _keep(self, entry: Entry, prompt: str, after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait({after})
        try:
            await in_thread(lambda: self._ledger.keep(entry, prompt))
        except Exception as problem:
            self.problem = self.problem or problem
            self._broken()
