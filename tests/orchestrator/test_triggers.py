"""Fingerprints of trigger files: what counts as a change, and what as a mere touch from before the start."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.project import Trigger
from orchestrator.triggers import untouched, written_at
from orchestrator.view import Row
from tests.fakes.agents import trio
from tests.fakes.daemon import Heard, drop, running, settings, state, until, until_status

TAKEN = {Trigger.PLAN: "100:same"}


@pytest.mark.parametrize(
    ("mark", "forgotten"),
    [
        ("150:same", True),
        ("199:same", True),
        ("200:same", False),
        ("250:same", False),
        ("300:same", False),
        ("301:same", True),
        ("150:other", False),
        ("250:other", False),
    ],
)
def test_touches_before_the_start_are_forgotten_and_edits_never(mark: str, forgotten: bool) -> None:
    """Watching since 200, now it is 300. A time to come says nothing; it would be news at every start."""
    taken = untouched(TAKEN, {Trigger.PLAN: mark}, since=200, now=300)
    assert (taken[Trigger.PLAN] == mark) is forgotten


async def test_a_touch_before_the_first_look_of_a_daemon_that_watches_already_counts(tmp_path: Path) -> None:
    class Hasty(Heard):
        def say(self, text: str, **about: object) -> None:
            super().say(text)
            if "watching" in text:
                (tmp_path / "x/02_plan/PLAN.md").touch()

    agents = trio(scores=(9.0,))
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "completed")
    async with running(tmp_path, agents, Hasty()):
        await until(lambda: len(agents.engineer.works) == 2)
        await until_status(tmp_path, "x", "completed")
    assert len(agents.architect.works) == 1
    assert state(tmp_path, "x")["iteration"] == 1


async def test_a_copy_of_a_finished_project_is_finished_too(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.2)):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "completed")
        shutil.copytree(tmp_path / "x", tmp_path / "copy", copy_function=shutil.copy)
        drop(tmp_path, "later")
        await until_status(tmp_path, "later", "completed")
    assert {work.project for work in agents.architect.works} == {"x", "later"}


async def test_a_plan_written_between_the_requirements_and_the_architects_start_stands(tmp_path: Path) -> None:
    class Quick(Heard):
        """Writes as soon as it is shown that the Architect is about to begin."""

        def show(self, project: str, row: Row | None) -> None:
            super().show(project, row)
            plan = tmp_path / project / "02_plan/PLAN.md"
            if row and row.agent == "architect" and not plan.exists():
                plan.parent.mkdir()
                plan.write_text("my own plan")

    agents = trio(scores=(9.0,))
    async with running(tmp_path, agents, Quick()):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "completed")
    assert (tmp_path / "x/02_plan/PLAN.md").read_text() == "my own plan"
    assert (tmp_path / "x/02_plan/PLAN.generated.md").exists()
    assert agents.engineer.works[0].plan == "my own plan"


@pytest.mark.parametrize("mark", ["", "0:NotRegular", "nonsense", f"{10**40}:much later"])
def test_a_fingerprint_without_a_time_says_none(mark: str) -> None:
    assert written_at(mark) is None


def test_a_fingerprint_says_when_the_file_was_written() -> None:
    assert written_at("1700000000000000000:x") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
