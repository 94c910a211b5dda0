"""What a person, a disk or a server does at the wrong moment. Agents are scripted; all else is real."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from agents.base import AgentError, Built, Outcome, Planned, Work
from orchestrator.aside import keep_aside
from orchestrator.config import DailyLimits, Limits
from orchestrator.delivery import Delivery, prepare, staged_hashes
from orchestrator.documents import Documents
from orchestrator.files import Folder
from orchestrator.journal import Journal
from orchestrator.shell import Shell
from orchestrator.state import State
from orchestrator.store import load, save
from orchestrator.triggers import fingerprint
from providers import Activity, Completion, FinishReason, Listener, Progress, Request, Unavailable, Usage
from tests.fakes.agents import ScriptedProvider, Trio, trio, verdict
from tests.fakes.daemon import (
    Heard,
    daemon,
    delete,
    drop,
    edited_and_put_back,
    running,
    settings,
    state,
    touch,
    until,
    until_status,
)


async def finish(workspace: Path, agents: Trio, heard: Heard | None = None, **more: object) -> int:
    """Run until nothing is left to do; the exit code."""
    async with asyncio.timeout(60):
        return await daemon(workspace, agents, heard, settings(**more)).run(until_idle=True)


def zips(workspace: Path, name: str) -> list[str]:
    return sorted(path.name for path in (workspace / name / "05_final").iterdir())


# --- reports


async def test_the_report_of_an_earlier_plan_does_not_stand_for_code_that_was_not_verified(tmp_path: Path) -> None:
    agents = trio(scores=(4.0, 9.0))
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 0

    def breaks_in_the_second(work: Work) -> Outcome:
        if work.iteration == 2:
            raise AgentError("broken")
        return verdict(4.0)

    agents.verifier.outcome = breaks_in_the_second
    (tmp_path / "x" / "02_plan" / "PLAN.md").write_text("another plan")
    assert await finish(tmp_path, agents) == 1
    assert state(tmp_path, "x")["status"] == "failed"
    assert len(zips(tmp_path, "x")) == 1


async def test_a_report_edited_while_the_engineer_works_from_it_is_taken_up_at_once(tmp_path: Path) -> None:
    agents = trio(scores=(4.0, 9.0))
    agents.verifier.provider = ScriptedProvider()
    judge = agents.verifier.outcome

    def judge_and_slow_down(work: Work) -> Outcome:
        agents.engineer.provider.seconds = 30.0
        return judge(work)

    agents.verifier.outcome = judge_and_slow_down
    drop(tmp_path, "x")
    async with running(tmp_path, agents):
        await until(lambda: len(agents.engineer.works) == 2)
        (tmp_path / "x" / "04_feedback" / "REPORT_iter1.md").write_text("Score: 9/10\n")
        await until_status(tmp_path, "x", "completed")
    assert state(tmp_path, "x")["iteration"] == 1
    assert len(zips(tmp_path, "x")) == 1


async def test_a_report_by_hand_is_not_read_with_what_an_earlier_plans_program_came_to(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 0

    def breaks(_: Work) -> Outcome:
        raise AgentError("broken")

    agents.verifier.outcome = breaks
    agents.engineer.outcome = lambda _: Built({"main.py": "print('another')\n"}, raw="raw")
    (tmp_path / "x" / "02_plan" / "PLAN.md").write_text("another plan")
    assert await finish(tmp_path, agents) == 1
    (tmp_path / "x" / "04_feedback" / "REPORT_iter1.md").write_text("Score: 9.5/10\n")
    assert await finish(tmp_path, agents) == 0
    assert [score["summary"] for score in state(tmp_path, "x")["scores"]] == ["by hand"]


async def test_the_limit_of_iterations_is_told_once(tmp_path: Path) -> None:
    heard = Heard()
    drop(tmp_path, "x")
    await finish(tmp_path, trio(scores=(4.0,)), heard, max_iterations=2)
    assert heard.text().count("exhausted: ") == 1


async def test_a_best_iteration_that_is_damaged_is_not_said_to_be_back(tmp_path: Path) -> None:
    agents, heard = trio(scores=(6.0, 4.0)), Heard()
    judge = agents.verifier.outcome

    def judge_and_damage(work: Work) -> Outcome:
        if work.iteration == 2:
            (tmp_path / "x" / ".tumbler" / "iterations" / "iter1.zip").write_bytes(b"PK damaged")
        return judge(work)

    agents.verifier.outcome = judge_and_damage
    drop(tmp_path, "x")
    await finish(tmp_path, agents, heard, max_iterations=2)
    assert state(tmp_path, "x")["status"] == "exhausted"
    assert json.loads((tmp_path / "x" / "03_staging" / ".manifest.json").read_text())["iteration"] == 2
    assert "is back" not in (tmp_path / "x" / "04_feedback" / "DIAGNOSIS.md").read_text()
    assert "03_staging stays as it is" in heard.text()


async def test_an_older_report_that_is_edited_is_said_once_to_decide_nothing(tmp_path: Path) -> None:
    heard = Heard()
    drop(tmp_path, "x")
    async with running(tmp_path, trio(scores=(4.0, 9.0)), heard):
        await until_status(tmp_path, "x", "completed")
        older = tmp_path / "x" / "04_feedback" / "REPORT_iter1.md"
        for text in ("Score: 10/10\n", "Score: 9.9/10\n"):
            older.write_text(text)
            await until(lambda: "REPORT_iter1.md was edited" in heard.text())
            await asyncio.sleep(0.2)
    assert heard.text().count("REPORT_iter1.md was edited, but only the newest report decides") == 1
    assert "edit 04_feedback/REPORT_iter2.md" in heard.text()
    assert state(tmp_path, "x")["iteration"] == 2


async def test_an_older_report_edited_at_work_is_pointed_out_too(tmp_path: Path) -> None:
    heard = Heard()
    agents = trio(scores=(4.0, 5.0, 9.0))
    build = agents.engineer.outcome

    def slow_in_the_third(work: Work) -> Outcome:
        agents.engineer.provider.seconds = 30.0 if work.iteration == 2 else 0.0
        return build(work)

    agents.engineer.outcome = slow_in_the_third
    agents.verifier.provider = ScriptedProvider()
    drop(tmp_path, "x")
    async with running(tmp_path, agents, heard):
        await until(lambda: len(agents.engineer.works) == 3)
        (tmp_path / "x" / "04_feedback" / "REPORT_iter1.md").write_text("Score: 10/10\n")
        await until(lambda: "REPORT_iter1.md was edited" in heard.text())
        assert state(tmp_path, "x")["status"] == "engineering"


# --- held


async def test_an_edit_taken_back_while_a_completed_project_is_paused_leaves_it_completed(tmp_path: Path) -> None:
    heard = Heard()
    agents = trio(scores=(9.0,))
    path = drop(tmp_path, "x", "first")
    async with running(tmp_path, agents, heard):
        await until_status(tmp_path, "x", "completed")
        await until(lambda: "completed with" in heard.text())
        before, said = state(tmp_path, "x"), len(heard.lines)
        await edited_and_put_back(tmp_path, "x", path)
        await until_status(tmp_path, "x", "completed")
    assert state(tmp_path, "x") | {"last_update": ""} == before | {"last_update": ""}
    assert [text for _, text, _ in heard.lines[said:] if "paused" not in text] == []
    assert len(agents.architect.works) == 1


# --- settings


async def test_a_project_at_rest_stays_as_it_is_when_its_settings_break_and_are_mended(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    heard = Heard()
    drop(tmp_path, "x")
    async with running(tmp_path, agents, heard):
        await until_status(tmp_path, "x", "completed")
        before = state(tmp_path, "x")
        (tmp_path / "x" / "tumbler.yaml").write_text("max_iteration: 3\n")
        await until(lambda: "max_iterations" in heard.text())
        (tmp_path / "x" / "tumbler.yaml").write_text("max_iterations: 3\n")
        drop(tmp_path, "y")
        await until_status(tmp_path, "y", "completed")
    assert state(tmp_path, "x") == before
    assert len(zips(tmp_path, "x")) == 1


async def test_broken_settings_without_requirements_leave_nothing_waiting(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "tumbler.yaml").write_text("max_iteration: 3\n")
    heard = Heard()
    await finish(tmp_path, trio(), heard)
    assert "max_iterations" in heard.text()
    assert state(tmp_path, "x") == {}


@pytest.mark.parametrize("how", ["a folder", "a link", "far too long"])
async def test_settings_that_cannot_be_read_are_waited_for_and_the_state_says_so(tmp_path: Path, how: str) -> None:
    drop(tmp_path, "x")
    path = tmp_path / "x" / "tumbler.yaml"
    match how:
        case "a folder":
            path.mkdir()
        case "a link":
            path.symlink_to("elsewhere.yaml")
        case _:
            path.write_bytes(b"# \n" * (1 << 20))
    async with running(tmp_path, trio(scores=(9.0,))):
        await until_status(tmp_path, "x", "waiting")
        assert "tumbler.yaml" in state(tmp_path, "x")["error"]
        path.rmdir() if how == "a folder" else path.unlink()
        await until_status(tmp_path, "x", "completed")


# --- edits


async def test_requirements_emptied_while_an_agent_works_make_the_project_wait(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=30.0)
    path = drop(tmp_path, "x")
    async with running(tmp_path, agents):
        await until(lambda: agents.architect.works)
        path.write_text("")
        await until_status(tmp_path, "x", "waiting")
        assert "is empty" in state(tmp_path, "x")["error"]
        agents.architect.provider.seconds = 0.0
        path.write_text("print bye\n")
        await until_status(tmp_path, "x", "completed")


async def test_an_answer_to_files_that_were_edited_since_is_not_used(tmp_path: Path) -> None:
    """The Engineer has one answer and waits for a second when the person edits."""
    agents = trio(scores=(4.0, 9.0))
    build = agents.engineer.outcome

    def interrupted(work: Work) -> Outcome:
        if work.iteration == 2:
            raise Unavailable("down")
        return build(work)

    agents.engineer.outcome = interrupted
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 1
    (tmp_path / "x" / "03_staging" / "main.py").write_text("mine\n")
    agents.engineer.outcome = build
    asked = len(agents.engineer.provider.requests)
    assert await finish(tmp_path, agents) == 0
    assert agents.engineer.works[-1].edited == {"main.py"}
    assert len(agents.engineer.provider.requests) == asked + 2


async def test_an_answer_to_the_same_files_is_used_after_a_restart(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    judge = agents.verifier.outcome

    def interrupted(work: Work) -> Outcome:
        raise Unavailable("down")

    agents.verifier.outcome = interrupted
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 1
    agents.verifier.outcome = judge
    assert await finish(tmp_path, agents) == 0
    assert len(agents.verifier.works) == 2
    assert len(agents.verifier.provider.requests) == 3


@pytest.mark.parametrize("planned_before", [True, False])
async def test_a_plan_written_just_before_new_requirements_is_kept_aside(tmp_path: Path, planned_before: bool) -> None:
    heard = Heard()
    agents = trio(scores=(9.0,))
    if planned_before:
        drop(tmp_path, "x")
        assert await finish(tmp_path, agents) == 0
    plan = tmp_path / "x" / "02_plan" / "PLAN.md"
    plan.parent.mkdir(parents=True, exist_ok=True)
    plan.write_text("my own plan")
    drop(tmp_path, "x", "new requirements")
    assert await finish(tmp_path, agents, heard) == 0
    assert plan.read_text().startswith("# Plan for x")
    (kept,) = (tmp_path / "x" / ".tumbler" / "edited").rglob("PLAN.md")
    assert kept.read_text() == "my own plan"
    assert str(kept.parent.parent.relative_to(tmp_path / "x")) in heard.text()


async def test_a_plan_that_was_worked_from_is_kept_aside_too_and_that_is_told_once(tmp_path: Path) -> None:
    heard = Heard()
    agents = trio(scores=(9.0,))
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 0
    (tmp_path / "x" / "02_plan" / "PLAN.md").write_text("my own plan")
    assert await finish(tmp_path, agents) == 0
    drop(tmp_path, "x", "new requirements")
    assert await finish(tmp_path, agents, heard) == 0
    (kept,) = (tmp_path / "x" / ".tumbler" / "edited").rglob("PLAN.md")
    assert kept.read_text() == "my own plan"
    assert heard.text().count("your version is in") == 1


def test_the_state_knows_a_plan_as_the_architects_when_the_daemon_ends_right_behind_it(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        Documents(cast("Shell", None), folder).plan(State(name="x"), Planned("the plan"), "")
        assert load(folder, "x").plan_sha256 == folder.sha256("02_plan/PLAN.md")


def test_two_edits_kept_aside_in_the_same_second_are_both_there(tmp_path: Path) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    with Folder.open(tmp_path) as folder:
        places = [keep_aside(folder, {"main.py": text}, now) for text in (b"one", b"two")]
        assert [folder.read(f"{place}/main.py") for place in places] == [b"one", b"two"]


async def test_a_plan_of_the_architects_is_not_kept_aside(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 0
    drop(tmp_path, "x", "new requirements")
    assert await finish(tmp_path, agents) == 0
    assert not (tmp_path / "x" / ".tumbler" / "edited").exists()


async def test_a_touched_old_plan_does_not_replace_the_new_one(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    path = drop(tmp_path, "x", "first")
    async with running(tmp_path, agents):
        await until_status(tmp_path, "x", "completed")
        agents.architect.provider.seconds = 0.5
        path.write_text("second")
        await until(lambda: len(agents.architect.works) == 2)
        touch(tmp_path / "x" / "02_plan" / "PLAN.md")
        await until(lambda: len(agents.engineer.works) == 2)
    assert "second" in agents.engineer.works[1].plan


async def test_an_edit_outlives_a_crash_while_the_best_iteration_comes_back(tmp_path: Path) -> None:
    agents = trio(scores=(6.0, 4.0))
    drop(tmp_path, "x")
    await finish(tmp_path, agents, max_iterations=2)
    root = tmp_path / "x"
    (root / "03_staging" / "main.py").write_text("mine\n")
    with Folder.open(root) as folder:
        left = Delivery(turn=state(tmp_path, "x")["turn"], iteration=1, edited=("main.py",), seen=staged_hashes(folder))
        prepare(folder, left)
        save(folder, load(folder, "x").model_copy(update={"restoring": True}))
    (root / "03_staging" / ".manifest.json").unlink()
    await finish(tmp_path, agents, max_iterations=2)
    assert state(tmp_path, "x")["status"] == "exhausted"
    assert (root / "03_staging" / "main.py").read_text() == "mine\n"
    assert json.loads((root / "03_staging" / ".manifest.json").read_text())["edited"] == ["main.py"]


async def test_an_edit_outlives_a_delivery_that_could_not_be_finished(tmp_path: Path) -> None:
    agents = trio(scores=(6.0, 4.0, 9.0))
    staging = tmp_path / "x" / "03_staging"
    judge = agents.verifier.outcome

    def judge_and_edit(work: Work) -> Outcome:
        if work.iteration == 1:
            (staging / "main.py").write_text("mine\n")
            (staging / "in_the_way").mkdir()
        return judge(work)

    agents.verifier.outcome = judge_and_edit
    agents.engineer.outcome = lambda work: Built(
        {"main.py": "print(1)\n"} if work.iteration == 1 else {"in_the_way": "x\n"}, raw="raw"
    )
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 1
    (staging / "in_the_way").rmdir()
    (tmp_path / "x" / "04_feedback" / "REPORT_iter1.md").write_text("Score: 5/10\n")
    assert await finish(tmp_path, agents) == 0
    assert (staging / "main.py").read_text() == "mine\n"


# --- budgets


async def test_a_restart_does_not_forget_what_today_has_cost(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    assert await finish(tmp_path, trio(scores=(9.0,))) == 0
    drop(tmp_path, "y")
    agents = trio(scores=(9.0,))
    await finish(tmp_path, agents, limits=Limits(daily=DailyLimits(max_calls=3)))
    assert state(tmp_path, "y")["status"] == "paused"
    assert not agents.architect.provider.requests


async def test_what_a_crash_kept_out_of_usage_json_counts_in_the_day_all_the_same(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    assert await finish(tmp_path, trio(scores=(9.0,))) == 0
    (tmp_path / "x" / ".tumbler" / "usage.json").unlink()
    drop(tmp_path, "y")
    agents = trio(scores=(9.0,))
    await finish(tmp_path, agents, limits=Limits(daily=DailyLimits(max_calls=3)))
    assert state(tmp_path, "y")["status"] == "paused"
    assert not agents.architect.provider.requests


class Telling(ScriptedProvider):
    """Tells its listener `steps`, each after so many seconds, and then answers at once."""

    steps: tuple[tuple[float, Progress], ...] = ()

    async def complete(self, request: Request, listener: Listener | None = None) -> Completion:
        assert listener is not None
        for seconds, progress in self.steps:
            await asyncio.sleep(seconds)
            listener.progress(progress)
        return Completion("ok", FinishReason.STOP, Usage(100, 10), self.name, self.model, cost=0.0, seconds=0.5)


async def test_an_answer_that_ends_in_the_moment_in_which_the_budget_does_is_counted(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    agents.architect.provider = Telling()
    agents.architect.provider.steps = ((0.0, Progress(Activity.WRITING, 10_000)),)
    drop(tmp_path, "x")
    await finish(tmp_path, agents, limits=Limits(max_tokens=100))
    usage = json.loads((tmp_path / "x" / ".tumbler" / "usage.json").read_text())
    assert usage["total_tokens"] == 110
    assert state(tmp_path, "x")["status"] == "paused"


async def test_waiting_for_its_turn_takes_no_minutes_of_model_time(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    agents.architect.provider = Telling()
    agents.architect.provider.steps = ((0.4, Progress(Activity.QUEUED)), (0.0, Progress(Activity.READING)))
    drop(tmp_path, "x")
    await finish(tmp_path, agents, limits=Limits(max_minutes=0.3 / 60))
    assert (tmp_path / "x" / "02_plan" / "PLAN.md").exists()


# --- answers


@pytest.mark.parametrize(("sent", "kept"), [("plan \ud83d\ude00", "plan \U0001f600"), ("plan \ud83d", "plan \ufffd")])
async def test_halves_of_a_surrogate_pair_lose_no_answer(tmp_path: Path, sent: str, kept: str) -> None:
    agents = trio(scores=(9.0,))
    agents.architect.provider.answer = lambda _: sent
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 0
    with Folder.open(tmp_path / "x") as folder:
        assert next(Journal.open(folder).entries()).text == kept


async def test_requirements_that_are_emptied_again_are_pointed_out_again(tmp_path: Path) -> None:
    heard = Heard()
    path = drop(tmp_path, "x", "")
    async with running(tmp_path, trio(scores=(9.0,)), heard):
        await until(lambda: heard.text().count("is empty") == 1)
        path.write_text("print hello\n")
        await until_status(tmp_path, "x", "completed")
        path.write_text("")
        await until(lambda: heard.text().count("is empty") == 2)


# --- the folder


@pytest.mark.skipif(sys.platform != "linux", reason="only there a name may be any bytes")
async def test_a_name_that_is_not_utf8_is_a_project(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    drop(tmp_path, name)
    assert await finish(tmp_path, trio(scores=(9.0,))) == 0
    assert state(tmp_path, name)["name"] == "caf?"


def test_a_huge_trigger_file_is_not_read(tmp_path: Path) -> None:
    path = drop(tmp_path, "x")
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with Folder.open(tmp_path / "x") as folder:
        mark = fingerprint(folder, "01_input/requirements.txt")
    assert mark is not None
    assert mark.endswith(f":{1 << 40} bytes")


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
        delete(tmp_path / "x" / ".tumbler")
        await until_status(tmp_path, "x", "completed")


async def test_a_deleted_project_does_not_count_in_the_exit_code(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.3)
    drop(tmp_path, "x")
    drop(tmp_path, "y")

    def vanish(work: Work) -> Outcome:
        delete(tmp_path / "y")
        return Planned("plan")

    agents.architect.outcome = vanish
    assert await finish(tmp_path, agents) == 0
