"""`new`: which names and texts make a project, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.intake import MAX_BYTES
from orchestrator.new_project import NewProjectError, create


@pytest.mark.parametrize(
    "name", ["p", "my app", "wörter", "emoji 🎉", "[b] (c) {d}", "-rf", "日本語", "a.b", "%s $(x) `y`", "x" * 200]
)
def test_names_that_people_use_are_fine(tmp_path: Path, name: str) -> None:
    path = create(tmp_path, name, "Print Hello\n")
    assert path == tmp_path / name / "01_input" / "requirements.txt"
    assert path.read_text(encoding="utf-8") == "Print Hello\n"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        (".", "begin with a dot"),
        ("..", "begin with a dot"),
        (".hidden", "begin with a dot"),
        ("a/b", "it holds '/'"),
        ("../x", "begin with a dot"),
        ("a\\b", "it holds '\\\\'"),
        ("a:b", "it holds ':'"),
        (" a", "begins or ends with a space"),
        ("a.", "ends with a dot"),
        ("a\nb", "control character U+000A"),
        ("a\x1b[31m", "control character U+001B"),
        ("a\x00", "control character U+0000"),
        ("gpj\u202ecod", "control character U+202E"),
        ("a\udc80", "not valid text"),
        ("ü" * 101, "it has 202 bytes, and at most 200"),
    ],
)
def test_other_names_are_refused_with_the_reason(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(NewProjectError) as raised:
        create(tmp_path, name, "x")
    assert reason in str(raised.value)
    assert "cannot be a project's name" in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "are empty"),
        (" \n\t", "are empty"),
        (b"\xff\x00", "not"),
        (b"a\x00b", "not text"),
        ("x" * (MAX_BYTES + 1), "more than 256 KiB"),
        ("\udc80", "not valid text"),
    ],
)
def test_texts_that_the_daemon_would_refuse_are_refused_at_once(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(NewProjectError, match=reason):
        create(tmp_path, "p", text)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_with_a_mark_is_kept_as_plain_utf_8(tmp_path: Path, encoding: str) -> None:
    path = create(tmp_path, "p", "größer".encode(encoding))
    assert path.read_bytes() == "größer".encode()


def test_a_project_that_is_there_is_not_touched(tmp_path: Path) -> None:
    path = create(tmp_path, "p", "first")
    with pytest.raises(NewProjectError, match="is there already; choose another name, or edit"):
        create(tmp_path, "p", "second")
    assert path.read_text(encoding="utf-8") == "first"


def test_a_folder_with_anything_in_it_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "notes").touch()
    with pytest.raises(NewProjectError, match="is there already"):
        create(tmp_path, "p", "x")
    assert [path.name for path in (tmp_path / "p").iterdir()] == ["notes"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    assert create(tmp_path, "p", "x").is_file()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_file_or_link_of_that_name_is_not_touched(tmp_path: Path, kind: str) -> None:
    workspace, elsewhere = tmp_path / "ws", tmp_path / "elsewhere"
    workspace.mkdir()
    elsewhere.mkdir()
    if kind == "file":
        (workspace / "p").touch()
    else:
        (workspace / "p").symlink_to(elsewhere)
    with pytest.raises(NewProjectError):
        create(workspace, "p", "x")
    assert list(elsewhere.iterdir()) == []


def test_the_workspace_is_made(tmp_path: Path) -> None:
    assert create(tmp_path / "a" / "b", "p", "x").is_file()


def test_a_workspace_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NewProjectError, match="cannot be made"):
        create(tmp_path / "file" / "ws", "p", "x")


def test_requirements_that_say_nothing_are_refused_in_words_that_fit(tmp_path: Path) -> None:
    with pytest.raises(NewProjectError, match="the requirements are empty; say in a sentence"):
        create(tmp_path, "p", " ")


def test_a_file_in_the_workspaces_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "ws").touch()
    with pytest.raises(NewProjectError, match="ws: is a file; move it away, or use --workspace FOLDER"):
        create(tmp_path / "ws", "p", "text")
