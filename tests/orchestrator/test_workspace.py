"""The folder of projects: found, made, locked, scanned."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator import workspace_lock
from orchestrator.files import FileProblem, Folder
from orchestrator.project import Trigger
from orchestrator.workspace import AlreadyRunning, Workspace, WorkspaceError, WorkspaceLock, advice, fingerprints
from orchestrator.workspace_lock import INFORMATION
from tests.fakes.agents import trio
from tests.fakes.daemon import drop, running, settings, until, until_status


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    assert Workspace(tmp_path / "deep" / "projects").projects() == []


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "projects").touch()
    with pytest.raises(WorkspaceError, match="is a file, not a folder"):
        Workspace(tmp_path / "projects")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match="cannot be made"):
        Workspace(tmp_path / "file" / "projects")


def test_the_workspace_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "large_disk" / "a").mkdir(parents=True)
    (tmp_path / "projects").symlink_to(tmp_path / "large_disk")
    assert Workspace(tmp_path / "projects").projects() == ["a"]


def test_only_plain_folders_are_projects(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("b", "a b", "ü 😀", "-rf", "[bold]", ".hidden", "x" * 255):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    (tmp_path / ".gitkeep").touch()
    (tmp_path / "linked").symlink_to(tmp_path / "b")
    workspace = Workspace(tmp_path)
    expected = sorted(["b", "a b", "ü 😀", "-rf", "[bold]", "x" * 255])
    with caplog.at_level(logging.WARNING):
        assert workspace.projects() == expected
        assert workspace.projects() == expected
    assert [record.getMessage().split()[0] for record in caplog.records] == ["linked"]


def test_a_project_of_which_the_disk_does_not_say_what_it_is_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stale:
        """As on file systems that do not tell a name's kind with the name."""

        name = "stale"

        def is_symlink(self) -> bool:
            raise OSError(errno.ESTALE, "stale")

        def is_dir(self, *, follow_symlinks: bool) -> bool:
            raise OSError(errno.ESTALE, "stale")

    class Listing(list[object]):
        def __enter__(self) -> Listing:
            return self

        def __exit__(self, *_: object) -> None: ...

    workspace = Workspace(tmp_path)
    (tmp_path / "a").mkdir()
    with os.scandir(tmp_path) as entries:
        listed = Listing([Stale(), *entries])
    monkeypatch.setattr("orchestrator.workspace.os.scandir", lambda _: listed)
    assert workspace.projects() == ["a", "stale"]


def test_a_workspace_that_was_taken_away_is_said(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "projects")
    workspace.path.rmdir()
    with pytest.raises(WorkspaceError, match="still there"):
        workspace.projects()


def test_a_projects_folder_is_opened_by_name(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with workspace.folder("a") as folder:
        folder.write("x", "1")
        assert folder.still_there()
    for name in ("link", "absent", "../a", "a/../a"):
        with pytest.raises(FileProblem):
            workspace.folder(name).names("no")


def test_each_trigger_that_is_there_has_a_fingerprint(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        folder.write("01_input/requirements.txt", "x")
        folder.write("03_staging/.manifest.json", "{}")
        folder.write("04_feedback/REPORT_iter2.md", "Score: 7.0")
        assert set(fingerprints(tmp_path, 1)) == {Trigger.REQUIREMENTS, Trigger.MANIFEST}
        found = fingerprints(tmp_path, 2)
        assert set(found) == {Trigger.REQUIREMENTS, Trigger.MANIFEST, Trigger.REPORT}
        assert found[Trigger.REPORT] == str(folder.stat("04_feedback/REPORT_iter2.md"))
        folder.write("01_input/requirements.txt", "x")
        assert fingerprints(tmp_path, 2)[Trigger.REQUIREMENTS] != found[Trigger.REQUIREMENTS]


def test_something_else_in_a_triggers_place_is_noticed_too(tmp_path: Path) -> None:
    (tmp_path / "01_input").mkdir()
    os.mkfifo(tmp_path / "01_input/requirements.txt")
    assert set(fingerprints(tmp_path, 0)) == {Trigger.REQUIREMENTS}


def test_a_scan_covers_every_project_and_asks_for_its_iteration(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for name, report in (("a", 1), ("b", 3), ("empty", 0)):
        (tmp_path / name).mkdir()
        if report:
            with workspace.folder(name) as folder:
                folder.write(f"04_feedback/REPORT_iter{report}.md", "x")
    found = workspace.scan({"a": 1, "b": 3, "empty": 0}.__getitem__)
    assert {name: set(triggers) for name, triggers in found.items()} == {
        "a": {Trigger.REPORT},
        "b": {Trigger.REPORT},
        "empty": set(),
    }


@pytest.mark.slow
def test_a_scan_of_a_thousand_projects_takes_little_cpu(tmp_path: Path) -> None:
    for number in range(1000):
        place = tmp_path / f"p{number:04}"
        for name in ("01_input/requirements.txt", "02_plan/PLAN.md", "03_staging/.manifest.json"):
            path = place / name
            path.parent.mkdir(parents=True)
            path.touch()
    workspace = Workspace(tmp_path)
    before = time.process_time()
    assert len(workspace.scan(lambda _: 1)) == 1000
    assert time.process_time() - before < 0.3  # 0.03 measured; the rest is for a busy machine


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], None),
        (["01_input/requirements.txt"], None),
        (["01_input/other"], None),
        ([".tumbler/state.json"], None),
        (["requirements.txt"], "has no 01_input/ folder; move requirements.txt to p/01_input/requirements.txt"),
        (["main.py"], "has no 01_input/ folder; write the requirements to p/01_input/requirements.txt"),
        (["01_input/requirements.md"], "p/01_input/requirements.md: is not read; rename it to requirements.txt"),
        (["01_input/Requirements.TXT"], "p/01_input/Requirements.TXT: is not read; rename it to requirements.txt"),
    ],
)
def test_requirements_in_the_wrong_place_are_answered_with_advice(
    tmp_path: Path, files: list[str], expected: str | None
) -> None:
    (tmp_path / "p").mkdir()
    with Folder.open(tmp_path / "p") as folder:
        for name in files:
            folder.write(name, "x")
        found = advice(folder)
    assert (found is None) if expected is None else expected in (found or "")
    if expected and "01_input/ folder" in expected:
        assert (found or "").startswith("Could not determine project root")


