"""A daemon over scripted agents in a test's own event loop."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from orchestrator.config import Config, Watch
from orchestrator.daemon import Orchestrator
from orchestrator.view import Level, Row
from tests.fakes.agents import Trio

QUIET = 0.05


class Heard:
    """A view that remembers."""

    def __init__(self) -> None:
        self.lines: list[tuple[str | None, str, Level]] = []
        self.rows: list[Row] = []

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        self.lines.append((project, text, level))

    def show(self, project: str, row: Row | None) -> None:
        if row is not None:
            self.rows.append(row)

    def text(self) -> str:
        return "\n".join(f"{project or '-'}: {text}" for project, text, _ in self.lines)


def settings(**more: Any) -> Config:
    watch = Watch(debounce_seconds=QUIET, rescan_seconds=more.pop("rescan_seconds", 3600.0))
    return Config(watch=watch, **more)


def daemon(workspace: Path, agents: Trio, heard: Heard | None = None, config: Config | None = None) -> Orchestrator:
    return Orchestrator(workspace, *agents.agents, config=config or settings(), view=heard or Heard())


@asynccontextmanager
async def running(
    workspace: Path, agents: Trio, heard: Heard | None = None, config: Config | None = None
) -> AsyncIterator[Heard]:
    """The daemon works while the block runs, and is cancelled at its end."""
    heard = heard or Heard()
    task = asyncio.create_task(daemon(workspace, agents, heard, config).run())
    try:
        async with asyncio.timeout(60):
            while not any("watching" in text for _, text, _ in heard.lines):
                await asyncio.sleep(0.005)
                if task.done():
                    await task
        yield heard
    finally:
        task.cancel()
        await asyncio.wait({task})


def drop(workspace: Path, name: str, text: str = "print hello\n") -> Path:
    """Write a project's requirements as a person would; their path."""
    path = workspace / name / "01_input" / "requirements.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def delete(folder: Path) -> None:
    """As a person's `rm -rf`, said again until the folder is gone: the daemon may be writing there."""
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def state(workspace: Path, name: str) -> dict[str, Any]:
    """state.json as it is now; empty when there is none."""
    try:
        value = json.loads((workspace / name / ".tumbler" / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    assert isinstance(value, dict)
    return value


async def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a fact about files. The bound only ends a test that failed."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)


async def until_status(workspace: Path, name: str, *statuses: str) -> None:
    await until(lambda: state(workspace, name).get("status") in statuses)


async def edited_and_put_back(workspace: Path, name: str, path: Path) -> None:
    """Hold the project, edit `path`, and let it go on with the file as it was, also in its times."""
    text, times, pause = path.read_text(), path.stat(), workspace / name / "PAUSE"
    pause.touch()
    path.write_text("something else")
    await until_status(workspace, name, "paused")
    path.write_text(text)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    pause.unlink()


def touch(path: Path) -> None:
    """As the command: a new time, the same content."""
    now = path.stat().st_mtime_ns
    os.utime(path, ns=(now + 10_000_000, now + 10_000_000))
