"""Which agent does what with which provider; the only place that makes agents and opens providers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from agents.base import Agent
from agents.verification.settings import VerificationSettings
from providers import Gates, Provider, ProviderError, Unavailable, open_provider

from .config import AUTO, Config
from .machine import Action

log = logging.getLogger(__name__)

AGENT: Mapping[Action, str] = {Action.PLAN: "architect", Action.BUILD: "engineer", Action.VERIFY: "verifier"}
CHECKED_FOR = 300.0
"""Seconds for which a server that was well is taken to be well."""
FAILED_FOR = 15.0
"""Seconds before a server that was not well is asked again."""


def serving(action: Action, config: Config) -> str:
    """Hash of the settings of all providers that may serve `action`: another one when somebody changed them."""
    role = AGENT.get(action)
    names = config.candidates(role) if role else ()
    entries = [(name, config.providers[name].model_dump(mode="json")) for name in names if name in config.providers]
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


class Crew(Protocol):
    """Finds the agent for a step."""

    async def agent(self, action: Action, config: Config) -> Agent:
        """The agent for `action`, its provider seen healthy. Raises ProviderError."""

    def doubt(self, provider: str) -> None:
        """A call to `provider` failed: look at it again before the next one."""

    async def sandbox(self) -> str:
        """One sentence about how code will be kept in; empty when that is the agents' own business.

        Raises SandboxUnavailable.
        """

    async def aclose(self) -> None: ...


class GivenCrew:
    """The three agents that a program handed to Orchestrator."""

    def __init__(self, architect: Agent, engineer: Agent, verifier: Agent) -> None:
        self._agents = {Action.PLAN: architect, Action.BUILD: engineer, Action.VERIFY: verifier}

    async def agent(self, action: Action, config: Config) -> Agent:  # noqa: ARG002
        return self._agents[action]

    def doubt(self, provider: str) -> None: ...

    async def sandbox(self) -> str:
        return ""

    async def aclose(self) -> None:
        for agent in self._agents.values():
            await agent.provider.aclose()


class ConfiguredCrew:
    """Agents and providers as config.yaml says, made when they are first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._providers: dict[str, Provider] = {}
        self._gates = Gates()
        self._benches = asyncio.Semaphore(max(1, os.cpu_count() or 1))
        self._checks: dict[str, tuple[float, ProviderError | None]] = {}
        self._checking: dict[str, asyncio.Lock] = {}
        self._agents: dict[tuple[Action, str, VerificationSettings, float], Agent] = {}
        self._chosen: dict[str, str] = {}
        self._announced: set[tuple[str | None, str]] = set()

    async def agent(self, action: Action, config: Config) -> Agent:
        name = await self._choose(AGENT[action], config)
        key = (action, name, config.verification, config.quality_threshold)
        if key not in self._agents:
            self._agents[key] = _make(action, self._providers[name], config, self._benches)
        return self._agents[key]

    def doubt(self, provider: str) -> None:
        self._checks.pop(provider, None)

    async def sandbox(self) -> str:
        from agents.verification.sandbox import choose

        chosen = await asyncio.to_thread(choose, self._config.verification.sandbox)
        return f"{chosen.name}: {chosen.description}"

    async def aclose(self) -> None:
        await asyncio.gather(*(provider.aclose() for provider in self._providers.values()))

    async def _choose(self, role: str, config: Config) -> str:
        """The first healthy provider that may serve `role`. Raises the only one's error, or Unavailable naming all."""
        problems: list[ProviderError] = []
        for name in config.candidates(role):
            problem = await self._check(name)
            if problem is None:
                self._announce(role, name, config)
                return name
            problems.append(problem)
        if len(problems) == 1:
            raise problems[0]
        raise _all_of(problems)

    def _announce(self, role: str, name: str, config: Config) -> None:
        """Say what `auto` came to: once for all agents, and as a warning when it is the second choice now."""
        if getattr(config.agent_providers, role) != AUTO:
            return
        listed = config.candidates(role)
        before, self._chosen[role] = self._chosen.get(role), name
        change = (before, name)
        if before == name or change in self._announced:
            return
        self._announced = {change} if before else {*self._announced, change}
        if before in listed and listed.index(before) < listed.index(name):
            log.warning("the agents use %s now, since %s does not answer", name, before)
        else:
            log.info("the agents use %s, the first healthy provider", name)

    async def _check(self, name: str) -> ProviderError | None:
        """Ask the server, unless it was asked a moment ago; what is wrong, None when it is well."""
        async with self._checking.setdefault(name, asyncio.Lock()):
            when, problem = self._checks.get(name, (float("-inf"), None))
            age = time.monotonic() - when
            if age < (CHECKED_FOR if problem is None else FAILED_FOR):
                return problem
            problem = await self._ask(name)
            self._checks[name] = (time.monotonic(), problem)
            return problem

    async def _ask(self, name: str) -> ProviderError | None:
        try:
            if name not in self._providers:
                self._providers[name] = open_provider(self._config.providers[name], gates=self._gates)
            health = await self._providers[name].health()
        except ProviderError as error:
            return error
        for warning in health.warnings:
            log.warning("%s", warning)
        return None


def _all_of(problems: Sequence[ProviderError]) -> Unavailable:
    """One error for all; when each server answered, the wait is that of the first to be back."""
    waits = [problem.retry_after for problem in problems if problem.retry_after is not None]
    answered = all(problem.status is not None for problem in problems)
    return Unavailable(
        "no provider is healthy: " + "; ".join(str(problem) for problem in problems),
        status=problems[0].status if answered else None,
        retry_after=min(waits) if answered and waits else None,
    )


def _make(action: Action, provider: Provider, config: Config, benches: asyncio.Semaphore) -> Agent:
    """Imported here, since a daemon that verifies nothing needs no verifier, and `--help` needs none of them."""
    match action:
        case Action.PLAN:
            from agents.architect import Architect

            return Architect(provider, acceptance=config.architect.acceptance)
        case Action.BUILD:
            from agents.engineer import Engineer
            from agents.verification.runner import Runner

            runner = Runner(config.verification, slots=benches)
            return Engineer(provider, config.engineer.answer_format, runner)
        case Action.VERIFY:
            from agents.verifier import Verifier

            return Verifier(provider, config.verification, threshold=config.quality_threshold, slots=benches)
        case _:
            raise AssertionError(f"{action} needs no agent")