def test_an_input_that_is_no_folder_is_answered_with_advice(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        folder.write("01_input", "words")
        assert (advice(folder) or "").startswith("Could not determine project root")


HOLD = """
import sys, time
from pathlib import Path
from orchestrator.workspace import Workspace
lock = Workspace(Path(sys.argv[1])).lock()
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_daemon_is_refused_with_the_first_ones_pid_until_it_is_killed(tmp_path: Path) -> None:
    first = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning, match=f"process {first.pid}, since 20") as caught:
            Workspace(tmp_path).lock()
        assert caught.value.pid == first.pid
        (tmp_path / workspace_lock.INFORMATION).write_text("{torn")
        with pytest.raises(AlreadyRunning, match="not known"):
            Workspace(tmp_path).lock()
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    with Workspace(tmp_path).lock():
        assert workspace_lock.holder(tmp_path)["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_child_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = Workspace(tmp_path).lock()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        lock.release()
        Workspace(tmp_path).lock().release()
        child.communicate(b"\n")


@pytest.mark.skipif(os.name == "nt", reason="flock is shared by copies of a descriptor")
def test_a_child_that_is_just_being_started_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = Workspace(tmp_path).lock()
    the_childs = os.dup(lock._descriptor)
    lock.release()
    Workspace(tmp_path).lock().release()
    os.close(the_childs)


def test_where_a_directory_cannot_be_locked_a_file_in_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(path: Path) -> int:
        raise OSError(errno.EBADF, "not supported")

    monkeypatch.setattr(workspace_lock, "_lock_directory", unsupported)
    with WorkspaceLock(tmp_path), pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
        WorkspaceLock(tmp_path)
    WorkspaceLock(tmp_path).release()


def test_what_is_told_about_the_holder_is_plain_json(tmp_path: Path) -> None:
    with WorkspaceLock(tmp_path):
        told = json.loads((tmp_path / ".tumbler-daemon.json").read_text())
    assert set(told) == {"pid", "started", "boot_id"}


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that nobody can write to, root included")
def test_a_workspace_that_cannot_be_written_to_is_refused() -> None:
    with pytest.raises(WorkspaceError, match="/sys/kernel: cannot be written to"):
        Workspace(Path("/sys/kernel")).lock()
    with pytest.raises(WorkspaceError, match="cannot be written to"):  # and not AlreadyRunning: it was given back
        Workspace(Path("/sys/kernel")).lock()


def test_what_a_killed_daemon_left_in_the_workspace_is_swept(tmp_path: Path) -> None:
    left = tmp_path / ".tumbler-00ff00ff00ff00ff.tmp"
    left.write_text("half")
    with WorkspaceLock(tmp_path):
        assert not left.exists()


def test_a_lock_is_given_back_after_the_workspace_was_removed(tmp_path: Path) -> None:
    with Workspace(tmp_path / "projects").lock():
        (tmp_path / "projects").rename(tmp_path / "elsewhere")
    Workspace(tmp_path / "elsewhere").lock().release()


# --- replaced while it is held


async def test_a_workspace_put_in_the_place_of_ours_is_worked_on_only_by_who_holds_it(tmp_path: Path) -> None:
    workspace, another = tmp_path / "projects", tmp_path / "another"
    workspace.mkdir()
    another.mkdir()
    agents = trio(scores=(9.0,))
    drop(workspace, "first")
    async with running(workspace, agents, config=settings(rescan_seconds=0.1)) as heard:
        await until_status(workspace, "first", "completed")
        with WorkspaceLock(another):
            drop(another, "x")
            workspace.rename(tmp_path / "old")
            another.rename(workspace)
            await until(lambda: "another Code Tumbler works here" in heard.text())
            await asyncio.sleep(0.5)  # several scans
            assert [work.project for work in agents.architect.works] == ["first"]
        await until_status(workspace, "x", "completed")
        with pytest.raises(AlreadyRunning):
            WorkspaceLock(workspace)
    assert not (workspace / INFORMATION).exists()


def test_whoever_lost_a_workspace_leaves_the_word_of_its_new_holder_alone(tmp_path: Path) -> None:
    workspace = tmp_path / "projects"
    workspace.mkdir()
    lost = WorkspaceLock(workspace)
    workspace.rename(tmp_path / "old")
    workspace.mkdir()
    with WorkspaceLock(workspace):
        lost.release()
        assert (workspace / INFORMATION).exists()
