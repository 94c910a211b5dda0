"""What a person changes while the real daemon works is found in the report afterwards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestrator.digest import Digest, digest
from orchestrator.files import Folder
from orchestrator.iterations import facts_of
from orchestrator.status import standing
from tests.fakes.agents import trio
from tests.fakes.daemon import daemon, drop, running, touch, until, until_status


async def finished(workspace: Path, *scores: float) -> Path:
    drop(workspace, "hello")
    async with asyncio.timeout(60):
        await daemon(workspace, trio(scores=scores)).run(until_idle=True)
    return workspace / "hello"


def of(root: Path) -> Digest:
    return digest(root, standing(root))


async def test_a_project_that_nobody_touched_has_no_edits_and_rounds_with_a_time(tmp_path: Path) -> None:
    found = of(await finished(tmp_path, 4.0, 9.0))
    assert found.edits == ()
    assert [each.edited for each in found.rounds] == [(), ()]
    now = datetime.now(UTC)
    assert all(each.judged and now - timedelta(minutes=1) < each.judged <= now for each in found.rounds)


async def test_a_plan_a_file_and_a_report_changed_afterwards_are_named(tmp_path: Path) -> None:
    root = await finished(tmp_path, 9.0)
    changed = ("02_plan/PLAN.md", "03_staging/main.py", "04_feedback/REPORT_iter1.md")
    for path in changed:
        (root / path).write_text("mine\n", encoding="utf-8")
    assert tuple(edit.path for edit in of(root).edits) == changed


async def test_an_edit_that_was_tested_is_noted_with_its_round(tmp_path: Path) -> None:
    async with running(tmp_path, trio(scores=(9.0,))):
        drop(tmp_path, "hello")
        await until_status(tmp_path, "hello", "completed")
        root = tmp_path / "hello"
        (root / "03_staging/main.py").write_text("mine\n", encoding="utf-8")
        touch(root / "03_staging/.manifest.json")
        with Folder.open(root) as folder:
            await until(lambda: (facts := facts_of(folder, 1)) and facts.edited == ("main.py",))


async def test_a_huge_file_in_staging_is_named_without_being_read(tmp_path: Path) -> None:
    root = await finished(tmp_path, 9.0)
    with (root / "03_staging/data.bin").open("wb") as file:
        file.truncate(300 << 20)
    assert [(edit.path, edit.added) for edit in of(root).edits] == [("03_staging/data.bin", None)]
