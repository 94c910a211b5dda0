"""The final zip: exactly what was verified, whole or not at all, once per acceptance."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.archive import Changed, pack, publish, snapshot, staged_files, unpack
from orchestrator.files import FileProblem, Folder, Gone, NotText, TooLarge

ACCEPTED = datetime(2026, 2, 7, 10, 30, 45, tzinfo=UTC)
NAME = "05_final/my-project_20260207_103045.zip"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    root = tmp_path / "my-project"
    root.mkdir()
    with Folder.open(root) as opened:
        opened.write("03_staging/main.py", "print('hello')\n")
        opened.write("03_staging/src/ü.py", "x = 1\r\n")
        opened.write("03_staging/run.sh", "#!/bin/sh\n", mode=0o755)
        opened.write("03_staging/.gitignore", "*.pyc\n")
        opened.write("03_staging/.manifest.json", "{}")
        yield opened


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    made = tmp_path / "copy"
    made.mkdir()
    return made


def copied(folder: Folder, copy: Path, **limits: int) -> dict[str, str]:
    with Folder.open(copy) as destination:
        return snapshot(folder, destination, **limits)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def zipped(folder: Folder, files: dict[str, str], accepted: datetime = ACCEPTED) -> str:
    return publish(folder, pack(folder.folder("03_staging"), files), "my-project", accepted)


def test_the_snapshot_is_a_copy_with_its_digests(folder: Folder, copy: Path) -> None:
    found = copied(folder, copy)
    assert found == {
        ".gitignore": digest("*.pyc\n"),
        "main.py": digest("print('hello')\n"),
        "run.sh": digest("#!/bin/sh\n"),
        "src/ü.py": digest("x = 1\r\n"),
    }
    assert sorted(str(p.relative_to(copy)) for p in copy.rglob("*") if p.is_file()) == sorted(found)
    assert os.access(copy / "run.sh", os.X_OK)
    assert not (copy / "main.py").stat().st_mode & 0o111
    assert (copy / "src/ü.py").read_bytes() == b"x = 1\r\n"


def test_a_snapshot_stays_out_of_the_folder_that_took_its_place(folder: Folder, copy: Path) -> None:
    with Folder.open(copy) as destination:
        copy.rename(copy.with_name("renamed"))
        copy.mkdir()
        snapshot(folder, destination)
    assert list(copy.iterdir()) == []
    assert (copy.with_name("renamed") / "main.py").is_file()


def test_a_snapshot_does_not_make_a_deleted_folder_again(folder: Folder, copy: Path) -> None:
    with Folder.open(copy) as destination:
        copy.rmdir()
        with pytest.raises(Gone):
            snapshot(folder, destination)
    assert not copy.exists()


@pytest.mark.parametrize(
    "path",
    [
        "__pycache__/a.pyc",
        "src/__pycache__/a.pyc",
        "a.pyc",
        ".pytest_cache/v",
        "node_modules/x/index.js",
        "web/node_modules/x/index.js",
        ".venv/bin/python",
        "venv/bin/python",
        ".git/config",
        ".mypy_cache/x",
        ".ruff_cache/x",
        ".coverage",
        ".DS_Store",
        "src/.tumbler-00.tmp",
    ],
)
def test_caches_are_left_out(folder: Folder, path: str) -> None:
    before = staged_files(folder)
    folder.write(f"03_staging/{path}", "x")
    assert staged_files(folder) == before


def test_links_pipes_and_what_they_lead_to_are_left_out(folder: Folder, copy: Path, tmp_path: Path) -> None:
    before = staged_files(folder)
    staging = folder.path / "03_staging"
    (tmp_path / "secret").write_text("secret")
    (staging / "link.py").symlink_to(tmp_path / "secret")
    (staging / "linked").symlink_to(tmp_path)
    os.mkfifo(staging / "pipe")
    assert staged_files(folder) == before
    assert sorted(copied(folder, copy)) == sorted(before)


@pytest.mark.parametrize("limit", [{"max_files": 3}, {"max_bytes": 20}, {"max_bytes": 30}])
def test_too_many_files_and_too_many_bytes_are_refused(folder: Folder, copy: Path, limit: dict[str, int]) -> None:
    with pytest.raises(TooLarge):
        copied(folder, copy, **limit)


def test_what_is_just_within_the_limits_is_copied(folder: Folder, copy: Path) -> None:
    assert len(copied(folder, copy, max_files=4, max_bytes=38)) == 4


def test_a_file_name_that_is_not_utf8_is_refused(folder: Folder, copy: Path) -> None:
    folder.write("03_staging/\udcff.py", "x")
    with pytest.raises(NotText, match="rename it"):
        copied(folder, copy)


def test_the_zip_holds_exactly_the_snapshot(folder: Folder, copy: Path) -> None:
    files = copied(folder, copy)
    folder.write("03_staging/later.py", "x")
    with Folder.open(copy) as source:
        assert publish(folder, pack(source, files), "my-project", ACCEPTED) == NAME
    with zipfile.ZipFile(folder.path / NAME) as found:
        assert {name: hashlib.sha256(found.read(name)).hexdigest() for name in found.namelist()} == files
        modes = {entry.filename: stat.S_IMODE(entry.external_attr >> 16) for entry in found.infolist()}
        assert modes == {".gitignore": 0o644, "main.py": 0o644, "run.sh": 0o755, "src/ü.py": 0o644}
        assert all(stat.S_ISREG(entry.external_attr >> 16) for entry in found.infolist())
    assert folder.names("05_final") == [NAME.removeprefix("05_final/")]


def test_equal_files_make_an_equal_zip(folder: Folder, copy: Path) -> None:
    files = copied(folder, copy)
    first = zipped(folder, files)
    os.utime(folder.path / "03_staging/main.py", ns=(10**18, 10**18))
    second = zipped(folder, dict(reversed(files.items())), datetime(2027, 1, 1, tzinfo=UTC))
    assert first != second
    assert folder.read(first) == folder.read(second)


def test_what_changed_since_it_was_verified_is_not_zipped(folder: Folder, copy: Path) -> None:
    files = copied(folder, copy)
    folder.write("03_staging/main.py", "print('other')\n")
    with pytest.raises(Changed, match=r"^main\.py: changed"):
        zipped(folder, files)
    folder.remove("03_staging/main.py")
    with pytest.raises(Changed):
        zipped(folder, files)
    assert folder.names("05_final") == []


def test_the_same_acceptance_has_one_zip_however_often_it_is_finished(folder: Folder, copy: Path) -> None:
    files = copied(folder, copy)
    first = zipped(folder, files)
    before = folder.stat(first)
    assert zipped(folder, files) == first
    assert folder.stat(first) == before
    assert len(folder.names("05_final")) == 1


def test_another_zip_of_the_same_second_is_kept(folder: Folder, copy: Path) -> None:
    files = copied(folder, copy)
    folder.write(NAME, "a person's file")
    second = zipped(folder, files)
    assert second == "05_final/my-project_20260207_103045_2.zip"
    assert zipped(folder, files) == second
    assert folder.read_text(NAME) == "a person's file"


@pytest.mark.parametrize("offset", range(6))
def test_a_zip_with_a_flipped_byte_is_not_taken_for_ours(folder: Folder, copy: Path, offset: int) -> None:
    files = copied(folder, copy)
    data = bytearray(folder.read(zipped(folder, files)) or b"")
    with zipfile.ZipFile(folder.path / NAME) as found:
        first = found.infolist()[0]
    content = first.header_offset + 30 + len(first.filename)
    data[content + offset] ^= 0xFF
    folder.write(NAME, bytes(data))
    assert zipped(folder, files) != NAME


def test_a_torn_zip_is_not_taken_for_ours(folder: Folder, copy: Path) -> None:
    files = copied(folder, copy)
    data = folder.read(zipped(folder, files)) or b""
    folder.write(NAME, data[:-30])
    assert zipped(folder, files) == "05_final/my-project_20260207_103045_2.zip"


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("x" * 255, "x" * 100 + "_2026"),
        ("ü" * 127, "ü" * 50 + "_2026"),
        ("a" + "ü" * 127, "a" + "ü" * 49 + "_2026"),
        ("caf\udce9", "caf?_2026"),
        ("a b [c]", "a b [c]_2026"),
    ],
)
def test_the_projects_name_is_cut_to_what_a_file_name_can_hold(folder: Folder, name: str, start: str) -> None:
    rel = publish(folder, pack(folder.folder("03_staging"), {"main.py": digest("print('hello')\n")}), name, ACCEPTED)
    assert rel.startswith(f"05_final/{start}")
    assert folder.status(rel)


def test_it_unpacks_into_a_clean_folder_and_runs(folder: Folder, copy: Path, tmp_path: Path) -> None:
    rel = zipped(folder, copied(folder, copy))
    with zipfile.ZipFile(folder.path / rel) as found:
        found.extractall(tmp_path / "clean")
    done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path / "clean", capture_output=True, text=True)
    assert done.stdout == "hello\n"


@pytest.mark.parametrize("keep", [0, 10, -30])
def test_a_torn_archive_is_neither_read_nor_published(folder: Folder, copy: Path, keep: int) -> None:
    whole = pack(folder.folder("03_staging"), copied(folder, copy))
    assert unpack(whole) is not None
    assert unpack(whole[:keep]) is None
    with pytest.raises(FileProblem, match="does not read back"):
        publish(folder, whole[:keep], "my-project", ACCEPTED)
    assert folder.names("05_final") == []


def test_a_zip_with_any_byte_changed_is_read_or_damaged_and_never_an_error() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.py", "x = 1\n" * 20)
    whole = buffer.getvalue()
    for position in range(len(whole)):
        for value in (0, 8, 12, 14, 255):  # some are methods of compression
            unpack(whole[:position] + bytes([value]) + whole[position + 1 :])
