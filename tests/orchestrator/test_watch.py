"""Every change that may start work leads to a look at its project, whatever way it came about."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from watchdog.observers.inotify import InotifyObserver

from orchestrator import watch
from orchestrator.watch import Polling, WatchError, project_name, watching
from orchestrator.watch_mounts import file_system, silent_file_system
from orchestrator.watch_scope import watched
from tests.fakes.exchange import exchange

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what inotify reports is a matter of Linux")


class Notes:
    """The names noted, and a way to wait for one."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._arrived = asyncio.Event()

    def __call__(self, name: str) -> None:
        self.names.append(name)
        self._arrived.set()

    async def wait_for(self, *names: str, seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            while not set(names) <= set(self.names):
                self._arrived.clear()
                await self._arrived.wait()

    async def settle(self) -> list[str]:
        """What came, once nothing more comes."""
        count = -1
        while count != len(self.names):
            count = len(self.names)
            await asyncio.sleep(0.15)
        return self.names


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    made = tmp_path / "projects"
    for stage in ("01_input", "02_plan", "03_staging", "04_feedback", "05_final", ".tumbler"):
        (made / "old" / stage).mkdir(parents=True)
    (made / "old/02_plan/PLAN.md").write_text("plan")
    return made


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a", "a"),
        ("a/tumbler.yaml", "a"),
        ("a/01_input", "a"),
        ("a/01_input/requirements.txt", "a"),
        ("a/03_staging/.manifest.json", "a"),
        ("a/01_input/requirements.txt.bak", "a"),
        ("a b/01_input/requirements.txt", "a b"),
        ("ü 😀/01_input/requirements.txt", "ü 😀"),
        ("", None),
        ("a/03_staging/src/main.py", None),
        ("a/.tumbler", None),
        ("a/.tumbler/state.json", None),
        (".tumbler-daemon.json", None),
        (".hidden/01_input/requirements.txt", None),
        ("a/02_plan/PLAN.md~", None),
        ("a/03_staging/.manifest.json.swp", None),
        ("a/02_plan/4913", None),
        ("a/02_plan/.#PLAN.md", None),
        ("a/02_plan/#PLAN.md#", None),
        ("a/02_plan/.tumbler-0123456789abcdef.tmp", None),
    ],
)
def test_the_project_is_read_from_the_path(path: str, name: str | None) -> None:
    assert project_name(Path("/w/projects"), f"/w/projects/{path}") == name
    assert project_name("/w/projects", os.fsencode(f"/w/projects/{path}")) == name


@pytest.mark.parametrize("path", ["/w/projects", "/w/projects2/a", "/w", "/elsewhere/a", ""])
def test_what_lies_outside_the_workspace_is_no_project(path: str) -> None:
    assert project_name(Path("/w/projects"), path) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", True),
        ("a", True),
        ("a/01_input", True),
        ("a/02_plan", True),
        ("a/03_staging", True),
        ("a/04_feedback", True),
        ("a/03_staging/src", False),
        ("a/.tumbler", False),
        ("a/05_final", False),
        ("a/other", False),
        (".git", False),
    ],
)
def test_only_folders_that_hold_triggers_are_watched(path: str, expected: bool) -> None:
    assert watched(b"/w", f"/w/{path}".encode()) is expected


MOUNTS = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:27 / /mnt/c rw,noatime shared:1 - 9p drvfs rw,aname=drvfs;path=C:\\
31 27 0:28 / /home/me/nas\\040one rw shared:2 master:3 - nfs4 nas:/export rw
32 31 0:29 / /home/me/nas\\040one/local rw - xfs /dev/vdb rw
33 27 0:30 / /src rw - fuse.sshfs host:/ rw
34 27 0:31 / /src rw - btrfs /dev/vdc rw
35 27 0:32 / /share rw - fakeowner /run/host_mark/Users rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/projects", "ext4"),
        ("/mnt/c/Users/me/projects", "9p"),
        ("/mnt/cd", "ext4"),
        ("/home/me/nas one/projects", "nfs4"),
        ("/home/me/nas one/local/projects", "xfs"),
        ("/src/projects", "btrfs"),
        ("/share/x", "fakeowner"),
    ],
)
def test_the_innermost_and_latest_mount_counts(path: str, kind: str) -> None:
    assert file_system(MOUNTS, Path(path)) == kind


