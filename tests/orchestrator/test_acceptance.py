"""ACCEPTANCE.md in the life of a project: written before the plan, handed on, never lost."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.base import Outcome, Planned, Verified, Work
from orchestrator.files.directory import DescriptorDirectory
from orchestrator.rerun import rerun
from tests.fakes.agents import Trio, trio
from tests.fakes.daemon import daemon, drop

CHECKS = "02_plan/ACCEPTANCE.md"


async def finish(workspace: Path, agents: Trio) -> None:
    async with asyncio.timeout(60):
        await daemon(workspace, agents).run(until_idle=True)


async def test_the_checks_are_there_before_the_plan_and_reach_engineer_and_verifier(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    three = trio()
    await finish(tmp_path, three)
    text = (tmp_path / "x" / CHECKS).read_text()
    assert text.startswith("# Acceptance: x")
    assert [work.acceptance for work in (*three.engineer.works, *three.verifier.works)] == [text] * 4
    plan = tmp_path / "x" / "02_plan" / "PLAN.md"
    assert (tmp_path / "x" / CHECKS).stat().st_mtime_ns <= plan.stat().st_mtime_ns


async def test_a_persons_checks_are_kept_beside_those_of_a_new_plan(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    await finish(tmp_path, trio())
    (tmp_path / "x" / CHECKS).write_text("my own checks\n")
    drop(tmp_path, "x", "something else")
    await finish(tmp_path, trio())
    assert "something else" in (tmp_path / "x" / CHECKS).read_text()
    assert (tmp_path / "x" / "02_plan" / "ACCEPTANCE.before.md").read_text() == "my own checks\n"


async def test_a_persons_checks_are_kept_also_when_it_is_planned_twice_more(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    await finish(tmp_path, trio())
    (tmp_path / "x" / CHECKS).write_text("my own checks\n")
    for text in ("something else", "something else again"):
        drop(tmp_path, "x", text)
        await finish(tmp_path, trio())
    assert "something else" in (tmp_path / "x" / "02_plan" / "ACCEPTANCE.before.md").read_text()
    (kept,) = (tmp_path / "x" / ".tumbler" / "edited").rglob("ACCEPTANCE.before.md")
    assert kept.read_text() == "my own checks\n"


async def test_checks_edited_by_hand_hold_for_the_next_iteration(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    three = trio()
    judge = three.verifier.outcome

    def edited(work: Work) -> Outcome:
        (tmp_path / "x" / CHECKS).write_text("my own checks\n")
        return judge(work)

    three.verifier.outcome = edited
    await finish(tmp_path, three)
    assert three.engineer.works[1].acceptance == "my own checks\n"
    assert (tmp_path / "x" / CHECKS).read_text() == "my own checks\n"


async def test_a_plan_without_checks_takes_those_of_the_plan_before_away(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    await finish(tmp_path, trio())
    drop(tmp_path, "x", "something else")
    three = trio()
    three.architect.outcome = lambda work: Planned(f"# Plan\n\n{work.requirements}\n")
    await finish(tmp_path, three)
    assert not (tmp_path / "x" / CHECKS).exists()
    assert {work.acceptance for work in three.verifier.works} == {""}


# --- what a trial changes in them


class Disk(DescriptorDirectory):
    """Refuses the file `broken`, once."""

    broken = ""

    def rename(self, old: str, new: str) -> None:
        if new == Disk.broken:
            Disk.broken = ""
            raise OSError(errno.EIO, "input/output error")
        super().rename(old, new)


@pytest.fixture
def _disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("orchestrator.files.folder.DescriptorDirectory", Disk)
    yield
    Disk.broken = ""


def trying(broken: str = "") -> Trio:
    """The Verifier tries a check in the first iteration, after which the disk refuses `broken`."""
    agents = trio()
    judge = agents.verifier.outcome

    def tried(work: Work) -> Outcome:
        verified = judge(work)
        assert isinstance(verified, Verified)
        Disk.broken = broken
        return replace(verified, acceptance="tried\n") if work.iteration == 1 else verified

    agents.verifier.outcome = tried
    return agents


DESCRIPTORS = pytest.mark.skipif(os.name == "nt", reason="the disk is played at the level of descriptors")


@DESCRIPTORS
@pytest.mark.usefixtures("_disk")
@pytest.mark.parametrize("broken", ["ACCEPTANCE.md", "REPORT_iter1.md", "amendment.json", "nothing"])
async def test_a_trial_that_was_cut_off_at_any_file_reaches_the_next_iteration(tmp_path: Path, broken: str) -> None:
    drop(tmp_path, "x")
    first, again = trying(broken), trying()
    await finish(tmp_path, first)
    if not (tmp_path / "x/04_feedback/REPORT_iter1.md").exists():
        rerun(tmp_path, "x", "verifier")
    await finish(tmp_path, again)
    works = (*first.engineer.works, *again.engineer.works)
    assert [work.acceptance for work in works if work.iteration == 2] == ["tried\n"]
    assert not (tmp_path / "x/.tumbler/amendment.json").exists()


async def test_checks_that_a_person_edits_during_a_trial_are_not_amended(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    agents = trying()
    judge = agents.verifier.outcome

    def edited(work: Work) -> Outcome:
        (tmp_path / "x" / CHECKS).write_text("my own checks\n")
        return judge(work)

    agents.verifier.outcome = edited
    await finish(tmp_path, agents)
    assert agents.engineer.works[1].acceptance == "my own checks\n"
