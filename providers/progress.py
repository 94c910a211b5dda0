"""Tells the listener how far a call has come, a few times a second at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from .stream import Answer
from .wire import CHARACTERS_PER_TOKEN, Activity, Listener, Progress, Usage

Bill = Callable[[], tuple[Usage, float | None]]
"""What the request under way has come to: tokens and USD, None when the price is not known."""

INTERVAL = 0.25
"""Seconds between two reports of the same activity."""


class Reporter:
    """One call's progress."""

    def __init__(self, listener: Listener, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.listener = listener
        self._monotonic = monotonic
        self._activity: Activity | None = None
        self._reported = 0.0
        self._first_token: float | None = None
        self._bill: Bill | None = None

    def asks(self, bill: Bill) -> None:
        """A request is sent now; what is reported from here on carries its bill."""
        self._bill = bill
        self.now(Activity.READING)

    def ended(self) -> None:
        """The request is over, and booked by whoever made it."""
        self._bill = None

    def now(self, activity: Activity, note: str = "") -> None:
        """A change that is reported at once."""
        self._first_token = None
        self._tell(Progress(activity, note=note))

    def queued(self, ahead: int) -> None:
        """`ahead` of the waiting calls begin before this one."""
        self._first_token = None
        self._tell(Progress(Activity.QUEUED, ahead=ahead))

    def heard(self, answer: Answer) -> None:
        """Text or thinking came; reported when the activity changes, or enough time has passed."""
        now = self._monotonic()
        self._first_token = now if self._first_token is None else self._first_token
        activity = Activity.WRITING if answer.pieces else Activity.THINKING
        if activity is self._activity and now - self._reported < INTERVAL:
            return
        tokens = int(answer.characters / CHARACTERS_PER_TOKEN)
        seconds = now - self._first_token
        self._tell(Progress(activity, tokens, tokens / seconds if seconds > INTERVAL else None))

    def _tell(self, progress: Progress) -> None:
        self._activity = progress.activity
        self._reported = self._monotonic()
        if self._bill is not None:
            usage, cost = self._bill()
            progress = replace(progress, input_tokens=usage.input_tokens or 0, cost=cost)
        self.listener.progress(progress)