@pytest.mark.parametrize(
    ("kind", "polled"),
    [(kind, True) for kind in ("nfs", "nfs4", "cifs", "smb3", "9p", "drvfs", "fuse.sshfs", "vboxsf", "virtiofs")]
    + [(kind, False) for kind in ("ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "f2fs")],
)
def test_network_and_host_folders_are_polled(
    kind: str, polled: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"27 1 254:0 / / rw - {kind} source rw\n")
    monkeypatch.setattr("orchestrator.watch_mounts._MOUNTINFO", mounts)
    assert silent_file_system(tmp_path) == (kind if polled else None)


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("words")


def replace(path: Path) -> None:
    temporary = path.with_name(f".{path.name}.swp")
    temporary.write_text("words")
    temporary.replace(path)


CHANGES: list[tuple[str, Callable[[Path], object]]] = [
    ("a trigger is written", lambda root: write(root / "old/01_input/requirements.txt")),
    ("a trigger is edited", lambda root: write(root / "old/02_plan/PLAN.md")),
    ("a trigger is replaced by an editor", lambda root: replace(root / "old/02_plan/PLAN.md")),
    ("a trigger is touched", lambda root: os.utime(root / "old/02_plan/PLAN.md")),
    ("a manifest is written", lambda root: write(root / "old/03_staging/.manifest.json")),
    ("a report is written", lambda root: write(root / "old/04_feedback/REPORT_iter1.md")),
    ("settings are written", lambda root: write(root / "old/tumbler.yaml")),
    ("a stage is removed", lambda root: (root / "old/04_feedback").rmdir()),
    ("the project is removed", lambda root: shutil.rmtree(root / "old")),
    ("the project is renamed", lambda root: (root / "old").rename(root / "new")),
    ("the project is moved away", lambda root: (root / "old").rename(root.parent / "away")),
]


@pytest.mark.parametrize("change", [change for _, change in CHANGES], ids=[name for name, _ in CHANGES])
@pytest.mark.parametrize("pruned", [True, False], ids=["pruned", "unpruned"])
async def test_a_change_is_noted(
    workspace: Path, change: Callable[[Path], object], pruned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not pruned:
        monkeypatch.setattr("orchestrator.watch_pruned.version", lambda _: "8.0.0")
        if change is CHANGES[3][1]:
            pytest.skip("a bare utime() is left to the rescan there")
    notes = Notes()
    async with watching(workspace, notes, "never") as watcher:
        assert watcher.mode == ("inotify" if pruned else "inotify, unpruned")
        change(workspace)
        await notes.wait_for("old")


async def test_reading_is_no_change(workspace: Path) -> None:
    notes = Notes()
    async with watching(workspace, notes, "never"):
        for path in workspace.rglob("*"):
            if path.is_file():
                path.read_bytes()
        assert await notes.settle() == []


async def test_what_lies_deeper_or_is_remembered_is_no_change(workspace: Path) -> None:
    (workspace / "old/03_staging/src").mkdir()
    notes = Notes()
    async with watching(workspace, notes, "never"):
        write(workspace / "old/03_staging/src/main.py")
        write(workspace / "old/.tumbler/state.json")
        write(workspace / "old/05_final/x.zip")
        write(workspace / ".tumbler-daemon.json")
        assert await notes.settle() == []


async def test_a_stage_that_was_exchanged_is_watched_and_holds_nothing_up(workspace: Path) -> None:
    from orchestrator.files import Folder

    notes = Notes()
    (workspace / "other/01_input").mkdir(parents=True)
    with Folder.open(workspace / "old") as folder:
        folder.write(".tumbler/next/.manifest.json", "{}")
        folder.write("03_staging/.manifest.json", "{}")
        async with watching(workspace, notes, "never"):
            waits: list[float] = []
            while len(waits) < 10 and min(waits, default=1) > 0.4:  # watchdog holds what was moved for half a second
                exchange(workspace / "old/03_staging", workspace / "old/.tumbler/next")
                start = time.monotonic()
                write(workspace / "other/01_input/requirements.txt")
                await notes.wait_for("other", "old")
                waits.append(time.monotonic() - start)
                notes.names.clear()
            assert min(waits) < 0.4
            folder.remove_tree(".tumbler/next")
            await notes.settle()
            notes.names.clear()
            os.utime(workspace / "old/03_staging/.manifest.json")
            await notes.wait_for("old")


def make_and_write(root: Path, name: str) -> None:
    (root / name / "01_input").mkdir(parents=True)
    (root / name / "01_input/requirements.txt").write_text("words")


def make_and_rename(root: Path, name: str) -> None:
    (root / name / "01_input").mkdir(parents=True)
    (root / name / "01_input/tmp").write_text("words")
    (root / name / "01_input/tmp").rename(root / name / "01_input/requirements.txt")


def move_in(root: Path, name: str) -> None:
    make_and_write(root.parent, name)
    (root.parent / name).rename(root / name)


def copy_in(root: Path, name: str) -> None:
    make_and_write(root.parent, name)
    shutil.copytree(root.parent / name, root / name)


@pytest.mark.parametrize("appear", [make_and_write, make_and_rename, move_in, copy_in])
async def test_new_projects_are_noted_when_their_requirements_are_there(
    workspace: Path, appear: Callable[[Path, str], None]
) -> None:
    """The last note of each comes after its last change, so whoever looks then sees everything."""
    names = [f"p{number}" for number in range(60)]
    complete: dict[str, bool] = {}
    async with watching(
        workspace,
        lambda name: complete.__setitem__(name, (workspace / name / "01_input/requirements.txt").exists()),
        "never",
    ):

        def appear_all() -> None:
            for name in names:
                appear(workspace, name)

        await asyncio.to_thread(appear_all)
        async with asyncio.timeout(60):
            while not all(complete.get(name) for name in names):
                await asyncio.sleep(0.02)


async def test_what_is_written_later_into_a_moved_in_project_is_noted(workspace: Path) -> None:
    notes = Notes()
    async with watching(workspace, notes, "never"):
        move_in(workspace, "new")
        await notes.wait_for("new")
        await notes.settle()
        notes.names.clear()
        write(workspace / "new/01_input/requirements.txt")
        await notes.wait_for("new")


async def test_a_folder_that_becomes_a_project_by_renaming_is_watched(workspace: Path) -> None:
    (workspace / "old/01_input/inner/01_input").mkdir(parents=True)
    notes = Notes()
    async with watching(workspace, notes, "never"):
        (workspace / "old/01_input/inner").rename(workspace / "inner")
        await notes.settle()
        notes.names.clear()
        write(workspace / "inner/01_input/requirements.txt")
        await notes.wait_for("inner")


@pytest.mark.slow
async def test_thousands_of_files_deep_in_staging_are_not_noted(workspace: Path) -> None:
    notes = Notes()
    async with watching(workspace, notes, "never"):

        def install() -> None:
            for number in range(100):
                place = workspace / f"old/03_staging/node_modules/m{number}/lib"
                place.mkdir(parents=True)
                for file in range(20):
                    (place / f"{file}.js").write_text("")

        await asyncio.to_thread(install)
        assert len(await notes.settle()) <= 3


@pytest.mark.parametrize("polling", ["always", "auto"])
async def test_polling_notes_what_inotify_would(
    workspace: Path, polling: Polling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "silent_file_system", lambda _: "nfs4")
    monkeypatch.setattr("orchestrator.watch_observers._POLL_SECONDS", 0.05)
    notes = Notes()
    async with watching(workspace, notes, polling) as watcher:
        assert watcher.mode == ("polling: as configured" if polling == "always" else "polling: nfs4")
        make_and_write(workspace, "new")
        os.utime(workspace / "old/02_plan/PLAN.md")
        await notes.wait_for("new", "old")
        await notes.settle()
        notes.names.clear()
        write(workspace / "old/03_staging/src/deep/main.py")
        write(workspace / "old/.tumbler/state.json")
        await notes.settle()
        notes.names.clear()  # the folders themselves may have been noted
        write(workspace / "old/03_staging/src/deep/other.py")
        assert await notes.settle() == []
        assert watcher.check() == []
        assert watcher._observer
        polled = {str(path) for emitter in watcher._observer.emitters for path in emitter._snapshot.paths}  # type: ignore[attr-defined]
        assert str(workspace / "old/03_staging/src") in polled
        assert str(workspace / "old/03_staging/src/deep") not in polled


async def test_a_workspace_that_was_removed_and_made_again_is_watched_again(workspace: Path) -> None:
    notes = Notes()
    async with watching(workspace, notes, "never") as watcher:
        assert watcher.check() == []
        shutil.rmtree(workspace)
        assert "the folder is gone; make it again" in watcher.check()[0]
        make_and_write(workspace, "early")
        assert len(watcher.check()) == 1
        assert watcher.check() == []
        make_and_write(workspace, "late")
        await notes.wait_for("early", "late")


async def test_a_workspace_that_was_replaced_by_another_is_watched_again(workspace: Path, tmp_path: Path) -> None:
    notes = Notes()
    async with watching(workspace, notes, "never") as watcher:
        make_and_write(tmp_path / "second", "early")
        workspace.rename(tmp_path / "first")
        (tmp_path / "second").rename(workspace)
        assert "was removed or replaced" in watcher.check()[0]
        make_and_write(workspace, "late")
        await notes.wait_for("early", "late")


@pytest.mark.parametrize("part", ["observer", "emitter", "reader"])
async def test_a_thread_of_the_watcher_that_ended_is_replaced(workspace: Path, part: str) -> None:
    notes = Notes()
    async with watching(workspace, notes, "never") as watcher:
        observer = watcher._observer
        assert isinstance(observer, InotifyObserver)
        ended = {"observer": observer, "reader": observer._inotify_fd, "emitter": next(iter(observer.emitters))}[part]
        ended.stop()
        ended.join()
        assert "had ended" in watcher.check()[0]
        assert watcher.check() == []
        await notes.wait_for("old")
        make_and_write(workspace, "late")
        await notes.wait_for("late")


async def test_lost_events_lead_to_a_look_at_everything(workspace: Path) -> None:
    notes = Notes()
    async with watching(workspace, notes, "never") as watcher:
        logging.getLogger("watchdog.observers.inotify_c").warning(
            "Inotify queue overflowed; filesystem events were lost"
        )
        assert "file events were lost" in watcher.check()[0]
        await notes.wait_for("old")
        assert watcher.check() == []


async def test_an_error_in_the_callback_does_not_end_the_watching(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    notes = Notes()
    real = watch.project_name

    def failing(root: str | Path, path: str | bytes) -> str | None:
        if "broken" in os.fsdecode(path):
            raise RuntimeError("broken")
        return real(root, path)

    monkeypatch.setattr(watch, "project_name", failing)
    async with watching(workspace, notes, "never") as watcher:
        (workspace / "broken").mkdir()
        make_and_write(workspace, "good")
        await notes.wait_for("good")
        assert watcher.check() == []
    assert "broken" not in notes.names
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    ("code", "setting"), [(errno.ENOSPC, "max_user_watches"), (errno.EMFILE, "max_user_instances")]
)
async def test_at_the_limits_of_inotify_it_polls_and_names_the_setting(
    workspace: Path, code: int, setting: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def at_its_limit() -> None:
        raise OSError(code, "limit reached")

    monkeypatch.setattr("orchestrator.watch_pruned.PrunedObserver", at_its_limit)
    async with watching(workspace, Notes()) as watcher:
        assert watcher.mode == "polling: an inotify limit is reached"
    assert len([record for record in caplog.records if setting in record.getMessage()]) == 1
    with pytest.raises(WatchError, match=setting):
        async with watching(workspace, Notes(), "never"):
            pass


async def test_a_limit_reached_later_leads_to_polling(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from watchdog.observers.inotify_c import InotifyFD

    real = InotifyFD.add_callback
    notes = Notes()

    def limited(self: InotifyFD, path: bytes, *rest: object) -> object:
        if b"new" in path:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        return real(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(InotifyFD, "add_callback", limited)
    async with watching(workspace, notes) as watcher:
        make_and_write(workspace, "new")
        await notes.wait_for("new")
        assert "max_user_watches" in watcher.check()[0]
        assert watcher.mode.startswith("polling")
        assert watcher.check() == []


@pytest.fixture
def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


@pytest.mark.parametrize("polling", ["never", "always"])
async def test_nothing_is_left_running(workspace: Path, polling: Polling, threads: set[threading.Thread]) -> None:
    start = time.monotonic()
    async with watching(workspace, Notes(), polling):
        pass
    assert time.monotonic() - start < 30
    left = [thread for thread in set(threading.enumerate()) - threads if not thread.name.startswith("asyncio")]
    assert left == []


async def test_a_workspace_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(WatchError, match="absent"):
        async with watching(tmp_path / "absent", Notes()):
            pass
