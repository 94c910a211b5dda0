"""What a person, a disk or a server does at the wrong moment. Agents are scripted; all else is real."""

import asyncio
import shutil
from pathlib import Path

from agents.base import Outcome, Planned, Work
from orchestrator.config import DailyLimits, Limits
from tests.fakes.agents import Trio, trio
from tests.fakes.daemon import Heard, daemon, drop, running, settings, state, until, until_status


async def finish(workspace: Path, agents: Trio, heard: Heard | None = None, **more: object) -> int:
    """Run until nothing is left to do; the exit code."""
    async with asyncio.timeout(20):
        return await daemon(workspace, agents, heard, settings(**more)).run(until_idle=True)


# --- budgets


async def test_a_restart_does_not_forget_what_today_has_cost(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    assert await finish(tmp_path, trio(scores=(9.0,))) == 0
    drop(tmp_path, "y")
    agents = trio(scores=(9.0,))
    await finish(tmp_path, agents, limits=Limits(daily=DailyLimits(max_calls=3)))
    assert state(tmp_path, "y")["status"] == "paused"
    assert not agents.architect.provider.requests


# --- the folder


async def test_a_project_replaced_at_work_is_looked_at_again(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.5)
    drop(tmp_path, "x", "first")
    drop(tmp_path, ".aside", "second")
    async with running(tmp_path, agents):
        await until(lambda: agents.architect.works)
        (tmp_path / "x").rename(tmp_path / ".old")
        (tmp_path / ".aside").rename(tmp_path / "x")
        await until_status(tmp_path, "x", "completed")
    assert agents.architect.works[-1].requirements == "second"


async def test_a_project_whose_memory_is_deleted_at_work_starts_afresh(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.3)
    drop(tmp_path, "x")
    async with running(tmp_path, agents):
        await until(lambda: agents.engineer.works)
        shutil.rmtree(tmp_path / "x" / ".tumbler")
        await until_status(tmp_path, "x", "completed")


async def test_a_deleted_project_does_not_count_in_the_exit_code(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.3)
    drop(tmp_path, "x")
    drop(tmp_path, "y")

    def vanish(work: Work) -> Outcome:
        shutil.rmtree(tmp_path / "y", ignore_errors=True)
        return Planned("plan")

    agents.architect.outcome = vanish
    assert await finish(tmp_path, agents) == 0
