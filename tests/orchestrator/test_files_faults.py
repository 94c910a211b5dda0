"""What is left after a system call fails, or the disk is full."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from orchestrator.files import Denied, DiskFull, FileProblem, Folder, NotRegular, NotText, ReadOnly
from orchestrator.files.directory import DescriptorDirectory

CALLS = ("open", "write", "sync_file", "rename", "link", "sync")


class FailingDirectory(DescriptorDirectory):
    """Fails one kind of call; writes at most 3 bytes at once."""

    failing: str = ""
    code: int = errno.EIO

    def _maybe(self, call: str) -> None:
        if call == self.failing:
            raise OSError(self.code, os.strerror(self.code))

    def open(self, name: str, flags: int, mode: int = 0o644) -> int:
        if flags & os.O_CREAT:
            self._maybe("open")
        return super().open(name, flags, mode)

    def write(self, descriptor: int, data: memoryview) -> int:
        super().write(descriptor, data[:3])
        self._maybe("write")
        return len(data[:3])

    def sync_file(self, descriptor: int) -> None:
        self._maybe("sync_file")

    def sync(self) -> None:
        self._maybe("sync")

    def rename(self, old: str, new: str) -> None:
        self._maybe("rename")
        super().rename(old, new)

    def link(self, old: str, new: str) -> None:
        self._maybe("link")
        super().link(old, new)


def failing(root: Path, call: str, code: int = errno.EIO) -> Folder:
    class Directory(FailingDirectory):
        pass

    Directory.failing, Directory.code = call, code
    return Folder(root, Directory.at(root))


@pytest.mark.parametrize("call", ["", *CALLS])
def test_a_failed_write_leaves_the_old_content_and_no_temporary_file(tmp_path: Path, call: str) -> None:
    (tmp_path / "state.json").write_text("old")
    with failing(tmp_path, call) as folder, suppress(FileProblem):
        folder.write("state.json", "the new content")
    expected = "the new content" if call in ("", "link", "sync") else "old"
    assert (tmp_path / "state.json").read_text() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("call", ["open", "write", "sync_file", "rename", "sync"])
def test_no_failed_call_is_passed_over(tmp_path: Path, call: str) -> None:
    with failing(tmp_path, call) as folder, pytest.raises(FileProblem, match=r"state\.json"):
        folder.write("state.json", "x")


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, ReadOnly),
        (errno.EACCES, Denied),
        (errno.EPERM, Denied),
    ],
)
@pytest.mark.parametrize("call", ["open", "write", "sync_file", "rename"])
def test_each_reason_has_its_own_class(tmp_path: Path, call: str, code: int, problem: type[FileProblem]) -> None:
    with failing(tmp_path, call, code) as folder, pytest.raises(problem) as caught:
        folder.write("a/b.txt", "x")
    assert caught.value.path == "a/b.txt"


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_create_works_where_there_are_no_hard_links(tmp_path: Path, code: int) -> None:
    with failing(tmp_path, "link", code) as folder:
        folder.create("a", "first")
        with pytest.raises(FileExistsError):
            folder.create("a", "second")
        assert folder.read_text("a") == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interruption_in_the_middle_of_a_write_leaves_nothing(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    class Interrupted(DescriptorDirectory):
        def sync_file(self, descriptor: int) -> None:
            raise interruption

    with Folder(tmp_path, Interrupted.at(tmp_path)) as folder, pytest.raises(interruption):
        folder.write("a", "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["open", "write", "sync_file"])
def test_a_file_that_could_not_be_made_leaves_nothing(tmp_path: Path, call: str) -> None:
    with failing(tmp_path, call) as folder, pytest.raises(FileProblem):
        folder.create("x.zip", "content")
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_put_in_a_files_place_at_the_last_moment_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()

    class Overtaken(DescriptorDirectory):
        def stat(self, name: str) -> os.stat_result:
            return super().stat("plain")

    os.mkfifo(tmp_path / "pipe")
    with Folder(tmp_path, Overtaken.at(tmp_path)) as folder, pytest.raises(NotRegular):
        folder.read("pipe")


def test_half_a_surrogate_pair_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        folder.write("a", "old")
        with pytest.raises(NotText, match="character 3"):
            folder.write("a", "abc\ud83d")
        assert list(folder.walk()) == ["a"]
        assert folder.read_text("a") == "old"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB of its own."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr.decode()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_leaves_the_old_content_and_says_so(small_disk: Path) -> None:
    with Folder.open(small_disk) as folder:
        folder.write("state.json", "old")
        with pytest.raises(DiskFull, match="free some space"):
            folder.write("state.json", b"z" * 200_000)
        assert folder.names() == ["state.json"]
        assert folder.read_text("state.json") == "old"
        assert 0 < folder.free_bytes() < 65_536


def test_a_read_only_disk_says_so(small_disk: Path) -> None:
    with Folder.open(small_disk) as folder:
        folder.write("state.json", "old")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with Folder.open(small_disk) as folder, pytest.raises(ReadOnly, match="writable"):
        folder.write("state.json", "new")


AS_NOBODY = """
import ctypes, os, sys, tempfile
from pathlib import Path
from orchestrator.files import Folder
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
    ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE: /proc/self stays ours
