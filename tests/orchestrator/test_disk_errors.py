"""A disk or a system that fails for a moment (EIO, a stale NFS handle, too many open files) fails no project.

Nor is a file that cannot be read for a moment taken for one that is absent or was changed.
"""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.base import Agent, Outcome, Work
from orchestrator import amendment, delivery, iterations
from orchestrator.config import Config
from orchestrator.crew import GivenCrew
from orchestrator.cycle import Cycle
from orchestrator.events import Stalled
from orchestrator.files import PASSING, DiskError, Folder
from orchestrator.files.directory import DescriptorDirectory
from orchestrator.machine import Action
from orchestrator.shell import Shell
from orchestrator.state import Status
from orchestrator.threads import in_thread
from orchestrator.triggers import fingerprint, manifest_of
from orchestrator.trouble import event_for
from providers import Completion, Listener, Request
from tests.fakes.agents import ScriptedProvider, trio
from tests.fakes.daemon import Heard, drop, running, settings, until, until_status

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the disk is played at the level of descriptors")


class Disk(DescriptorDirectory):
    """Refuses to open or look at the files `broken`; a write of `broken_once` fails at its last step, once."""

    broken: frozenset[str] = frozenset()
    broken_once = ""
    code = errno.EIO
    refused = 0

    def _touch(self, name: str) -> None:
        if name in Disk.broken:
            Disk.refused += 1
            raise OSError(Disk.code, os.strerror(Disk.code))

    def open(self, name: str, flags: int, mode: int = 0o644) -> int:
        self._touch(name)
        return super().open(name, flags, mode)

    def stat(self, name: str) -> os.stat_result:
        self._touch(name)
        return super().stat(name)

    def rename(self, old: str, new: str) -> None:
        if new == Disk.broken_once:
            Disk.broken_once = ""
            raise OSError(Disk.code, os.strerror(Disk.code))
        super().rename(old, new)


@pytest.fixture(autouse=True)
def _disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("orchestrator.files.folder.DescriptorDirectory", Disk)
    monkeypatch.setattr("orchestrator.trouble.RECHECK", timedelta(0))
    yield
    Disk.broken, Disk.broken_once, Disk.code, Disk.refused = frozenset(), "", errno.EIO, 0


READERS: dict[str, tuple[str, Callable[[Folder], object]]] = {
    "the manifest": ("03_staging/.manifest.json", manifest_of),
    "the facts of an iteration": (".tumbler/iterations/iter1.json", lambda folder: iterations.facts_of(folder, 1)),
    "the files of an iteration": (".tumbler/iterations/iter1.zip", lambda folder: iterations.files_of(folder, 1)),
    "the zip of an iteration": (".tumbler/iterations/iter1.zip", lambda folder: iterations.archive_of(folder, 1)),
    "a prepared delivery": (".tumbler/delivery.json", lambda folder: delivery.pending(folder, 1)),
    "a prepared amendment": (".tumbler/amendment.json", amendment.finish),
    "a trigger": ("02_plan/PLAN.md", lambda folder: fingerprint(folder, "02_plan/PLAN.md")),
}


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENOMEM], ids=errno.errorcode.get)
@pytest.mark.parametrize(("rel", "reader"), READERS.values(), ids=READERS)
def test_what_cannot_be_read_for_a_moment_is_not_absent(
    tmp_path: Path, rel: str, reader: Callable[[Folder], object], code: int
) -> None:
    with Folder.open(tmp_path) as folder:
        folder.write(rel, "{}")
        Disk.broken, Disk.code = frozenset({rel.rpartition("/")[2]}), code
        with pytest.raises(DiskError):
            reader(folder)


RECORDS = {name: reader for name, reader in READERS.items() if name != "a trigger"}


@pytest.mark.parametrize(("rel", "reader"), RECORDS.values(), ids=RECORDS)
@pytest.mark.parametrize("how", ["garbage", "a folder"])
def test_what_is_damaged_counts_as_absent(
    tmp_path: Path, rel: str, reader: Callable[[Folder], object], how: str
) -> None:
    with Folder.open(tmp_path) as folder:
        if how == "garbage":
            folder.write(rel, "{garbage")
        else:
            folder.mkdir(rel)
        assert not reader(folder)


@pytest.mark.parametrize("error", [DiskError("x: failed"), OSError(errno.EMFILE, "too many open files")])
def test_a_system_that_fails_makes_a_project_wait(error: Exception) -> None:
    assert isinstance(event_for(error, "x", datetime.now(UTC)), Stalled)


