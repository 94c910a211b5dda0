"""ACCEPTANCE.md in the life of a project: written before the plan, handed on, never lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from agents.base import Outcome, Planned, Work
from tests.fakes.agents import Trio, trio
from tests.fakes.daemon import daemon, drop

CHECKS = "02_plan/ACCEPTANCE.md"


async def finish(workspace: Path, agents: Trio) -> None:
    async with asyncio.timeout(20):
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