with tempfile.TemporaryDirectory() as place, Folder.open(Path(place)) as folder:
    folder.write("old/a/b/c", "x")
    folder.write("old/d/e", "x")
    for path, mode in (("old/a/b", 0), ("old/a", 0o100), ("old/d", 0o500), ("old", 0)):
        os.chmod(Path(place) / path, mode)
    assert not os.access(Path(place) / "old", os.R_OK, effective_ids=True)
    assert folder.remove_tree("old")
    assert folder.names() == []
"""


@pytest.mark.skipif(sys.platform != "linux", reason="becomes another user as Linux does it")
def test_a_tree_that_was_made_unreadable_can_be_removed() -> None:
    """As an ordinary user; root can read everything anyway."""
    done = subprocess.run([sys.executable, "-c", AS_NOBODY], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_content_is_durable_before_its_name_and_the_name_before_we_return(tmp_path: Path) -> None:
    calls: list[str] = []

    class Recording(DescriptorDirectory):
        def make(self, name: str) -> None:
            calls.append(f"make {name}")
            super().make(name)

        def write(self, descriptor: int, data: memoryview) -> int:
            calls.append("write")
            return super().write(descriptor, data)

        def sync_file(self, descriptor: int) -> None:
            calls.append("sync file")
            super().sync_file(descriptor)

        def sync(self) -> None:
            calls.append(f"sync {Path(f'/proc/self/fd/{self._fd}').readlink().relative_to(tmp_path)}")
            super().sync()

        def rename(self, old: str, new: str) -> None:
            calls.append(f"rename to {new}")
            super().rename(old, new)

        def link(self, old: str, new: str) -> None:
            calls.append(f"link to {new}")
            super().link(old, new)

        def unlink(self, name: str) -> None:
            calls.append("unlink")
            super().unlink(name)

    with Folder(tmp_path, Recording.at(tmp_path)) as folder:
        folder.write("a/b/c", "content")
        assert calls == ["make a", "sync .", "make b", "sync a", "write", "sync file", "rename to c", "sync a/b"]
        calls.clear()
        folder.create("a/d", "content")
        assert calls == ["write", "sync file", "link to d", "unlink", "sync a"]
        calls.clear()
        folder.remove("a/d")
        assert calls == ["unlink", "sync a"]


def test_the_sweep_passes_over_what_it_may_not_enter(tmp_path: Path) -> None:
    class Closed(DescriptorDirectory):
        def child(self, name: str) -> Self:
            if name == "theirs":
                raise PermissionError(errno.EACCES, "denied")
            return super().child(name)

    (tmp_path / "theirs").mkdir()
    (tmp_path / "zeta").mkdir()
    (tmp_path / "zeta" / ".tumbler-1.tmp").touch()
    with Folder(tmp_path, Closed.at(tmp_path)) as folder:
        assert folder.sweep() == 1
        with pytest.raises(Denied):
            list(folder.walk())
