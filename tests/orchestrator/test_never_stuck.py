"""A project with something to do is worked on: none stands still under a status that says it is at work.

The cycles run without a watcher, as where events are lost: no later event comes to their help.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from agents.base import Outcome, Work
from orchestrator.crew import GivenCrew
from orchestrator.cycle import Cycle
from orchestrator.files import Folder
from orchestrator.files.directory import DescriptorDirectory
from orchestrator.shell import Shell
from orchestrator.state import Status
from tests.fakes.agents import ScriptedAgent, Trio, trio
from tests.fakes.daemon import Heard, drop, settings, until

DESCRIPTORS = pytest.mark.skipif(os.name == "nt", reason="the disk is played at the level of descriptors")


def cycle(workspace: Path, agents: Trio) -> Cycle:
    shell = Shell(workspace, settings(max_iterations=2), GivenCrew(*agents.agents), Heard())
    return Cycle(shell, "x", lambda: Folder.open(workspace / "x"))


@dataclass
class PutsBack(ScriptedAgent):
    """When it is stopped, the person has just taken the edit back, times included."""

    path: Path = Path()
    original: tuple[str, os.stat_result] | None = None

    async def run(self, work: Work) -> Outcome:
        try:
            return await super().run(work)
        except asyncio.CancelledError:
            if self.original is not None:
                text, times = self.original
                self.path.write_text(text)
                os.utime(self.path, ns=(times.st_atime_ns, times.st_mtime_ns))
                self.provider.seconds = 0.0
            raise


@pytest.mark.parametrize("file", ["01_input/requirements.txt", "02_plan/PLAN.md"])
async def test_an_edit_taken_back_before_it_was_taken_up_lets_the_work_go_on(tmp_path: Path, file: str) -> None:
    made = trio(scores=(9.0,))
    slow = PutsBack(type(made.engineer.provider)(seconds=30.0), made.engineer.outcome, path=tmp_path / "x" / file)
    drop(tmp_path, "x")
    attended = cycle(tmp_path, Trio(made.architect, slow, made.verifier))
    running = asyncio.create_task(attended.run(first=True))
    await until(lambda: slow.works)
    slow.original = slow.path.read_text(), slow.path.stat()
    slow.path.write_text("another")
    attended.poked.set()
    async with asyncio.timeout(60):
        assert (await running).status is Status.COMPLETED
    assert len(made.architect.works) == 1


class Disk(DescriptorDirectory):
    """Loses the file `lost` in the moment in which it is written, once."""

    lost = ""

    def rename(self, old: str, new: str) -> None:
        super().rename(old, new)
        if new == Disk.lost:
            Disk.lost = ""
            self.unlink(new)


@pytest.fixture
def _disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("orchestrator.files.folder.DescriptorDirectory", Disk)
    yield
    Disk.lost = ""


@DESCRIPTORS
@pytest.mark.usefixtures("_disk")
@pytest.mark.parametrize("lost", ["PLAN.md", ".manifest.json", "REPORT_iter1.md"])
async def test_what_is_deleted_in_the_moment_it_is_written_is_made_again(tmp_path: Path, lost: str) -> None:
    drop(tmp_path, "x")
    Disk.lost = lost
    async with asyncio.timeout(60):
        assert (await cycle(tmp_path, trio(scores=(9.0,))).run(first=True)).status is Status.COMPLETED
    assert Disk.lost == "", "it was never deleted"


async def test_work_that_nobody_cancelled_but_a_library_is_told_as_failed(tmp_path: Path) -> None:
    """Cancel scopes of libraries are known to leak; the project's cycle would end without a word."""
    agents = trio(scores=(9.0,))

    def cancelled(_: Work) -> Outcome:
        raise asyncio.CancelledError

    agents.engineer.outcome = cancelled
    drop(tmp_path, "x")
    ended = await cycle(tmp_path, agents).run(first=True)
    assert ended.status is Status.FAILED
    assert "cancelled from within" in (ended.error or "")


async def test_a_cycle_that_is_cancelled_leaves_no_task_behind(tmp_path: Path) -> None:
    agents = trio(seconds=30.0)
    drop(tmp_path, "x")
    running = asyncio.create_task(cycle(tmp_path, agents).run(first=True))
    await until(lambda: agents.architect.provider.requests)
    running.cancel()
    await asyncio.wait({running})
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


class Elsewhere(DescriptorDirectory):
    """Remembers the files that were looked at, or read, on the event loop, and those elsewhere."""

    loop_thread = 0
    seen: ClassVar[set[str]] = set()
    elsewhere: ClassVar[set[str]] = set()

    def _note(self, name: str) -> None:
        (Elsewhere.seen if threading.get_ident() == Elsewhere.loop_thread else Elsewhere.elsewhere).add(name)

    def open(self, name: str, flags: int, mode: int = 0o644) -> int:
        self._note(name)
        return super().open(name, flags, mode)

    def stat(self, name: str) -> os.stat_result:
        self._note(name)
        return super().stat(name)


@DESCRIPTORS
async def test_no_project_file_is_read_on_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.files.folder.DescriptorDirectory", Elsewhere)
    Elsewhere.loop_thread, Elsewhere.seen = threading.get_ident(), set()
    Elsewhere.elsewhere = set()
    agents = trio(scores=(4.0, 5.0), seconds=0.05)
    drop(tmp_path, "x")
    attended = cycle(tmp_path, agents)
    running = asyncio.create_task(attended.run(first=True))
    while not running.done():
        attended.poked.set()
        await asyncio.wait({running}, timeout=0.03)
    assert (await running).status is Status.EXHAUSTED
    assert Elsewhere.seen <= {"PAUSE", "STOP"}
    assert ".manifest.json" in Elsewhere.elsewhere
