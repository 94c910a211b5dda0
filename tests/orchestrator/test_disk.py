"""A disk that is full, over its quota or read-only: no call is made whose answer could not be kept."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agents.base import Outcome, Planned, Work
from orchestrator.files import Folder
from orchestrator.files.directory import DescriptorDirectory
from orchestrator.journal import Journal
from providers import Message
from tests.fakes.agents import ScriptedAgent, Trio, trio
from tests.fakes.daemon import Heard, drop, running, settings, until, until_status

DESCRIPTORS = pytest.mark.skipif(os.name == "nt", reason="the disk is played at the level of descriptors")


class Disk(DescriptorDirectory):
    """Takes no writes while `error` is set, and says `free` bytes are left."""

    error: int | None = None
    free: int | None = None

    def write(self, descriptor: int, data: memoryview) -> int:
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        return super().write(descriptor, data)

    def free_bytes(self) -> int:
        return super().free_bytes() if self.free is None else self.free


@pytest.fixture(autouse=True)
def _disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("orchestrator.files.folder.DescriptorDirectory", Disk)
    yield
    Disk.error = Disk.free = None


class AsksTwice(ScriptedAgent):
    """The disk fills up between the two calls, the first time."""

    fault: int | None = None

    async def run(self, work: Work) -> Outcome:
        self.works.append(work)
        for part in ("first half", "second half"):
            await work.model.complete([Message("user", part)], purpose=part[:5])
            if len(self.works) == 1:
                Disk.error, Disk.free = self.fault, 1 << 20 if self.fault is None else None
        return Planned("# Plan\n\nof two halves\n")


def twice(fault: int | None) -> Trio:
    agents = trio(scores=(9.0,))
    architect = AsksTwice(type(agents.architect.provider)(), agents.architect.outcome)
    architect.fault = fault
    return Trio(architect, agents.engineer, agents.verifier)


@DESCRIPTORS
@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, None], ids=str)
async def test_a_disk_that_takes_nothing_more_is_noticed_before_a_call_and_the_work_goes_on_by_itself(
    tmp_path: Path, fault: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.trouble.SOON", timedelta(0))
    heard = Heard()
    agents = twice(fault)
    provider = agents.architect.provider
    async with running(tmp_path, agents, heard, settings(rescan_seconds=0.1)):
        drop(tmp_path, "x")
        await until(lambda: any(word in heard.text() for word in ("full", "quota", "read-only", "are free")))
        assert [request.messages[0].content for request in provider.requests] == ["first half"]
        Disk.error = Disk.free = None
        await until_status(tmp_path, "x", "completed")
    assert [request.messages[0].content for request in provider.requests] == ["first half", "second half"]
    with Folder.open(tmp_path / "x") as folder:
        assert [entry.outcome for entry in Journal.open(folder).entries()] == ["ok"] * 4
    assert not list(tmp_path.rglob(".tumbler-*.tmp"))
