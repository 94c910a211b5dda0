"""What the live table shows of the step that a project is in."""

from __future__ import annotations

import time

from providers import Activity, Progress

from .budget import Budget
from .expected import End
from .state import State
from .view import Row, View


class StepRow:
    """One project's row. Begin it anew with each step."""

    def __init__(self, view: View, state: State) -> None:
        self.budget: Budget | None = None
        self.asked: float | None = None
        """When a model was first heard of in this step, on the monotonic clock."""
        self._view = view
        self._state = state
        self._began = time.monotonic()

    def begin(self, state: State) -> None:
        self._state, self._began, self.asked = state, time.monotonic(), None

    def show(self, role: str, model: str, doing: Progress | str, end: End | None = None) -> None:
        progress = doing if isinstance(doing, Progress) else None
        if progress and self.asked is None:
            self.asked = time.monotonic()
        row = Row(
            project=self._state.name,
            status=self._state.status,
            agent=role,
            model=model,
            iteration=self._state.iteration,
            max_iterations=self._state.max_iterations,
            score=self._state.last_score,
            activity=_activity(progress) if progress else str(doing),
            ahead=progress.ahead if progress else None,
            ends=end.at if end else 0.0,
            ends_latest=end is not None and end.latest,
            tokens=progress.output_tokens if progress else 0,
            tokens_per_second=progress.tokens_per_second if progress else None,
            started=self._began,
            budget_left=self.budget.left() if self.budget else None,
        )
        self._view.show(self._state.name, row)


def _activity(progress: Progress) -> str:
    """What is done before the prompt can be read, such as fetching a model, stands in the note."""
    return progress.note if progress.note and progress.activity is Activity.READING else str(progress.activity)
