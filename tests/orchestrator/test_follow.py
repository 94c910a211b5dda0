"""What another terminal sees of a daemon, by files alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator import store
from orchestrator.files import Folder
from orchestrator.follow import Follower
from orchestrator.live_file import NAME, LiveFile, read, shared
from orchestrator.state import Score, State, Status
from orchestrator.view import Row
from orchestrator.workspace_lock import WorkspaceLock
from tests.fakes.daemon import Heard
from tests.fakes.history import call_model, past

ROOT = Path(__file__).parents[2]


def row(project: str = "p", tokens: int = 5) -> Row:
    return Row(project, "engineering", "engineer", "m", 2, 10, 7.5, "writing", tokens, 20.0, time.monotonic() - 60)


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[LiveFile]:
    """A daemon's lock is held; its view is given."""
    with WorkspaceLock(tmp_path):
        yield LiveFile(Heard(), tmp_path)


def save(workspace: Path, status: Status, name: str = "p", **state: object) -> None:
    (workspace / name).mkdir(exist_ok=True)
    with Folder.open(workspace / name) as folder:
        store.save(folder, State.model_validate({"name": name, "status": status, **state}))


def test_rows_come_back_with_the_time_they_have_taken(tmp_path: Path) -> None:
    file = LiveFile(Heard(), tmp_path)
    file.show("p", row())
    file.write()
    (back,) = read(tmp_path, os.getpid())
    assert time.monotonic() - back.started == pytest.approx(60, abs=1)
    assert (back.project, back.tokens, back.score) == ("p", 5, 7.5)


def test_when_a_call_will_end_and_what_waits_before_it_come_back_too(tmp_path: Path) -> None:
    file = LiveFile(Heard(), tmp_path)
    file.show("p", replace(row("p"), ends=time.monotonic() + 40, ends_latest=True))
    file.show("q", replace(row("q"), ahead=3))
    file.write()
    p, q = read(tmp_path, os.getpid())
    assert p.ends - time.monotonic() == pytest.approx(40, abs=1)
    assert (p.ends_latest, p.ahead, q.ends, q.ahead) == (True, None, 0.0, 3)


def test_the_file_is_written_only_when_a_row_has_changed(tmp_path: Path) -> None:
    file = LiveFile(Heard(), tmp_path)
    file.write()
    file.show("p", row())
    file.write()
    first = (tmp_path / NAME).stat().st_ino
    file.write()
    assert (tmp_path / NAME).stat().st_ino == first
    file.show("p", None)
    file.write()
    assert read(tmp_path, os.getpid()) == []


def test_the_other_view_hears_everything_too(tmp_path: Path) -> None:
    heard = Heard()
    with shared(heard, tmp_path) as view:
        view.say("hello", project="p")
        view.show("p", row())
    assert (heard.lines[0][1], heard.rows[0].tokens) == ("hello", 5)
    assert not (tmp_path / NAME).exists()


def test_a_workspace_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    file = LiveFile(Heard(), tmp_path / "gone")
    file.show("p", row())
    file.write()
    file.remove()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema_version": 2, "pid": 1, "rows": []}', "[" * 100_000])
def test_a_damaged_or_foreign_file_shows_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    assert read(tmp_path, 1) == []


def test_what_a_daemon_that_is_dead_left_behind_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps({"schema_version": 1, "pid": 1, "rows": []}))
    assert read(tmp_path, os.getpid()) == []


def test_changes_are_told_as_the_daemon_tells_them_and_only_once(tmp_path: Path) -> None:
    heard = Heard()
    follower = Follower(tmp_path, heard)
    save(tmp_path, Status.COMPLETED, "old", last_score=9)
    follower.look()
    heard.lines.clear()
    save(tmp_path, Status.PLANNING)
    follower.look()
    save(tmp_path, Status.PLANNING, model="now known")
    follower.look()
    save(tmp_path, Status.ENGINEERING, iteration=1)
    follower.look()
    score = Score(iteration=1, score=9.0, accepted=True)
    save(tmp_path, Status.COMPLETED, iteration=1, scores=(score,), last_score=9.0)
    follower.look()
    follower.look()
    assert [text for _, text, _ in heard.lines] == [
        "Architect plans",
        "Engineer writes, iteration 1 of 10",
        "score 9/10 in iteration 1",
        "completed with 9/10 after 1 iteration",
    ]


