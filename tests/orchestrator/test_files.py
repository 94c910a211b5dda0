"""A project's folder: whole or not at all, durable, never outside."""

from __future__ import annotations

import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.files import FileProblem, Folder, Gone, NotRegular, NotText, TooLarge, UnsafePath
from tests.fakes.exchange import exchange


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.fixture
def folder(root: Path) -> Iterator[Folder]:
    with Folder.open(root) as opened:
        yield opened


def in_(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def open_descriptors() -> int:
    return len(in_(Path("/proc/self/fd"))) if Path("/proc/self/fd").exists() else 0


def leftovers(root: Path) -> list[str]:
    return [path.name for path in root.rglob(".tumbler-*")]


@pytest.mark.parametrize("data", [b"", b"x", "ü\r\n", b"\0" * 3_000_000], ids=["empty", "one", "text", "large"])
def test_what_was_written_is_read_back(folder: Folder, data: bytes | str) -> None:
    folder.write("a/b/c.txt", data)
    assert folder.read("a/b/c.txt") == (data.encode() if isinstance(data, str) else data)


def test_a_write_replaces_the_file_and_leaves_nothing_else(folder: Folder, root: Path) -> None:
    folder.write("state.json", "old")
    folder.write("state.json", "new")
    assert (root / "state.json").read_text() == "new"
    assert in_(root) == ["state.json"]


def test_a_written_file_has_the_mode_that_was_asked_for(folder: Folder, root: Path) -> None:
    folder.write("run.sh", "#!/bin/sh\n", mode=0o755)
    assert stat.S_IMODE((root / "run.sh").stat().st_mode) & 0o100


def test_create_refuses_what_is_there(folder: Folder, root: Path) -> None:
    folder.create("journal/0001.json", "first")
    with pytest.raises(FileExistsError):
        folder.create("journal/0001.json", "second")
    assert folder.read_text("journal/0001.json") == "first"
    assert leftovers(root) == []
    assert (root / "journal/0001.json").stat().st_nlink == 1


@pytest.mark.parametrize("rel", ["absent", "absent/deep/er"])
def test_what_is_absent_is_a_value_and_no_error(folder: Folder, rel: str) -> None:
    assert folder.read(rel) is None
    assert folder.read_text(rel) is None
    assert folder.sha256(rel) is None
    assert folder.stat(rel) is None
    assert folder.names(rel) == []
    assert list(folder.walk(rel)) == []
    assert folder.remove(rel) is False
    assert folder.remove_tree(rel) is False


@pytest.mark.parametrize(
    "rel",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/.", "a/", "nul\0byte", "lone\ud800surrogate"],
)
def test_paths_that_lead_elsewhere_are_refused(folder: Folder, root: Path, rel: str) -> None:
    with pytest.raises(UnsafePath):
        folder.write(rel, "evil")
    with pytest.raises(UnsafePath):
        folder.read(rel)
    assert in_(root) == []


@pytest.mark.parametrize(
    "name", ["x" * 255, "new\nline", "-rf", "$(id)", "%s", "[bold]x", "\udcff\udcfe", "ü 😀", ".hidden"]
)
def test_odd_names_work(folder: Folder, name: str) -> None:
    folder.write(f"d/{name}", "content")
    assert folder.names("d") == [name]
    assert folder.read_text(f"d/{name}") == "content"
    assert list(folder.walk()) == [f"d/{name}"]


def test_a_name_over_the_limit_of_the_file_system_says_so(folder: Folder) -> None:
    with pytest.raises(UnsafePath, match="too long"):
        folder.write("x" * 256, "content")


def test_a_link_to_a_file_is_replaced_and_not_followed(folder: Folder, root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("keep")
    (root / "PLAN.md").symlink_to(victim)
    folder.write("PLAN.md", "plan")
    assert victim.read_text() == "keep"
    assert not (root / "PLAN.md").is_symlink()


def test_nothing_is_reached_through_a_linked_directory(folder: Folder, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("keep")
    (root / "link").symlink_to(outside)
    for attempt in (
        lambda: folder.write("link/x", "evil"),
        lambda: folder.create("link/x", "evil"),
        lambda: folder.append("link/x", "evil"),
        lambda: folder.mkdir("link/x/y"),
        lambda: folder.read("link/secret"),
        lambda: folder.sha256("link/secret"),
        lambda: folder.stat("link/secret"),
        lambda: folder.remove("link/secret"),
        lambda: folder.remove_tree("link/secret"),
        lambda: folder.names("link"),
        lambda: list(folder.walk("link")),
        lambda: folder.folder("link"),
    ):
        with pytest.raises(NotRegular):
            attempt()
    assert in_(outside) == ["secret"]
    assert (outside / "secret").read_text() == "keep"


def test_reading_and_appending_do_not_follow_a_linked_file(folder: Folder, root: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("keep")
    (root / "log").symlink_to(victim)
    with pytest.raises(NotRegular):
        folder.read("log")
    with pytest.raises(NotRegular):
        folder.append("log", "evil")
    assert victim.read_text() == "keep"


def test_a_pipe_a_socket_a_folder_in_a_files_place_are_refused_at_once(folder: Folder, root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "directory").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(root)  # a socket's path must be short
        listener.bind("socket")
        os.chdir(here)
        for name in ("pipe", "directory", "socket"):
            with pytest.raises(NotRegular, match=name):
                folder.read(name)
            with pytest.raises(NotRegular, match=name):
                folder.stat(name)
            with pytest.raises(NotRegular, match=name):
                folder.append(name, "x")


def test_a_file_over_the_limit_is_refused(folder: Folder) -> None:
    folder.write("big", b"x" * 11)
    assert folder.read("big", limit=11) == b"x" * 11
    with pytest.raises(TooLarge, match="10 bytes"):
        folder.read("big", limit=10)


def test_text_that_is_not_utf8_names_the_byte(folder: Folder) -> None:
    folder.write("plan", b"abc\xff")
    with pytest.raises(NotText, match="byte 3"):
        folder.read_text("plan")


def test_a_touch_and_a_replacement_change_the_fingerprint(folder: Folder, root: Path) -> None:
    folder.write("PLAN.md", "plan")
    first = folder.stat("PLAN.md")
    os.utime(root / "PLAN.md", ns=(1, 1))
    touched = folder.stat("PLAN.md")
    folder.write("PLAN.md", "plan")
    assert len({first, touched, folder.stat("PLAN.md")}) == 3
    assert str(touched).startswith("1:4:")


def test_the_digest_is_that_of_the_content(folder: Folder) -> None:
    folder.write("a", "abc")
    assert folder.sha256("a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_appending_adds_lines(folder: Folder) -> None:
    folder.append("logs/x.log", "one\n")
    folder.append("logs/x.log", "two\n")
    assert folder.read_text("logs/x.log") == "one\ntwo\n"


def test_walking_finds_plain_files_only_in_order(folder: Folder, root: Path, tmp_path: Path) -> None:
    for name in ("b/2.py", "b/1.py", "a.py", "node_modules/x/y.js", "b/c/3.py"):
        folder.write(name, "")
    (root / "link.py").symlink_to(root / "a.py")
    (root / "linked").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    assert list(folder.walk(ignored={"node_modules"}.__contains__)) == ["a.py", "b/1.py", "b/2.py", "b/c/3.py"]
    assert list(folder.walk("b")) == ["b/1.py", "b/2.py", "b/c/3.py"]


def test_removing_a_tree_removes_links_and_not_their_targets(folder: Folder, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").write_text("keep")
    folder.write("old/a/b", "x")
    (root / "old/link").symlink_to(outside)
    (root / "old/a/file").symlink_to(outside / "keep")
    assert folder.remove_tree("old") is True
    assert not (root / "old").exists()
    assert (outside / "keep").read_text() == "keep"


def test_a_link_in_a_trees_place_is_removed_itself(folder: Folder, root: Path, tmp_path: Path) -> None:
    (root / "old").symlink_to(tmp_path)
    assert folder.remove_tree("old") is True
    assert root.exists()
    assert not (root / "old").is_symlink()


def test_the_sweep_removes_unfinished_writes_only(folder: Folder, root: Path) -> None:
    folder.write("03_staging/src/a.py", "x")
    (root / ".tumbler-00ff.tmp").write_text("torn")
    (root / "03_staging/src/.tumbler-0123456789abcdef.tmp").write_text("torn")
    (root / "03_staging/src/user.tmp").write_text("keep")
    folder.write("03_staging/node_modules/.tumbler-00ff.tmp", "never ours")
    assert folder.sweep() == 2
    assert list(folder.walk(ignored={"node_modules"}.__contains__)) == [
        "03_staging/src/a.py",
        "03_staging/src/user.tmp",
    ]
    assert folder.names("03_staging/node_modules") == [".tumbler-00ff.tmp"]


@pytest.mark.parametrize("fate", ["deleted", "renamed", "replaced"])
def test_a_folder_that_was_taken_away_is_noticed_and_never_made_again(folder: Folder, root: Path, fate: str) -> None:
    assert folder.still_there()
    if fate == "deleted":
        root.rmdir()
    else:
        root.rename(root.with_name("elsewhere"))
    if fate == "replaced":
        root.mkdir()
    assert not folder.still_there()
    if fate == "deleted":
        with pytest.raises(Gone):
            folder.write("a/b", "x")
        assert not root.exists()
    if fate == "replaced":
        folder.write("a", "x")
        assert in_(root) == []


def test_opening_refuses_links_files_and_what_is_absent(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").touch()
    for name, problem in (("link", NotRegular), ("file", NotRegular), ("absent", Gone)):
        with pytest.raises(problem):
            Folder.open(tmp_path / name)


def test_a_thread_that_swaps_a_directory_for_a_link_never_leads_a_write_outside(folder: Folder, tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", folder.path
    outside.mkdir()
    (outside / "f").write_text("keep")
    folder.mkdir("src")
    (root / "link").symlink_to(outside)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            exchange(root / "src", root / "link")

    racer = threading.Thread(target=swap)
    racer.start()
    done = refused = 0
    deadline = time.monotonic() + 60
    try:
        while (done < 20 or refused < 20) and time.monotonic() < deadline:
            try:
                folder.write("src/f", "evil")
                assert folder.read("src/f") in (b"evil", None)
                folder.remove("src/f")
                done += 1
            except NotRegular:
                refused += 1
    finally:
        stop.set()
        racer.join()
    assert done
    assert refused
    assert in_(outside) == ["f"]
    assert (outside / "f").read_text() == "keep"


def test_no_descriptor_is_left_open(folder: Folder, root: Path) -> None:
    def use() -> None:
        folder.write("a/b/c", "x")
        folder.append("log", "x")
        folder.read("a/b/c")
        folder.stat("nothing/here")
        list(folder.walk())
        folder.names("a")
        folder.remove_tree("a")
        with pytest.raises(FileProblem):
            folder.read("log/x")
        folder.folder("").close()

    use()
    before = open_descriptors()
    use()
    after = open_descriptors()
    assert after == before
