"""The daemon dies at every file-system call of a whole two-iteration cycle, and goes on as if nothing had happened.

Death is played: from the chosen call on, every call that would change a file raises, so nothing that runs afterwards
(clean-up, other threads) can reach the disk. CRASH_POINTS=all tries every call; the ordinary run takes a sample.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.base import Outcome, Verified, Work
from orchestrator.files.directory import DescriptorDirectory
from tests.fakes.agents import Trio, trio
from tests.fakes.daemon import daemon, drop, state

SAMPLE = 40


class Dead(BaseException):
    """No `except Exception` may survive its own death."""


class Plan:
    """At which call to die, counted from 1 over all threads; 0 for never."""

    def __init__(self, at: int = 0, how: str = "before") -> None:
        self.at = at
        self.how = how
        self.count = 0
        self.dead = False

    def reached(self) -> bool:
        if self.dead:
            raise Dead
        self.count += 1
        self.dead = self.count == self.at
        return self.dead

    def require_space(self) -> None:
        """The disk is full from the chosen call on; files can still be removed."""
        self.count += 1
        if self.at and self.count >= self.at:
            raise OSError(errno.ENOSPC, "full")


class Mortal(DescriptorDirectory):
    plan = Plan()

    def _do(self, name: str, *arguments: object) -> object:
        if self.plan.how == "full":
            self.plan.require_space()
            return getattr(DescriptorDirectory, name)(self, *arguments)
        last = self.plan.reached()
        if last and self.plan.how == "before":
            raise Dead
        done = getattr(DescriptorDirectory, name)(self, *arguments)
        if last:
            raise Dead
        return done

    def make(self, name: str) -> None:
        self._do("make", name)

    def open(self, name: str, flags: int, mode: int = 0o644) -> int:
        if not flags & os.O_CREAT:
            return super().open(name, flags, mode)
        descriptor = self._do("open", name, flags, mode)
        assert isinstance(descriptor, int)
        return descriptor

    def write(self, descriptor: int, data: memoryview) -> int:
        if self.plan.how == "full":
            self.plan.require_space()
        elif self.plan.reached():
            if self.plan.how != "before":
                super().write(descriptor, data[: len(data) // 2] if self.plan.how == "torn" else data)
            raise Dead
        return super().write(descriptor, data)

    def sync_file(self, descriptor: int) -> None:
        self._do("sync_file", descriptor)

    def sync(self) -> None:
        self._do("sync")

    def rename(self, old: str, new: str) -> None:
        self._do("rename", old, new)

    def link(self, old: str, new: str) -> None:
        self._do("link", old, new)

    def unlink(self, name: str) -> None:
        if self.plan.how == "full":
            return super().unlink(name)
        self._do("unlink", name)
        return None

    def remove(self, name: str) -> None:
        if self.plan.how == "full":
            return super().remove(name)
        self._do("remove", name)
        return None


@pytest.fixture(autouse=True)
def mortal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("orchestrator.files.folder.DescriptorDirectory", Mortal)
    yield
    Mortal.plan = Plan()


def trying() -> Trio:
    """The Verifier puts a check on trial in the first iteration, and so changes ACCEPTANCE.md."""
    agents = trio()
    judge = agents.verifier.outcome

    def tried(work: Work) -> Outcome:
        verified = judge(work)
        assert isinstance(verified, Verified)
        return replace(verified, acceptance=f"tried: {work.acceptance}") if work.iteration == 1 else verified

    agents.verifier.outcome = tried
    return agents


async def live(workspace: Path, agents: Trio, plan: Plan) -> None:
    """One life of the daemon: to the end of the work, or to its death."""
    Mortal.plan = plan
    running = asyncio.ensure_future(daemon(workspace, agents).run(until_idle=True))
    while not running.done() and not plan.dead:
        await asyncio.wait({running}, timeout=0.005)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    if not plan.dead:
        running.result()


def results(root: Path) -> dict[str, str]:
    """What a person gets, without times: plan, staged files, reports, and what the zip holds."""
    found = {}
    for path in sorted([*root.glob("02_plan/*"), *root.glob("03_staging/**/*.py"), *root.glob("04_feedback/*")]):
        found[path.relative_to(root).as_posix()] = path.read_text()
    for path in root.glob("05_final/*.zip"):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            found |= {f"zip:{name}": archive.read(name).decode() for name in archive.namelist()}
    return found


def torn(root: Path) -> list[str]:
    """Whatever a reader would find broken, at any moment."""
    wrong = []
    for path in [*root.glob(".tumbler/*.json"), *root.glob(".tumbler/journal/*.json")]:
        try:
            json.loads(path.read_text())
        except ValueError:
            wrong.append(f"{path.name} is no JSON")
    manifest = root / "03_staging" / ".manifest.json"
    if manifest.exists():
        for row in json.loads(manifest.read_text())["files"]:
            data = (root / "03_staging" / row["path"]).read_bytes()
            if hashlib.sha256(data).hexdigest() != row["sha256"]:
                wrong.append(f"{row['path']} is not as its manifest says")
    for path in root.glob("05_final/*.zip"):
        with zipfile.ZipFile(path) as archive:
            wrong += [f"{path.name} is broken"] if archive.testzip() else []
    return wrong


def finished(root: Path) -> list[str]:
    """What must hold once the work is done."""
    usage = json.loads((root / ".tumbler" / "usage.json").read_text())
    entries = [json.loads(path.read_text()) for path in root.glob(".tumbler/journal/*.json")]
    tokens = sum(entry["tokens"]["input"] + entry["tokens"]["output"] for entry in entries)
    wrong = [] if usage["total_tokens"] == tokens else ["usage.json is not the sum of the journal"]
    wrong += [f"{path} was left behind" for path in root.rglob(".tumbler-*.tmp")]
    wrong += [f"{path} was left behind" for path in root.glob(".tumbler/work*")]
    wrong += [] if len(list(root.glob("05_final/*"))) == 1 else ["not exactly one zip"]
    return wrong


async def whole(workspace: Path) -> tuple[int, dict[str, str]]:
    """How many calls an undisturbed cycle makes, and what it results in."""
    drop(workspace, "x")
    plan = Plan()
    await live(workspace, trying(), plan)
    assert state(workspace, "x")["status"] == "completed"
    assert plan.count > 100, "the disk that dies was not used"
    return plan.count, results(workspace / "x")


async def survive(workspace: Path, plans: list[Plan], wanted: dict[str, str]) -> list[str]:
    """Die by each plan in turn, then live on; what is wrong then."""
    agents = trying()
    drop(workspace, "x")
    wrong = []
    for plan in plans:
        await live(workspace, agents, plan)
        wrong += torn(workspace / "x")
    await live(workspace, agents, Plan())
    root = workspace / "x"
    wrong += torn(root) + finished(root)
    wrong += [f"{path} was left behind" for path in workspace.glob(".tumbler-*.tmp")]
    if results(root) != wanted:
        wrong.append("the result differs from that of an undisturbed cycle")
    asked = len(agents.architect.provider.requests)
    if asked > 5 + len(plans):
        wrong.append(f"{asked} calls were paid instead of at most {5 + len(plans)}")
    return wrong


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", ["before", "after", "torn"])
async def test_death_at_any_call_loses_nothing_and_repeats_at_most_one_call(tmp_path: Path, how: str) -> None:
    count, wanted = await whole(tmp_path / "whole")
    step = 1 if os.environ.get("CRASH_POINTS") == "all" else max(1, count * 3 // SAMPLE)
    points = range(1 + ["before", "after", "torn"].index(how) * step // 3, count + 1, step)
    assert len(points) > 10
    wrong = {}
    for at in points:
        workspace = tmp_path / f"at{at}"
        found = await survive(workspace, [Plan(at, how)], wanted)
        if found:
            wrong[at] = found
        shutil.rmtree(workspace)
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_second_death_while_recovering_loses_nothing_either(tmp_path: Path) -> None:
    count, wanted = await whole(tmp_path / "whole")
    step = 7 if os.environ.get("CRASH_POINTS") == "all" else max(1, count // 8)
    wrong = {}
    for at in range(5, count + 1, step):
        workspace = tmp_path / f"at{at}"
        found = await survive(workspace, [Plan(at, "after"), Plan(1 + at % 11, "before")], wanted)
        if found:
            wrong[at] = found
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_disk_that_is_full_from_any_call_on_costs_at_most_the_answer_that_had_come(tmp_path: Path) -> None:
    count, wanted = await whole(tmp_path / "whole")
    step = 1 if os.environ.get("CRASH_POINTS") == "all" else max(1, count // 16)
    wrong = {}
    for at in range(3, count + 1, step):
        workspace = tmp_path / f"at{at}"
        agents = trying()
        drop(workspace, "x")
        Mortal.plan = Plan(at, "full")
        async with asyncio.timeout(60):
            await daemon(workspace, agents).run(until_idle=True)
        found = torn(workspace / "x")
        Mortal.plan = Plan()
        async with asyncio.timeout(60):
            assert await daemon(workspace, agents).run(until_idle=True) == 0, state(workspace, "x")
        found += torn(workspace / "x") + finished(workspace / "x")
        if results(workspace / "x") != wanted:
            found.append("the result differs from that of an undisturbed cycle")
        asked = len(agents.architect.provider.requests)
        found += [f"{asked} calls were paid instead of 5, or 6"] if asked > 6 else []
        if found:
            wrong[at] = found
        shutil.rmtree(workspace)
    assert wrong == {}
