"""Finds the agent for a step, and gives it a model whose calls are journalled, bounded and shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from agents.base import Agent, Outcome, Work
from providers import ProviderError

from . import gather, store
from .budget import Budget
from .calls import JournaledModel
from .config import Config
from .crew import AGENT
from .expected import Forecast, Usual
from .files import Folder
from .ledger import Ledger
from .machine import Action
from .shell import Shell
from .state import State
from .step_row import StepRow
from .threads import off_loop


@dataclass(frozen=True)
class Hired:
    """An agent for one step."""

    agent: Agent
    model: JournaledModel
    state: State
    """As it is in state.json, with the provider and the model."""

    async def work_on(self, gathered: Callable[[], Work]) -> Outcome:
        """`gathered` reads files, in a thread."""
        work = await off_loop(gathered)
        self.model.work_sha256 = await off_loop(lambda: gather.digest(work))
        return await self.agent.run(work)


class Hiring:
    """One project's. The journal is read once, when the first agent is needed."""

    def __init__(self, shell: Shell, folder: Folder, row: StepRow) -> None:
        self._shell = shell
        self._folder = folder
        self._row = row
        self._ledger: Ledger | None = None

    async def hire(self, action: Action, state: State, config: Config) -> Hired:
        """The agent for `action` and its model; state.json names them before they begin.

        Raises ProviderError, FileProblem.
        """
        role = AGENT[action]
        self._row.show(role, "", "asking the server")
        agent = await self._healthy(action, config)
        provider = agent.provider
        ledger = await self._opened()
        if (state.provider, state.model) != (provider.name, provider.model):
            named = state.model_copy(update={"provider": provider.name, "model": provider.model})
            state = await off_loop(lambda: store.save(self._folder, named))
        self._row.budget = budget = Budget(config.limits, ledger.spent, self._shell.today)
        forecast = Forecast(lambda: self._usual(ledger, role, provider.model), provider.max_output_tokens)
        model = JournaledModel(
            provider,
            role,
            state,
            ledger,
            budget,
            lambda told: self._row.show(role, provider.model, told, forecast.end(told, time.monotonic())),
        )
        return Hired(agent, model, state)

    async def _healthy(self, action: Action, config: Config) -> Agent:
        try:
            return await self._shell.crew.agent(action, config)
        except ProviderError as error:
            told = f"Provider health check failed: {error}"
            raise type(error)(told, status=error.status, body=error.body, retry_after=error.retry_after) from error

    async def _opened(self) -> Ledger:
        if self._ledger is None:
            self._ledger = await off_loop(lambda: Ledger.open(self._folder, self._shell.today))
        return self._ledger

    def _usual(self, ledger: Ledger, role: str, model: str) -> Usual | None:
        """From the project's own calls; while it has none, from those of another one."""
        found = Usual.of(ledger.kept.rows, role, model)
        if found is not None:
            self._shell.usual[role, model] = found
        return found or self._shell.usual.get((role, model))
