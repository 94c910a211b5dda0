"""The daemon as a person meets it: files go in, files come out. Agents are scripted; all else is real."""

import asyncio
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.base import AgentError, Built, Outcome, UnusableReply, Verified, Work
from orchestrator import StateManager
from orchestrator.config import Limits
from orchestrator.daemon import Orchestrator
from orchestrator.files import Folder
from orchestrator.journal import Journal
from orchestrator.view import Level
from providers import AuthenticationFailed, ModelNotFound, RateLimited, ReplyDegenerate, Unavailable
from tests.fakes.agents import Trio, trio, verdict
from tests.fakes.daemon import Heard, daemon, delete, drop, running, settings, state, touch, until, until_status


def journal_size(workspace: Path, name: str) -> int:
    with Folder.open(workspace / name) as folder:
        return len(list(Journal.open(folder).entries()))


async def finish(workspace: Path, agents: Trio, heard: Heard | None = None) -> int:
    """Run until nothing is left to do; the exit code."""
    async with asyncio.timeout(60):
        return await daemon(workspace, agents, heard).run(until_idle=True)


async def test_a_dropped_requirements_file_becomes_a_zip(tmp_path: Path) -> None:
    async with running(tmp_path, trio(scores=(4.0, 9.0))) as heard:
        drop(tmp_path, "hello")
        await until_status(tmp_path, "hello", "completed", "failed")
    now = state(tmp_path, "hello")
    assert (now["status"], now["iteration"], now["last_score"]) == ("completed", 2, 9.0), heard.text()
    (made,) = (tmp_path / "hello" / "05_final").iterdir()
    with zipfile.ZipFile(made) as archive:
        assert archive.read("main.py") == b"print(2)\n"
    usage = json.loads((tmp_path / "hello" / ".tumbler" / "usage.json").read_text())
    assert set(usage) == {"total_tokens", "total_cost", "by_agent", "history"}
    assert (usage["total_tokens"], usage["total_cost"]) == (5 * 110, 0.0)
    assert usage["by_agent"]["engineer"] == {"tokens": 220, "cost": 0.0, "calls": 2}
    assert [row["agent"] for row in usage["history"]] == ["architect", "engineer", "verifier", "engineer", "verifier"]


async def test_the_documented_files_and_fields_are_there(tmp_path: Path) -> None:
    drop(tmp_path, "hello")
    assert await finish(tmp_path, trio(scores=(9.0,))) == 0
    root = tmp_path / "hello"
    for path in ("02_plan/PLAN.md", "03_staging/main.py", "04_feedback/REPORT_iter1.md", ".tumbler/usage.json"):
        assert (root / path).is_file(), path
    assert list((root / ".tumbler" / "logs").iterdir())
    documented = (
        "name status current_phase iteration max_iterations quality_threshold start_time last_update last_score"
    )
    assert list(state(tmp_path, "hello"))[:11] == [*documented.split(), "provider", "model"]
    manifest = json.loads((root / "03_staging" / ".manifest.json").read_text())
    assert {"iteration", "created", "provider", "model", "files"} <= set(manifest)
    assert {row["path"] for row in manifest["files"]} == {"main.py", "tests/test_main.py"}


