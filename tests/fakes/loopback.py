"""The daemon over a provider that talks HTTP on loopback, and what it has booked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agents.base import Agent
from orchestrator.config import Config
from orchestrator.daemon import Orchestrator
from providers import Provider, ProviderSettings, open_provider
from tests.fakes.daemon import Heard, settings
from tests.fakes.llm import FakeLLM

Trio = tuple[Agent, Agent, Agent]


async def no_waiting(seconds: float) -> None:
    """Between two tries."""
    await asyncio.sleep(0)


PATIENT: dict[str, Any] = {"first_token_timeout": 60.0, "silence_timeout": 60.0}
"""Clocks that no busy machine runs into."""
IMPATIENT: dict[str, Any] = {"first_token_timeout": 1.0, "silence_timeout": 1.0}


def provider(url: str, type_: str = "openai", **more: Any) -> Provider:
    entry = {"name": "local", "type": type_, "base_url": url, "model": "fake", **PATIENT, **more}
    return open_provider(ProviderSettings.model_validate(entry), sleep=no_waiting)


@asynccontextmanager
async def working(orchestrator: Orchestrator) -> AsyncIterator[None]:
    """The daemon works while the block runs."""
    task = asyncio.create_task(orchestrator.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def daemon(workspace: Path, agents: Trio, heard: Heard, config: Config | None = None) -> Orchestrator:
    return Orchestrator(workspace, *agents, config=config or settings(rescan_seconds=0.1), view=heard)


def journal(workspace: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((workspace / name / ".tumbler/journal").iterdir())]


def usage(workspace: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((workspace / name / ".tumbler/usage.json").read_text())
    return found


def assert_all_is_booked(workspace: Path, name: str, llm: FakeLLM) -> None:
    """One entry for each request that reached the server, and usage.json is their sum."""
    entries = journal(workspace, name)
    asked = [asked for asked in llm.requests if name in asked.text]
    assert len(entries) == len(asked)
    spent = usage(workspace, name)
    assert [row["outcome"] for row in spent["history"]] == [entry["outcome"] for entry in entries]
    tokens = sum((entry["tokens"]["input"] or 0) + (entry["tokens"]["output"] or 0) for entry in entries)
    assert spent["total_tokens"] == tokens