def test_an_error_of_ours_does_not() -> None:
    assert event_for(FileNotFoundError(errno.ENOENT, "gone"), "x", datetime.now(UTC)) is None


@pytest.mark.parametrize("name", ["PLAN.md", ".manifest.json", "REPORT_iter1.md", "usage.json", "delivery.json"])
async def test_a_write_that_fails_once_is_made_again_and_nothing_is_paid_twice(tmp_path: Path, name: str) -> None:
    agents = trio(scores=(9.0,))
    Disk.broken_once = name
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.1)) as heard:
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "completed")
    assert "the disk or the system failed" in heard.text()
    assert len(agents.architect.provider.requests) == 3


async def test_a_disk_that_fails_while_an_agent_works_does_not_stop_the_work(tmp_path: Path) -> None:
    agents, answered = trio(scores=(9.0,)), asyncio.Event()

    class Held(ScriptedProvider):
        async def complete(self, request: Request, listener: Listener | None = None) -> Completion:
            completion = await super().complete(request, listener)
            await answered.wait()
            return completion

    agents.architect.provider = Held()
    drop(tmp_path, "x")
    cycle = Cycle(
        Shell(tmp_path, settings(), GivenCrew(*agents.agents), Heard()), "x", lambda: Folder.open(tmp_path / "x")
    )
    attended = asyncio.create_task(cycle.run(first=True))
    await until(lambda: agents.architect.provider.requests)
    Disk.broken = frozenset({"requirements.txt"})
    cycle.poked.set()
    await until(lambda: Disk.refused)
    Disk.broken = frozenset()
    answered.set()
    async with asyncio.timeout(60):
        assert (await attended).status is Status.COMPLETED
    assert len(agents.architect.works) == 1


async def test_an_edit_is_known_as_such_although_the_manifest_could_not_be_read_at_first(tmp_path: Path) -> None:
    agents = trio(scores=(4.0, 9.0))
    judge = agents.verifier.outcome
    staged = tmp_path / "x" / "03_staging"

    def judge_and_edit(work: Work) -> Outcome:
        if len(agents.verifier.works) == 1:
            (staged / "main.py").write_text("mine\n")
            Disk.broken = frozenset({".manifest.json"})
        return judge(work)

    agents.verifier.outcome = judge_and_edit
    drop(tmp_path, "x")
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.1)) as heard:
        await until(lambda: "the disk or the system failed" in heard.text())
        Disk.broken = frozenset()
        await until_status(tmp_path, "x", "completed")
    assert agents.engineer.works[-1].edited == {"main.py"}


async def test_a_state_that_cannot_be_read_for_a_moment_is_looked_at_again_by_itself(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    Disk.broken = frozenset({"state.json"})
    async with running(tmp_path, trio(scores=(9.0,)), config=settings(rescan_seconds=0.1)) as heard:
        await until(lambda: "the disk or the system failed" in heard.text())
        Disk.broken = frozenset()
        await until_status(tmp_path, "x", "completed")


def test_a_disk_that_does_not_say_has_deleted_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Path) -> os.stat_result:
        raise OSError(errno.ESTALE, "stale")

    with Folder.open(tmp_path) as folder:
        monkeypatch.setattr(Path, "lstat", fails)
        assert folder.still_there()


def test_a_disk_that_fails_only_when_it_is_synced_is_noticed_before_a_call(tmp_path: Path) -> None:
    class Unsynced(Disk):
        def sync_file(self, descriptor: int) -> None:
            raise OSError(errno.EIO, "io")

    with Folder(tmp_path, Unsynced.at(tmp_path)) as folder, pytest.raises(DiskError):
        folder.probe(".tumbler/journal", 10)
    assert not list((tmp_path / ".tumbler/journal").iterdir())


# --- the system


async def test_a_system_without_room_for_a_thread_says_so_as_other_shortages(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fails)
    with pytest.raises(OSError, match="thread") as caught:
        in_thread(lambda: None)
    assert caught.value.errno in PASSING


async def test_a_shortage_met_while_a_server_is_asked_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Short(GivenCrew):
        left = 3

        async def agent(self, action: Action, config: Config) -> Agent:
            if Short.left:
                Short.left -= 1
                raise OSError(errno.EMFILE, "too many open files")
            return await super().agent(action, config)

    monkeypatch.setattr("orchestrator.daemon.GivenCrew", Short)
    drop(tmp_path, "x")
    async with running(tmp_path, trio(scores=(9.0,)), config=settings(rescan_seconds=0.1)) as heard:
        await until_status(tmp_path, "x", "completed")
    assert "internal error" not in heard.text()