def test_a_single_project_is_followed_alone(tmp_path: Path, at_work: LiveFile) -> None:
    at_work.show("p", row("p"))
    at_work.show("q", row("q"))
    at_work.write()
    heard = Heard()
    Follower(tmp_path, heard, "q").look()
    assert [each.project for each in heard.rows] == ["q"]


def test_without_the_daemons_rows_the_states_tell_who_is_busy(tmp_path: Path, at_work: LiveFile) -> None:
    save(tmp_path, Status.VERIFYING, iteration=3, model="m")
    heard = Heard()
    Follower(tmp_path, heard).look()
    assert [(each.project, each.status, each.iteration) for each in heard.rows] == [("p", "verifying", 3)]


def test_the_coming_and_going_of_the_daemon_is_told(tmp_path: Path) -> None:
    heard = Heard()
    follower = Follower(tmp_path, heard)
    follower.look()
    with WorkspaceLock(tmp_path):
        follower.look()
    follower.look()
    assert [text.split(";")[0] for _, text, _ in heard.lines if "daemon" in text] == [
        "no daemon works here",
        f"the daemon works (process {os.getpid()})",
        "no daemon works here",
    ]


@pytest.mark.parametrize(
    ("only", "told"),
    [(None, "4 projects: 2 completed, 1 idle, 1 waiting; what is next: code-tumbler status"), ("c", "c: waiting")],
)
def test_whoever_begins_to_watch_hears_once_how_the_projects_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only: str | None, told: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["code-tumbler"])
    monkeypatch.delenv("UV", raising=False)
    for name, status in (("a", Status.COMPLETED), ("b", Status.COMPLETED), ("c", Status.WAITING)):
        save(tmp_path, status, name)
    (tmp_path / "new").mkdir()
    heard = Heard()
    follower = Follower(tmp_path, heard, only)
    follower.look()
    follower.look()
    assert [text for _, text, _ in heard.lines][1:] == [told]


def test_without_any_project_whoever_watches_hears_how_to_make_one(tmp_path: Path) -> None:
    heard = Heard()
    Follower(tmp_path, heard).look()
    assert heard.lines[-1][1].startswith("no project yet; make one with: ")


def test_unreadable_states_are_passed_over(tmp_path: Path) -> None:
    save(tmp_path, Status.PLANNING)
    (tmp_path / "p" / ".tumbler" / "state.json").write_text("{")
    Follower(tmp_path, Heard()).look()


def started(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, str(ROOT / "run_orchestrator.py"), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_watch_ends_with_ctrl_c_and_without_an_error(tmp_path: Path) -> None:
    past(tmp_path)
    with started("watch", "--workspace", str(tmp_path)) as watching:
        assert watching.stdout
        assert "no daemon works here" in watching.stdout.readline()
        assert "1 project: 1 completed" in watching.stdout.readline()
        save(tmp_path, Status.PLANNING)
        assert "p: Architect plans" in watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        assert watching.communicate(timeout=20)[1] == ""
    assert watching.returncode == 0


def test_logs_go_on_with_new_calls_until_ctrl_c(tmp_path: Path) -> None:
    root = past(tmp_path, rounds=(), scores=())
    with started("logs", "links", "--follow", "--workspace", str(tmp_path)) as following:
        assert following.stdout
        assert "architect plan" in following.stdout.readline()
        call_model(root, "engineer", 1, "build")
        assert "engineer build" in following.stdout.readline()
        following.send_signal(signal.SIGINT)
        assert following.communicate(timeout=20) == ("", "")
    assert following.returncode == 0
