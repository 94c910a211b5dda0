"""What all projects of one daemon share: settings, agents, places to say things, slots, what today has cost."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from .config import Config, Limits
from .crew import Crew
from .expected import Usual
from .state import State
from .usage import Today
from .view import HELD_BACK, Level, Row, View

LOOKED_AT_AT_ONCE = 32

log = logging.getLogger(__name__)


class Shell:
    """The daemon's surroundings, as one project's cycle sees them."""

    def __init__(self, workspace: Path, config: Config, crew: Crew, view: View) -> None:
        self.workspace = workspace
        self.config = config
        self.crew = crew
        self.view = view
        self.today = Today(unpriced=self._unpriced)
        self.spent_out: dict[str, tuple[Limits, date]] = {}
        """Project -> the caps, and the day, under which there was nothing left to spend."""
        self.began = time.time_ns()
        """When the daemon began to watch, in nanoseconds as files have them."""
        self.usual: dict[tuple[str, str], Usual] = {}
        """(agent, model) -> what its calls came to where they were last looked at."""
        self._said: dict[str, str] = {}
        self._glances = asyncio.Semaphore(LOOKED_AT_AT_ONCE)
        self._slots = asyncio.Semaphore(config.limits.max_concurrent_projects)

    @asynccontextmanager
    async def slot(self, state: State) -> AsyncIterator[None]:
        """Hold one of `max_concurrent_projects`, first come first served, for as long as a project is worked on."""
        if self._slots.locked():
            waiting = Row(state.name, state.status, activity=HELD_BACK, started=time.monotonic())
            self.view.show(state.name, waiting)
        try:
            async with self._slots:
                yield
        finally:
            self.view.show(state.name, None)

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[None]:
        """Bounds how many projects are looked at at once, and so the descriptors that are open."""
        async with self._glances:
            yield

    def say_once(self, project: str, text: str, level: Level = Level.WARNING) -> None:
        """Say what is still so only when it is news."""
        if self._said.get(project) != text:
            self._said[project] = text
            self.view.say(text, project=project, level=level)

    def goes_on(self, project: str) -> None:
        """What held it is over: said again, it is news."""
        self._said.pop(project, None)

    def _unpriced(self, provider: str, model: str) -> None:
        text = (
            f"{provider}: the price of {model} is not known, so its calls count in max_tokens and max_calls, but not "
            f"in max_cost; set `prices` under providers.{provider} in config.yaml"
        )
        self.view.say(text, level=Level.WARNING)

    def keep_raw(self, project: str, role: str, iteration: int, raw: str) -> Path:
        """Keep a raw reply where the troubleshooting guide says; the file's path."""
        place = self.workspace.parent / "test_output" / _as_folder(project) / f"{role}_raw_output_iter{iteration}.txt"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(raw, encoding="utf-8", errors="surrogatepass", newline="")
        except OSError as error:
            log.warning(
                "%s: the raw reply could not be kept at %s: %s; it is in .tumbler/journal", project, place, error
            )
        return place


def _as_folder(name: str) -> str:
    """A project's name is a folder's name already; only what a shell would trip over is replaced."""
    return re.sub(r"[\x00-\x1f]", "_", name)
