"""What counts as source, and private copies of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agents.verification import tree
from agents.verification.tree import SnapshotRefused, ignored, read_tree, snapshot


@pytest.mark.parametrize(
    "path",
    ["node_modules/x/index.js", "src/__pycache__/a.pyc", ".venv/bin/python", ".git/config", "x.egg-info/PKG-INFO",
     ".manifest.json", "a/.pytest_cache/x", ".coverage"],
)  # fmt: skip
def test_caches_and_vendored_folders_are_never_source(path: str) -> None:
    assert ignored(path)


@pytest.mark.parametrize(
    "path", ["src/app.py", ".gitignore", ".env.example", "build/x.py", "docs/venv.md", "environment/a.py"]
)
def test_everything_else_is(path: str) -> None:
    assert not ignored(path)


def lay_out(root: Path) -> None:
    for path, content in {
        "app.py": b"x = 1\n",
        "tool.sh": b"#!/bin/sh\n",
        "logo.png": b"\x89PNG\0",
        "latin.txt": "grün".encode("latin-1"),
        "node_modules/a/index.js": b"",
        "my-env/pyvenv.cfg": b"",
        "my-env/lib/x.py": b"",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    (root / "tool.sh").chmod(0o755)
    (root / "link.py").symlink_to("/etc/passwd")
    (root / "folder").symlink_to("/etc")
    os.mkfifo(root / "fifo.py")


def test_only_regular_source_files_are_read(tmp_path: Path) -> None:
    lay_out(tmp_path)
    found = read_tree(tmp_path)
    assert found.texts == {"app.py": "x = 1\n", "tool.sh": "#!/bin/sh\n"}
    assert found.others == {"logo.png", "latin.txt"}


def test_a_snapshot_is_a_copy_without_links_and_keeps_what_is_executable(tmp_path: Path) -> None:
    lay_out(tmp_path / "staging")
    copy = tmp_path / "copy"
    snapshot(tmp_path / "staging", copy)
    assert sorted(p.name for p in copy.rglob("*")) == ["app.py", "latin.txt", "logo.png", "tool.sh"]
    assert os.access(copy / "tool.sh", os.X_OK)
    assert not os.access(copy / "app.py", os.X_OK)
    (tmp_path / "staging" / "app.py").write_text("changed")
    assert (copy / "app.py").read_text() == "x = 1\n"


def test_too_many_files_are_refused_with_the_folder_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_FILES", 2)
    for name in "abc":
        (tmp_path / name).touch()
    with pytest.raises(SnapshotRefused, match="more than 2 files"):
        read_tree(tmp_path)


def test_too_many_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_BYTES", 3)
    (tmp_path / "a").write_text("long")
    with pytest.raises(SnapshotRefused):
        snapshot(tmp_path, tmp_path / "copy")


def test_a_path_that_is_too_long_is_refused_by_name(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=here)
        here, above = os.open("d" * 200, os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(os.open("x.py", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    with pytest.raises(SnapshotRefused, match="too long"):
        snapshot(tmp_path, tmp_path.with_name("copy"))
