"""The daemon: a workspace, its settings and its agents, from the start to the end of the process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

from agents.base import Agent

from .config import Config
from .crew import ConfiguredCrew, Crew, GivenCrew
from .ending import LastResort, asked
from .log_view import LogView
from .loop import Loop
from .shell import Shell
from .view import View
from .workspace import Workspace


class Orchestrator:
    """Watches a workspace and takes its projects from requirements to a tested zip. Blocking entry: `start`."""

    def __init__(
        self,
        workspace_root: Path | str,
        architect: Agent | None = None,
        engineer: Agent | None = None,
        verifier: Agent | None = None,
        quality_threshold: float | None = None,
        max_iterations: int | None = None,
        *,
        config: Config | None = None,
        view: View | None = None,
    ) -> None:
        """Agents that are not given are made as `config` says. Thresholds override those of `config`."""
        changes = {"quality_threshold": quality_threshold, "max_iterations": max_iterations}
        base = config or Config()
        given = base.model_dump() | {key: value for key, value in changes.items() if value is not None}
        self._config = base if given == base.model_dump() else Config.model_validate(given, strict=False)
        self._path = Path(workspace_root)
        self._view = view or LogView()
        self._crew = _crew(self._config, architect, engineer, verifier)
        self._last_resort: LastResort | None = None
        """Only for a process of its own: whoever calls `run` ends the process as they like."""

    @classmethod
    def from_config(cls, config: Config, view: View) -> Self:
        """The daemon that config.yaml describes."""
        return cls(config.workspace, config=config, view=view)

    def start(self, until_idle: bool = False, timeout: float | None = None) -> int:
        """Run until Ctrl+C, or until nothing is left to do; work that is cut off goes on at the next start.

        `timeout` in seconds bounds `until_idle`; without it a project that waits for a server counts as at rest.
        Returns 0 when every project is completed (or, without `until_idle`, when stopped), otherwise 1.
        Raises WorkspaceError.
        """
        self._last_resort = LastResort()
        try:
            return asyncio.run(self.run(until_idle=until_idle, timeout=timeout))
        finally:
            self._last_resort.cancel()

    async def run(self, *, until_idle: bool = False, timeout: float | None = None) -> int:
        """As `start`, within a running event loop."""
        workspace = Workspace(self._path)
        with workspace.lock() as lock:
            shell = Shell(workspace.path, self._config, self._crew, self._view)
            ending = self._last_resort.begin if self._last_resort else lambda: None
            loop = Loop(workspace, lock, shell, ending)
            with asked(loop.stop, self._last_resort):
                try:
                    done = await loop.run(until_idle=until_idle, timeout=timeout)
                finally:
                    await self._crew.aclose()
        return 0 if done or not until_idle else 1


def _crew(config: Config, architect: Agent | None, engineer: Agent | None, verifier: Agent | None) -> Crew:
    given = [agent for agent in (architect, engineer, verifier) if agent is not None]
    if not given:
        return ConfiguredCrew(config)
    if architect is None or engineer is None or verifier is None:
        raise TypeError("Orchestrator needs all three agents (architect, engineer, verifier), or none of them")
    return GivenCrew(architect, engineer, verifier)