async def test_the_promised_state_manager_reads_the_score(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    await finish(tmp_path, trio(scores=(9.0,)))
    assert StateManager(tmp_path / "x").load_state()["last_score"] == 9.0


def test_start_is_a_plain_blocking_call_with_the_documented_arguments(tmp_path: Path) -> None:
    agents = trio(scores=(9.0, 9.6))
    drop(tmp_path, "x")
    orchestrator = Orchestrator(
        workspace_root=tmp_path,
        architect=agents.architect,
        engineer=agents.engineer,
        verifier=agents.verifier,
        quality_threshold=9.5,
        max_iterations=15,
    )
    assert orchestrator.start(until_idle=True) == 0
    now = state(tmp_path, "x")
    assert (now["quality_threshold"], now["max_iterations"], now["iteration"]) == (9.5, 15, 2)


async def test_the_limit_of_iterations_brings_the_best_back(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    agents = trio(scores=(3.0, 6.0, 2.0))
    heard = Heard()
    config = settings(max_iterations=3)
    assert await daemon(tmp_path, agents, heard, config).run(until_idle=True) == 1
    now = state(tmp_path, "x")
    assert (now["status"], now["best_iteration"], now["best_score"]) == ("exhausted", 2, 6.0), heard.text()
    assert (tmp_path / "x" / "03_staging" / "main.py").read_text() == "print(2)\n"
    assert not (tmp_path / "x" / "05_final").exists()
    calls = len(agents.verifier.works)
    assert await daemon(tmp_path, agents, heard, config).run(until_idle=True) == 1
    assert len(agents.verifier.works) == calls, "putting the best back started another verification"


async def test_the_engineer_starts_from_the_best_iteration(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    agents = trio(scores=(6.0, 2.0, 9.0))
    await finish(tmp_path, agents)
    third = agents.engineer.works[2]
    assert third.staged["main.py"] == "print(1)\n"
    assert "the score was 6.0" in third.feedback
    assert "iteration 2 was dropped" in third.feedback
    assert [work.fruitless for work in agents.engineer.works] == [0, 0, 1]


async def test_the_engineer_hears_what_the_best_and_every_other_round_failed_of(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    agents = trio()
    scores = iter(((6.0, "NameError: x (a.py, line 1)"), (2.0, "KeyError: 'y' (a.py, line 2)"), (9.0, "")))

    def judge(work: Work) -> Verified:
        score, cause = next(scores)
        return verdict(score, iteration=work.iteration, cause=cause)

    agents.verifier.outcome = judge
    await finish(tmp_path, agents)
    third = agents.engineer.works[2]
    assert third.cause == "NameError: x (a.py, line 1)"
    assert third.causes == ("NameError: x (a.py, line 1)", "KeyError: 'y' (a.py, line 2)")
    assert "has 6/10; KeyError: 'y'" in third.feedback


async def test_requirements_edited_while_planning_are_planned_again(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.3)
    async with running(tmp_path, agents):
        path = drop(tmp_path, "x", "first")
        await until(lambda: agents.architect.works)
        path.write_text("second")
        await until_status(tmp_path, "x", "completed")
    assert [work.requirements for work in agents.architect.works] == ["first", "second"]
    assert len(agents.engineer.works) == 1


async def test_a_plan_edited_while_the_engineer_works_is_taken_up_at_once(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.3)
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until(lambda: agents.engineer.works)
        (tmp_path / "x" / "02_plan" / "PLAN.md").write_text("my own plan")
        await until_status(tmp_path, "x", "completed")
    assert [work.plan for work in agents.engineer.works][1:] == ["my own plan"]


async def test_a_plan_written_while_the_architect_works_stands(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.3)
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until(lambda: agents.architect.works)
        (tmp_path / "x" / "02_plan").mkdir()
        (tmp_path / "x" / "02_plan" / "PLAN.md").write_text("my own plan")
        await until_status(tmp_path, "x", "completed")
    assert agents.engineer.works[0].plan == "my own plan"
    assert (tmp_path / "x" / "02_plan" / "PLAN.generated.md").read_text().startswith("# Plan for x")


@pytest.mark.parametrize(
    ("rel", "calls"),
    [
        ("01_input/requirements.txt", (2, 2, 2)),
        ("02_plan/PLAN.md", (1, 2, 2)),
        ("03_staging/.manifest.json", (1, 1, 2)),
    ],
)
async def test_touching_a_trigger_runs_its_agent_again(tmp_path: Path, rel: str, calls: tuple[int, int, int]) -> None:
    agents = trio(scores=(9.0,))
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "completed")
        touch(tmp_path / "x" / rel)
        await until(lambda: len(agents.verifier.works) == 2)
        await until_status(tmp_path, "x", "completed")
    assert tuple(len(a.works) for a in (agents.architect, agents.engineer, agents.verifier)) == calls


async def test_a_touch_while_the_daemon_is_down_starts_nothing(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    path = drop(tmp_path, "x")
    await finish(tmp_path, agents)
    touch(path)
    await finish(tmp_path, agents)
    assert len(agents.architect.works) == 1


async def test_a_touch_while_the_daemon_was_down_starts_nothing_at_a_later_look_either(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    path = drop(tmp_path, "x")
    await finish(tmp_path, agents)
    touch(path)
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.1)):
        (tmp_path / "x" / "02_plan" / "note.txt").write_text("look here")
        drop(tmp_path, "y")
        await until_status(tmp_path, "y", "completed")
        await asyncio.sleep(0.3)
    assert len(agents.architect.works) == 2


async def test_an_exhausted_project_goes_on_when_it_may_try_longer(tmp_path: Path) -> None:
    agents = trio(scores=(4.0, 9.0))
    drop(tmp_path, "x")
    assert await daemon(tmp_path, agents, config=settings(max_iterations=1)).run(until_idle=True) == 1
    assert state(tmp_path, "x")["status"] == "exhausted"
    assert await daemon(tmp_path, agents, config=settings(max_iterations=2)).run(until_idle=True) == 0
    assert len(agents.architect.works) == 1


async def test_an_edit_while_the_daemon_is_down_is_planned_at_the_next_start(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    path = drop(tmp_path, "x")
    await finish(tmp_path, agents)
    path.write_text("something else")
    await finish(tmp_path, agents)
    assert [work.requirements for work in agents.architect.works][1:] == ["something else"]


async def test_a_staged_file_edited_while_the_engineer_works_is_not_overwritten(tmp_path: Path) -> None:
    agents = trio(scores=(4.0, 9.0), seconds=0.3)
    heard = Heard()
    async with running(tmp_path, agents, heard):
        drop(tmp_path, "x")
        await until(lambda: len(agents.engineer.works) == 2)
        (tmp_path / "x" / "03_staging" / "main.py").write_text("mine\n")
        await until_status(tmp_path, "x", "completed")
    assert (tmp_path / "x" / "03_staging" / "main.py").read_text() == "mine\n"
    assert "your version stays" in heard.text()
    manifest = json.loads((tmp_path / "x" / "03_staging" / ".manifest.json").read_text())
    assert manifest["edited"] == ["main.py"]


async def test_code_edited_by_hand_is_verified_after_touching_the_manifest(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "completed")
        (tmp_path / "x" / "03_staging" / "main.py").write_text("mine\n")
        touch(tmp_path / "x" / "03_staging" / ".manifest.json")
        await until(lambda: len(agents.verifier.works) == 2)
        await until_status(tmp_path, "x", "completed")
    assert agents.verifier.works[1].staged["main.py"] == "mine\n"


@pytest.mark.parametrize("rel", ["02_plan/PLAN.md", "03_staging/.manifest.json"])
async def test_a_trigger_made_by_hand_starts_its_agent(tmp_path: Path, rel: str) -> None:
    agents = trio(scores=(9.0,))
    async with running(tmp_path, agents):
        agents.architect.outcome = _raise(AgentError("the plan is no plan"))
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "failed")
        path = tmp_path / "x" / rel
        path.parent.mkdir(exist_ok=True)
        path.write_text("by hand\n")
        await until_status(tmp_path, "x", "completed")


def _raise(error: Exception) -> Callable[[Work], Outcome]:
    def outcome(work: Work) -> Outcome:
        raise error

    return outcome


async def test_a_report_edited_by_hand_is_read_again(tmp_path: Path) -> None:
    agents = trio(scores=(4.0,))
    async with running(tmp_path, agents, config=settings(max_iterations=1)):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "exhausted")
        (tmp_path / "x" / "04_feedback" / "REPORT_iter1.md").write_text("# I looked at it\n\nScore: 9.0/10\n")
        await until_status(tmp_path, "x", "completed")
    assert list((tmp_path / "x" / "05_final").iterdir())


async def test_a_report_without_a_score_fails_and_says_what_to_write(tmp_path: Path) -> None:
    agents = trio(scores=(4.0,))
    async with running(tmp_path, agents, config=settings(max_iterations=1)):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "exhausted")
        (tmp_path / "x" / "04_feedback" / "REPORT_iter1.md").write_text("looks fine\n")
        await until_status(tmp_path, "x", "failed")
    now = state(tmp_path, "x")
    assert "REPORT_iter1.md has no score" in now["error"]
    assert "Score: 7.5/10" in now["hint"]


async def test_a_plan_emptied_by_hand_fails_and_a_new_one_goes_on(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "completed")
        plan = tmp_path / "x" / "02_plan" / "PLAN.md"
        plan.write_text("")
        await until_status(tmp_path, "x", "failed")
        assert "02_plan/PLAN.md" in state(tmp_path, "x")["error"]
        plan.write_text("a plan again")
        await until_status(tmp_path, "x", "completed")


async def test_empty_requirements_wait_without_an_error(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    heard = Heard()
    async with running(tmp_path, agents, heard):
        path = drop(tmp_path, "x", "  \n")
        await until(lambda: "requirements.txt" in heard.text().replace("watching", ""))
        path.write_text("now there is something")
        await until_status(tmp_path, "x", "completed")
    assert [work.requirements for work in agents.architect.works] == ["now there is something"]


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n\x00", b"\x00" * 100, b"caf\xe9", b"x" * 300_000],
    ids=["png", "nul", "latin-1", "big"],
)
async def test_requirements_that_are_no_text_fail_and_stay_as_they_are(tmp_path: Path, data: bytes) -> None:
    path = drop(tmp_path, "bad")
    path.write_bytes(data)
    drop(tmp_path, "good")
    agents = trio(scores=(9.0,))
    assert await finish(tmp_path, agents) == 1
    assert state(tmp_path, "bad")["status"] == "failed"
    assert "01_input/requirements.txt" in state(tmp_path, "bad")["error"]
    assert path.read_bytes() == data
    assert state(tmp_path, "good")["status"] == "completed"


@pytest.mark.parametrize("kind", ["symlink", "fifo", "directory"])
async def test_what_is_no_plain_file_is_refused_without_hanging(tmp_path: Path, kind: str) -> None:
    import os

    path = drop(tmp_path, "bad")
    path.unlink()
    if kind == "symlink":
        path.symlink_to("/etc/hostname")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    drop(tmp_path, "good")
    await finish(tmp_path, trio(scores=(9.0,)))
    assert state(tmp_path, "bad")["status"] == "failed"
    assert state(tmp_path, "good")["status"] == "completed"


@pytest.mark.parametrize("name", ["two words", "Übung", "-rf", "[bold]x", "🎲", "x" * 200, "a%s$(id)", "new\nline"])
async def test_any_folder_name_is_a_project(tmp_path: Path, name: str) -> None:
    drop(tmp_path, name)
    assert await finish(tmp_path, trio(scores=(9.0,))) == 0
    assert state(tmp_path, name)["name"] == name
    assert len(list((tmp_path / name / "05_final").iterdir())) == 1


async def test_a_failing_agent_stops_its_project_only_and_a_touch_goes_on(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    real = agents.engineer.outcome

    def outcome(work: Work) -> Outcome:
        if work.project == "bad" and len([w for w in agents.engineer.works if w.project == "bad"]) == 1:
            raise UnusableReply("All JSON parsing strategies failed: no files", raw="blah")
        return real(work)

    agents.engineer.outcome = outcome
    async with running(tmp_path / "projects", agents):
        drop(tmp_path / "projects", "bad")
        drop(tmp_path / "projects", "good")
        await until_status(tmp_path / "projects", "good", "completed")
        await until_status(tmp_path / "projects", "bad", "failed")
        error = state(tmp_path / "projects", "bad")["error"]
        assert error.startswith("All JSON parsing strategies failed")
        raw = tmp_path / "test_output" / "bad" / "engineer_raw_output_iter1.txt"
        assert error.endswith(f"; look at the raw reply in {raw}, or choose another model")
        assert raw.read_text() == "blah"
        touch(tmp_path / "projects" / "bad" / "02_plan" / "PLAN.md")
        await until_status(tmp_path / "projects", "bad", "completed")


async def test_an_unexpected_error_fails_one_project_and_the_others_go_on(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    real = agents.architect.outcome
    broken = _raise(ZeroDivisionError("division by zero"))
    agents.architect.outcome = lambda work: (real if work.project == "good" else broken)(work)
    drop(tmp_path, "bad")
    drop(tmp_path, "good")
    await finish(tmp_path, agents)
    assert "ZeroDivisionError" in state(tmp_path, "bad")["error"]
    assert state(tmp_path, "good")["status"] == "completed"


# --- providers


@pytest.mark.parametrize(
    ("error", "after_a_restart"),
    [
        (Unavailable("ollama: nothing answers"), "completed"),
        (RateLimited("openai: 429", retry_after=900), "waiting"),
        (ModelNotFound("ollama: model 'x' not found; run: ollama pull x"), "completed"),
        (AuthenticationFailed("openai: 401"), "completed"),
    ],
)
async def test_a_provider_in_trouble_makes_the_project_wait(
    tmp_path: Path, error: Exception, after_a_restart: str
) -> None:
    agents = trio(scores=(9.0,))
    agents.engineer.provider.answer = lambda _: error
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 1
    now = state(tmp_path, "x")
    assert (now["status"], now["error"]) == ("waiting", str(error))
    assert now["hint"]
    agents.engineer.provider.answer = lambda _: "ok"
    ended = await finish(tmp_path, agents)
    went_on = after_a_restart == "completed"
    assert (state(tmp_path, "x")["status"], ended) == (after_a_restart, int(not went_on))
    assert state(tmp_path, "x")["iteration"] == int(went_on)


async def test_a_waiting_project_goes_on_when_the_provider_is_back(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    agents.engineer.provider.answer = lambda _: Unavailable("down", retry_after=0.05)
    async with running(tmp_path, agents, config=settings(rescan_seconds=0.2)):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "waiting")
        agents.engineer.provider.answer = lambda _: "ok"
        await until_status(tmp_path, "x", "completed")


async def test_what_came_of_a_degenerate_answer_is_kept_and_handed_to_the_agent(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    agents.architect.provider.answer = lambda _: ReplyDegenerate("the answer repeats itself")
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 0
    with Folder.open(tmp_path / "x") as folder:
        entries = list(Journal.open(folder).entries())
    assert [(entry.finish, entry.text) for entry in entries] == [("degenerate", "half of it")] * 3


async def test_a_reached_budget_pauses_and_a_raised_one_goes_on(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    agents = trio(scores=(9.0,))
    few = settings(limits=Limits(max_calls=2))
    assert await daemon(tmp_path, agents, config=few).run(until_idle=True) == 1
    now = state(tmp_path, "x")
    assert now["status"] == "paused"
    assert "max_calls is reached: 2 of 2" in now["error"]
    assert journal_size(tmp_path, "x") == 2
    assert await finish(tmp_path, agents) == 0
    assert journal_size(tmp_path, "x") == 3


async def test_a_budget_raised_in_tumbler_yaml_goes_on_while_the_daemon_runs(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    async with running(tmp_path, agents, config=settings(limits=Limits(max_calls=2))):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "paused")
        (tmp_path / "x" / "tumbler.yaml").write_text("limits:\n  max_calls: 10\n")
        await until_status(tmp_path, "x", "completed")


async def test_a_broken_tumbler_yaml_stops_its_project_and_says_where(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    drop(tmp_path, "x")
    (tmp_path / "x" / "tumbler.yaml").write_text("max_iteration: 3\n")
    async with running(tmp_path, agents):
        await until_status(tmp_path, "x", "waiting")
        assert "max_iterations" in state(tmp_path, "x")["error"]
        (tmp_path / "new.yaml").write_text("max_iterations: 3\n")
        (tmp_path / "new.yaml").rename(tmp_path / "x" / "tumbler.yaml")
        await until_status(tmp_path, "x", "completed")
    assert state(tmp_path, "x")["max_iterations"] == 3


async def test_hints_in_notes_go_to_architect_and_engineer(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    drop(tmp_path, "x")
    (tmp_path / "x" / "NOTES.md").write_text("Use plain functions.\n")
    assert await finish(tmp_path, agents) == 0
    assert [work.notes for work in (*agents.architect.works, *agents.engineer.works)] == ["Use plain functions.\n"] * 2


async def test_a_project_that_waits_for_its_model_holds_up_no_other(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    first_may_go_on = asyncio.Event()
    ask = agents.architect.run

    async def waiting(work: Work) -> Outcome:
        if work.project == "first":
            await first_may_go_on.wait()
        return await ask(work)

    agents.architect.run = waiting  # type: ignore[method-assign]
    async with running(tmp_path, agents):
        drop(tmp_path, "first")
        await until_status(tmp_path, "first", "planning")
        drop(tmp_path, "second")
        await until_status(tmp_path, "second", "completed")
        assert state(tmp_path, "first")["status"] == "planning"
        first_may_go_on.set()
        await until_status(tmp_path, "first", "completed")


# --- nothing is lost


async def test_stopping_in_flight_loses_nothing_and_repeats_no_completed_call(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    agents.verifier.provider.seconds = 0.0
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until(lambda: agents.architect.provider.requests)
        agents.architect.provider.seconds = 30.0
        await until(lambda: state(tmp_path, "x").get("status") in ("engineering", "verifying"))
    calls = journal_size(tmp_path, "x")
    agents.architect.provider.seconds = 0.0
    assert await finish(tmp_path, agents) == 0
    assert journal_size(tmp_path, "x") == 3
    assert calls < 3


async def test_a_state_cut_in_half_is_set_aside_and_rebuilt_without_another_call(tmp_path: Path) -> None:
    agents = trio(scores=(4.0, 9.0))
    drop(tmp_path, "x")
    await finish(tmp_path, agents)
    made = list((tmp_path / "x" / "05_final").iterdir())
    await asyncio.sleep(1.0)  # the zip is named after the second
    path = tmp_path / "x" / ".tumbler" / "state.json"
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2])
    heard = Heard()
    assert await finish(tmp_path, agents, heard) == 0
    assert path.with_name("state.json.corrupt-1").read_text() == whole[: len(whole) // 2]
    now = state(tmp_path, "x")
    assert (now["status"], now["iteration"], now["last_score"]) == ("completed", 2, 9.0)
    assert journal_size(tmp_path, "x") == 5
    assert list((tmp_path / "x" / "05_final").iterdir()) == made
    assert "rebuilt" in heard.text()


@pytest.mark.parametrize("content", [None, "", "null", "[]", '{"name": "x", "status": "no such"}', '{"turn": NaN}'])
async def test_a_state_that_is_gone_or_makes_no_sense_is_rebuilt_without_another_call(
    tmp_path: Path, content: str | None
) -> None:
    agents = trio(scores=(4.0, 9.0))
    drop(tmp_path, "x")
    await finish(tmp_path, agents)
    made = list((tmp_path / "x" / "05_final").iterdir())
    path = tmp_path / "x" / ".tumbler" / "state.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    heard = Heard()
    assert await finish(tmp_path, agents, heard) == 0
    assert journal_size(tmp_path, "x") == 5
    assert list((tmp_path / "x" / "05_final").iterdir()) == made
    assert "rebuilt from the journal" in heard.text()


async def test_unknown_keys_of_state_json_survive(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    (tmp_path / "x" / ".tumbler").mkdir()
    (tmp_path / "x" / ".tumbler" / "state.json").write_text(json.dumps({"name": "x", "mine": [1]}))
    await finish(tmp_path, trio(scores=(9.0,)))
    assert state(tmp_path, "x")["mine"] == [1]


async def test_a_state_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    (tmp_path / "x" / ".tumbler").mkdir()
    newer = json.dumps({"name": "x", "schema_version": 99})
    (tmp_path / "x" / ".tumbler" / "state.json").write_text(newer)
    heard = Heard()
    await finish(tmp_path, trio(scores=(9.0,)), heard)
    assert (tmp_path / "x" / ".tumbler" / "state.json").read_text() == newer
    assert "newer version" in heard.text()


async def test_usage_is_a_fold_that_survives_its_file(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    drop(tmp_path, "x")
    await finish(tmp_path, agents)
    usage = tmp_path / "x" / ".tumbler" / "usage.json"
    before = json.loads(usage.read_text())
    usage.write_text("{")
    touch_content = tmp_path / "x" / "02_plan" / "PLAN.md"
    touch_content.write_text("another plan")
    await finish(tmp_path, agents)
    after = json.loads(usage.read_text())
    assert after["total_tokens"] == before["total_tokens"] + 2 * 110


async def test_a_deleted_project_is_not_made_again(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.3)
    async with running(tmp_path, agents) as heard:
        drop(tmp_path, "x")
        await until(lambda: agents.architect.works)
        delete(tmp_path / "x")
        await until(lambda: "deleted" in heard.text())
        drop(tmp_path, "y")
        await until_status(tmp_path, "y", "completed")
    assert not (tmp_path / "x").exists()


async def test_what_a_person_has_in_staging_stays(tmp_path: Path) -> None:
    agents = trio(scores=(4.0, 9.0))
    drop(tmp_path, "x")
    mine = tmp_path / "x" / "03_staging" / "data.bin"
    mine.parent.mkdir()
    mine.write_bytes(b"\x00\xff")
    await finish(tmp_path, agents)
    assert mine.read_bytes() == b"\x00\xff"


async def test_an_unsafe_path_from_an_agent_is_not_written(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    agents.engineer.outcome = lambda _: Built({"../../escape.py": "x", "main.py": "y"})
    workspace = tmp_path / "projects"
    drop(workspace, "x")
    await finish(workspace, agents)
    assert state(workspace, "x")["status"] == "failed"
    assert not list(tmp_path.rglob("escape.py"))


async def test_a_second_daemon_is_refused_and_told_the_first_ones_pid(tmp_path: Path) -> None:
    import os

    from orchestrator.workspace import AlreadyRunning

    async with running(tmp_path, trio()):
        with pytest.raises(AlreadyRunning, match=str(os.getpid())):
            await daemon(tmp_path, trio()).run(until_idle=True)


async def test_many_projects_at_once_are_all_finished(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.01)
    for n in range(40):
        drop(tmp_path, f"p{n:02}")
    assert await finish(tmp_path, agents) == 0
    assert len(agents.architect.works) == 40


async def test_a_requirements_file_in_the_wrong_place_is_pointed_out(tmp_path: Path) -> None:
    heard = Heard()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "requirements.txt").write_text("hello")
    await finish(tmp_path, trio(), heard)
    assert "Could not determine project root" in heard.text()
    assert all(level is not Level.ERROR for _, _, level in heard.lines)


async def test_running_out_of_time_is_no_success(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=30.0)
    drop(tmp_path, "x")
    heard = Heard()
    assert await daemon(tmp_path, agents, heard).run(until_idle=True, timeout=0.5) == 1
    assert "out of time" in heard.text()


async def test_pause_lets_the_call_under_way_finish_and_removing_it_goes_on(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.2)
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until(lambda: agents.architect.provider.requests)
        pause = tmp_path / "x" / "PAUSE"
        pause.touch()
        await until_status(tmp_path, "x", "paused")
        assert journal_size(tmp_path, "x") == 1
        assert state(tmp_path, "x")["hint"].endswith("resume x, or remove the file")
        pause.unlink()
        await until_status(tmp_path, "x", "completed")
    assert journal_size(tmp_path, "x") == 3


async def test_stop_cancels_the_call_under_way(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=30.0)
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until(lambda: agents.architect.provider.requests)
        (tmp_path / "x" / "STOP").touch()
        await until_status(tmp_path, "x", "paused")
        agents.architect.provider.seconds = 0.0
        (tmp_path / "x" / "STOP").unlink()
        await until_status(tmp_path, "x", "completed")


async def test_a_paused_project_stays_paused_over_a_restart_and_takes_up_no_edit(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    drop(tmp_path, "x")
    (tmp_path / "x" / "PAUSE").touch()
    assert await finish(tmp_path, agents) == 1
    assert state(tmp_path, "x")["status"] == "paused"
    assert await finish(tmp_path, agents) == 1
    assert not agents.architect.works
    (tmp_path / "x" / "PAUSE").unlink()
    assert await finish(tmp_path, agents) == 0


async def test_a_project_that_waits_for_its_turn_is_shown(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,), seconds=0.05)
    heard = Heard()
    drop(tmp_path, "a")
    drop(tmp_path, "b")
    config = settings(limits=Limits(max_concurrent_projects=1))
    assert await daemon(tmp_path, agents, heard, config).run(until_idle=True) == 0
    waiting = [row.project for row in heard.rows if row.activity == "waiting for its turn"]
    assert waiting in (["a"], ["b"])  # whichever was read later


async def test_a_new_drafts_tests_are_its_own_and_none_of_the_best_ones_count_as_lost(tmp_path: Path) -> None:
    agents = trio(scores=(4.0, 6.0, 9.0))
    build, judge = agents.engineer.outcome, agents.verifier.outcome

    def draft(work: Work) -> Outcome:
        built = build(work)
        assert isinstance(built, Built)
        return replace(built, afresh=work.iteration == 2)

    def passed(work: Work) -> Outcome:
        verified = judge(work)
        assert isinstance(verified, Verified)
        return replace(verified, passed=frozenset({f"test {min(work.iteration, 2)}"}))

    agents.engineer.outcome, agents.verifier.outcome = draft, passed
    drop(tmp_path, "x")
    assert await finish(tmp_path, agents) == 0
    first, second, third = agents.verifier.works
    assert (first.previous_tests, second.previous_tests) == ({}, {})
    assert third.previous_passed == {"test 2"}
    assert [score["accepted"] for score in state(tmp_path, "x")["scores"]] == [True, True, True]


async def test_a_finished_project_that_is_renamed_knows_its_new_name(tmp_path: Path) -> None:
    agents = trio(scores=(9.0,))
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "completed")
        (tmp_path / "x").rename(tmp_path / "y")
        await until(lambda: state(tmp_path, "y").get("name") == "y")
    assert len(agents.architect.works) == 1
