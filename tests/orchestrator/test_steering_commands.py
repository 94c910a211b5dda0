"""pause, stop, resume, rerun and restore: what they write, and what the daemon makes of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestrator import store
from orchestrator.cli import cli
from orchestrator.delivery import edited_by_hand, staged_hashes
from orchestrator.files import Folder
from orchestrator.project import Trigger
from orchestrator.rerun import rerun
from orchestrator.steering import halted
from orchestrator.workspace_lock import WorkspaceLock
from tests.fakes.agents import trio
from tests.fakes.daemon import daemon, drop, running, state, until, until_status
from tests.fakes.history import ROUNDS, past


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "projects"


def invoke(workspace: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, (*arguments, "--workspace", str(workspace)), catch_exceptions=False)


def staged(root: Path) -> dict[str, str]:
    with Folder.open(root) as folder:
        return {path: (root / "03_staging" / path).read_text() for path in staged_hashes(folder)}


@pytest.mark.parametrize(("command", "word"), [("pause", "PAUSE"), ("stop", "STOP")])
def test_a_project_is_held_by_an_empty_file_until_it_is_resumed(workspace: Path, command: str, word: str) -> None:
    root = past(workspace)
    for _ in range(2):
        told = invoke(workspace, command, "links")
        assert told.exit_code == 0
        assert "until: code-tumbler resume links" in told.output
        assert (root / word).read_bytes() == b""
    assert invoke(workspace, "resume", "links").output.startswith("links: nothing holds it any more; ")
    assert not (root / word).exists()
    assert "nothing held it" in invoke(workspace, "resume", "links").output


def test_what_holds_a_project_at_rest_is_told_by_status_too(workspace: Path) -> None:
    past(workspace)
    told = invoke(workspace, "pause", "links").output
    assert told.startswith("links: nothing is under way, and nothing begins until: code-tumbler resume links")
    status = " ".join(invoke(workspace, "status").output.split())  # lines end where the terminal does
    assert "PAUSE holds it, until: code-tumbler resume links" in status
    invoke(workspace, "resume", "links")
    assert "PAUSE" not in invoke(workspace, "status").output


def test_a_finished_project_that_is_resumed_is_not_said_to_go_on(workspace: Path) -> None:
    root = past(workspace)
    (root / "05_final").mkdir()
    (root / "05_final/links_1.zip").touch()
    invoke(workspace, "pause", "links")
    assert (
        invoke(workspace, "resume", "links").output == "links: nothing holds it any more; take 05_final/links_1.zip\n"
    )


def test_a_project_that_waits_for_a_word_which_is_gone_is_said_to_go_on(workspace: Path) -> None:
    halt = halted("PAUSE", "links")
    past(workspace, status="paused", current_phase="engineering", error=halt.reason, hint=halt.hint)
    invoke(workspace, "pause", "links")
    assert "you put PAUSE" in invoke(workspace, "status").output
    for said in ("nothing holds it any more", "nothing held it"):
        told = invoke(workspace, "resume", "links").output
        assert told == f"links: {said}; when the daemon runs: it goes on, PAUSE is gone\n"


def test_without_a_daemon_no_call_is_said_to_be_under_way(workspace: Path) -> None:
    past(workspace, status="engineering", current_phase="engineering")
    told = invoke(workspace, "stop", "links").output
    assert told.startswith("links: nothing is under way, and nothing begins until: code-tumbler resume links")


@pytest.mark.parametrize("arguments", [("pause", "x"), ("rerun", "x"), ("restore", "x", "1")])
def test_a_project_that_is_not_there_is_an_error(workspace: Path, arguments: tuple[str, ...]) -> None:
    workspace.mkdir()
    told = invoke(workspace, *arguments)
    assert told.exit_code == 1
    assert "has no project 'x'" in told.stderr


@pytest.mark.parametrize(
    ("phase", "agent", "expected"),
    [
        ("planning", None, Trigger.REQUIREMENTS),
        ("engineering", None, Trigger.PLAN),
        ("verifying", None, Trigger.MANIFEST),
        ("finalizing", None, Trigger.MANIFEST),
        ("idle", None, Trigger.REQUIREMENTS),
        ("finalizing", "architect", Trigger.REQUIREMENTS),
        ("finalizing", "engineer", Trigger.PLAN),
    ],
)
def test_without_a_daemon_the_trigger_counts_as_not_taken_up(
    workspace: Path, phase: str, agent: str | None, expected: Trigger
) -> None:
    root = past(workspace, current_phase=phase, taken=dict.fromkeys(Trigger, "1:x"))
    told = invoke(workspace, "rerun", "links", *([agent] if agent else []))
    assert "when the daemon runs, the" in told.output
    with Folder.open(root) as folder:
        assert set(Trigger) - set(store.load(folder, "links").taken) == {expected}


def test_an_agent_reruns_at_the_next_start(workspace: Path) -> None:
    drop(workspace, "p")
    agents = trio(scores=(9.0,))
    assert daemon(workspace, agents).start(until_idle=True) == 0
    invoke(workspace, "rerun", "p", "verifier")
    assert daemon(workspace, agents).start(until_idle=True) == 0
    assert (len(agents.engineer.works), len(agents.verifier.works)) == (1, 2)


async def test_an_agent_reruns_at_once_while_the_daemon_runs(workspace: Path) -> None:
    drop(workspace, "p")
    agents = trio(scores=(9.0,))
    async with running(workspace, agents):
        await until_status(workspace, "p", "completed")
        told = await asyncio.to_thread(invoke, workspace, "rerun", "p", "engineer")
        assert "this begins now" in told.output
        await until(lambda: len(agents.engineer.works) == 2)
        await until_status(workspace, "p", "completed")
    assert len(agents.architect.works) == 1


def test_what_has_no_trigger_yet_says_where_to_begin(workspace: Path) -> None:
    root = past(workspace)
    (root / "02_plan/PLAN.md").unlink()
    told = invoke(workspace, "rerun", "links", "engineer")
    assert told.exit_code == 1
    assert told.stderr == "links: 02_plan/PLAN.md is not there; begin with: code-tumbler rerun links architect\n"


def test_a_rerun_of_a_held_project_says_that_it_is_held(workspace: Path) -> None:
    past(workspace)
    invoke(workspace, "pause", "links")
    assert "but it is held, until: code-tumbler resume links" in invoke(workspace, "rerun", "links").output


def test_an_iteration_comes_back_whole_and_its_manifest_says_so(workspace: Path) -> None:
    root = past(workspace)
    told = invoke(workspace, "restore", "links", "1")
    assert "iteration 1 again (2 files written, 1 removed)" in told.output
    assert staged(root) == ROUNDS[0]
    assert json.loads((root / "03_staging/.manifest.json").read_text())["iteration"] == 1
    with Folder.open(root) as folder:
        assert edited_by_hand(folder, staged_hashes(folder)) == frozenset()


def test_hand_edits_are_kept_aside(workspace: Path) -> None:
    root = past(workspace)
    (root / "03_staging/main.py").write_text("mine\n")
    (root / "03_staging/new.py").write_text("mine too\n")
    told = invoke(workspace, "restore", "links", "2").output
    (aside,) = (root / ".tumbler/edited").iterdir()
    assert str(aside) in told.replace("\n", "")
    assert {path.name: path.read_text() for path in aside.iterdir()} == {"main.py": "mine\n", "new.py": "mine too\n"}
    assert staged(root) == ROUNDS[1]


def test_nothing_is_restored_while_the_project_is_worked_on(workspace: Path) -> None:
    root = past(workspace, status="engineering")
    before = staged(root)
    with WorkspaceLock(workspace):
        told = invoke(workspace, "restore", "links", "1")
    assert told.exit_code == 1
    assert "first: stop links" in told.stderr
    assert staged(root) == before


def test_an_iteration_that_was_not_kept_changes_nothing(workspace: Path) -> None:
    root = past(workspace)
    told = invoke(workspace, "restore", "links", "9")
    assert told.exit_code == 1
    assert "iteration 9 was not kept" in told.stderr
    assert staged(root) == ROUNDS[2]


def test_what_is_restored_is_verified_at_the_next_start(workspace: Path) -> None:
    drop(workspace, "p")
    agents = trio(scores=(4.0, 9.0))
    assert daemon(workspace, agents).start(until_idle=True) == 0
    invoke(workspace, "restore", "p", "1")
    assert daemon(workspace, agents).start(until_idle=True) == 0
    assert agents.verifier.works[-1].staged["main.py"] == "print(1)\n"
    assert state(workspace, "p")["status"] == "completed"


def test_a_rerun_goes_from_what_the_daemon_left_that_ended_meanwhile(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = past(workspace, status="engineering", taken=dict.fromkeys(Trigger, "1:x"))

    class Ends(WorkspaceLock):
        """Free in the moment in which a daemon has written its last state."""

        def __init__(self, path: Path) -> None:
            with Folder.open(root) as folder:
                store.save(folder, store.load(folder, "links").model_copy(update={"turn": 77}))
            super().__init__(path)

    monkeypatch.setattr("orchestrator.rerun.WorkspaceLock", Ends)
    rerun(workspace, "links", "engineer")
    with Folder.open(root) as folder:
        left = store.load(folder, "links")
    assert (left.turn, Trigger.PLAN in left.taken) == (77, False)
