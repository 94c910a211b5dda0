"""A project folder that is renamed, deleted or replaced while it is worked on: two cycles never share a folder."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agents.base import Outcome, Work
from tests.fakes.agents import ScriptedAgent, Trio, trio
from tests.fakes.daemon import delete, drop, running, settings, state, until, until_status


@dataclass
class Lingering(ScriptedAgent):
    """Takes a while to end when it is cancelled; counts how many work on the same at once."""

    at_work: list[str] = field(default_factory=list)
    together: int = 0

    async def run(self, work: Work) -> Outcome:
        self.at_work.append(work.requirements)
        self.together = max(self.together, self.at_work.count(work.requirements))
        try:
            return await super().run(work)
        except asyncio.CancelledError:
            await asyncio.sleep(0.3)
            raise
        finally:
            self.at_work.remove(work.requirements)


@pytest.fixture
def agents() -> Trio:
    """The Engineer's first call lasts for ever."""
    made = trio(scores=(9.0,))
    slow = Lingering(type(made.engineer.provider)(seconds=30.0), made.engineer.outcome)
    return Trio(made.architect, slow, made.verifier)


def lingering(agents: Trio) -> Lingering:
    assert isinstance(agents.engineer, Lingering)
    return agents.engineer


def ids(root: Path) -> list[int]:
    return [json.loads(path.read_text())["id"] for path in sorted(root.glob(".tumbler/journal/*.json"))]


async def begun(agents: Trio, workspace: Path) -> Path:
    """The project, while the Engineer works."""
    drop(workspace, "x")
    await until(lambda: lingering(agents).at_work)
    return workspace / "x"


@pytest.fixture(autouse=True)
def _alone(agents: Trio) -> Iterator[None]:
    yield
    assert lingering(agents).together == 1, "two worked on one folder"


async def test_a_project_renamed_at_work_goes_on_under_its_new_name(tmp_path: Path, agents: Trio) -> None:
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.2)):
        root = await begun(agents, tmp_path)
        lingering(agents).provider.seconds = 0.0
        root.rename(tmp_path / "y")
        await until_status(tmp_path, "y", "completed")
        await until(lambda: state(tmp_path, "y")["name"] == "y")
    assert not root.exists()
    assert max(Counter(ids(tmp_path / "y")).values()) == 1
    assert len(agents.architect.works) == 1, "what was planned is not planned again"


async def test_a_project_renamed_there_and_back_at_work_goes_on(tmp_path: Path, agents: Trio) -> None:
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.2)):
        root = await begun(agents, tmp_path)
        lingering(agents).provider.seconds = 0.0
        root.rename(tmp_path / "y")
        await asyncio.sleep(0.15)
        (tmp_path / "y").rename(root)
        await until_status(tmp_path, "x", "completed")
    assert not (tmp_path / "y").exists()
    assert max(Counter(ids(root)).values()) == 1


async def test_a_project_deleted_and_made_anew_at_work_begins_anew(tmp_path: Path, agents: Trio) -> None:
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.2)):
        root = await begun(agents, tmp_path)
        lingering(agents).provider.seconds = 0.0
        delete(root)
        drop(tmp_path, "x", "another\n")
        await until_status(tmp_path, "x", "completed")
    assert [work.requirements for work in agents.architect.works] == ["print hello\n", "another\n"]
    assert ids(root) == [1, 2, 3]


async def test_a_copy_put_in_a_projects_place_at_work_gets_nothing_of_the_old_work(
    tmp_path: Path, agents: Trio
) -> None:
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.2)):
        root = await begun(agents, tmp_path)
        before = ids(root)
        shutil.copytree(root, tmp_path / ".copy")
        lingering(agents).provider.seconds = 0.0
        root.rename(tmp_path / ".old")
        (tmp_path / ".copy").rename(root)
        await until_status(tmp_path, "x", "completed")
    assert ids(root) == [*before, 2, 3]
    assert len(agents.architect.works) == 1


async def test_two_projects_that_swap_their_names_at_work_are_both_finished(tmp_path: Path, agents: Trio) -> None:
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.2)):
        drop(tmp_path, "x", "first\n")
        drop(tmp_path, "y", "second\n")
        await until(lambda: len(lingering(agents).at_work) == 2)
        lingering(agents).provider.seconds = 0.0
        (tmp_path / "x").rename(tmp_path / ".x")
        (tmp_path / "y").rename(tmp_path / "x")
        (tmp_path / ".x").rename(tmp_path / "y")
        for name in ("x", "y"):
            await until_status(tmp_path, name, "completed")
    for name, wanted in (("x", "second"), ("y", "first")):
        assert wanted in (tmp_path / name / "02_plan" / "PLAN.md").read_text()
        assert max(Counter(ids(tmp_path / name)).values()) == 1
