"""How projects stand, read from files that may be missing, damaged or somebody else's."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.project import Project
from orchestrator.state import State
from orchestrator.status import Standing, document, standing, standings

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make(name: str = "p", *, files: dict[str, str | bytes] | None = None, **state: Any) -> Path:
        root = tmp_path / name
        root.mkdir()
        if state:
            state_json = State.model_validate({"name": name, **state}).model_dump_json()
            files = {Project.STATE: state_json, **(files or {})}
        for rel, content in (files or {}).items():
            (root / rel).parent.mkdir(parents=True, exist_ok=True)
            (root / rel).write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return make


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"status": "planning"}, "the Architect writes 02_plan/PLAN.md"),
        ({"status": "engineering"}, "the Engineer writes code into 03_staging"),
        ({"status": "verifying"}, "the Verifier builds and tests the code"),
        ({"status": "finalizing"}, "the accepted build goes to 05_final"),
        ({"status": "waiting", "error": "no sandbox."}, "no sandbox; it goes on by itself"),
        ({"status": "waiting", "error": "busy", "hint": "ask later"}, "busy; ask later"),
        ({"status": "paused", "error": "max_cost is reached"}, "max_cost is reached; raise the limit in config.yaml"),
        (
            {"status": "failed", "error": "no plan", "hint": "do this"},
            "no plan; do this; to try again: code-tumbler --workspace /w rerun p",
        ),
        ({"status": "failed", "error": "no."}, "no; to try again: code-tumbler --workspace /w rerun p"),
        ({"status": "exhausted", "iteration": 4}, "read 04_feedback/REPORT_iter4.md"),
        ({"status": "completed"}, "make it again with: code-tumbler --workspace /w rerun p verifier"),
    ],
)
def test_each_status_says_what_comes_next(
    make: Make, state: dict[str, Any], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["code-tumbler", "status", "--workspace", "/w"])
    monkeypatch.delenv("UV", raising=False)
    assert expected in standing(make(**state)).next


def test_waiting_until_a_time_says_which(make: Make) -> None:
    root = make(status="waiting", error="429", not_before="2026-01-01T10:30:00+00:00")
    assert "not before" in standing(root).next


def test_an_idle_project_without_requirements_asks_for_them(make: Make) -> None:
    assert standing(make()).next == "write 01_input/requirements.txt"


def test_an_idle_project_with_requirements_waits_for_the_daemon(make: Make) -> None:
    assert standing(make(files={Project.REQUIREMENTS: "x"})).next == "the daemon takes it up"


def test_empty_requirements_ask_to_be_written(make: Make) -> None:
    assert "is empty; write into it" in standing(make(files={Project.REQUIREMENTS: " \n"})).next


def test_requirements_in_the_wrong_place_get_the_documented_message(make: Make) -> None:
    row = standing(make(files={"requirements.txt": "x"}))
    assert row.next.startswith("Could not determine project root")


def test_a_completed_project_names_its_newest_zip(make: Make) -> None:
    root = make(status="completed", files={"05_final/p_1.zip": "", "05_final/p_2.zip": "", "05_final/x.txt": ""})
    os.utime(root / "05_final/p_2.zip", (1, 1))
    assert standing(root).next == "take 05_final/p_1.zip"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"name": 1}', b'{"name": "p", "iteration": "x"}', b"[" * 100_000]
)
def test_a_damaged_state_is_a_row_that_says_so(make: Make, content: bytes) -> None:
    row = standing(make(files={Project.STATE: content}))
    assert row.status == "unreadable"
    assert (row.error or "").startswith(".tumbler/state.json")
    assert "rebuilds it" in row.next


def test_a_state_of_a_newer_version_says_to_update(make: Make) -> None:
    assert "newer version" in standing(make(schema_version=99)).next


def test_a_pipe_in_place_of_the_state_does_not_hang(make: Make) -> None:
    root = make(files={".tumbler/x": ""})
    os.mkfifo(root / Project.STATE)
    assert standing(root).status == "unreadable"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"total_tokens": 5, "total_cost": 0.5, "history": [{}, {}]}', (5, 0.5, 2)),
        (b'{"total_tokens": 5, "total_cost": null, "history": []}', (5, None, 0)),
        (b'{"total_tokens": "5", "total_cost": NaN}', (None, None, None)),
        (b'{"total_tokens": true, "total_cost": false}', (None, None, None)),
        (b'{"total_tokens": 5', (None, None, None)),
        (b"[]", (None, None, None)),
        (b"\xff", (None, None, None)),
        (b"[" * 100_000, (None, None, None)),
    ],
)
def test_what_usage_does_not_say_is_not_made_up(make: Make, content: bytes, expected: tuple[object, ...]) -> None:
    row = standing(make(status="idle", files={Project.USAGE: content}))
    assert (row.tokens, row.cost, row.calls) == expected


def test_without_usage_nothing_is_known(make: Make) -> None:
    row = standing(make(status="idle"))
    assert (row.tokens, row.cost, row.calls) == (None, None, None)


def test_only_real_visible_folders_are_projects(make: Make, tmp_path: Path) -> None:
    make("b")
    make("a")
    make(".hidden")
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert [row.project for row in standings(tmp_path)] == ["a", "b"]


def test_a_missing_workspace_has_no_projects_and_is_not_made(tmp_path: Path) -> None:
    assert standings(tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_looking_changes_nothing(make: Make, tmp_path: Path) -> None:
    make("damaged", files={Project.STATE: "{"})
    make("good", status="completed", files={"05_final/x.zip": "", Project.USAGE: "{"})
    before = snapshot(tmp_path)
    document(tmp_path)
    assert snapshot(tmp_path) == before


def test_the_document_is_json_with_every_field_of_a_row(make: Make, tmp_path: Path) -> None:
    make(
        status="engineering",
        iteration=2,
        last_score=7.5,
        best_score=7.5,
        scores=[{"iteration": 1, "score": 7.5}],
        start_time="2026-02-07T10:00:00Z",
    )
    told = json.loads(json.dumps(document(tmp_path)))
    assert told["schema_version"] == 1
    assert told["workspace"] == str(tmp_path)
    assert told["daemon"] == {"running": False, "pid": None}
    (project,) = told["projects"]
    assert set(project) == set(Standing.__dataclass_fields__)
    assert (project["iteration"], project["last_score"], project["cost"]) == (2, 7.5, None)
    assert project["scores"][0]["score"] == 7.5


@pytest.mark.parametrize(
    ("state", "expected"),
    [("planning", "when the daemon runs: the Architect writes 02_plan/PLAN.md"), ("exhausted", "the best is back")],
)
def test_work_without_a_daemon_is_said_to_wait_for_it(make: Make, state: str, expected: str) -> None:
    root = make(status=state)
    assert standing(root, running=False).next.startswith(expected)
    assert not standing(root, running=True).next.startswith("when")


@pytest.mark.parametrize(
    "state", [{"status": "waiting", "error": "busy", "hint": "ask later"}, {"status": "paused", "error": "dear"}]
)
def test_nothing_is_promised_to_happen_by_itself_without_a_daemon(make: Make, state: dict[str, Any]) -> None:
    root = make(**state)
    assert standing(root, running=False).next.endswith("; no daemon works now")
    assert "no daemon" not in standing(root, running=True).next


def test_requirements_written_without_a_daemon_wait_for_it(make: Make) -> None:
    root = make(files={Project.REQUIREMENTS: "x"})
    assert standing(root, running=False).next == "when the daemon runs: it takes up 01_input/requirements.txt"


@pytest.mark.parametrize("status", ["completed", "exhausted", "failed"])
@pytest.mark.parametrize(("known", "waits"), [("other words\n", True), ("words\n", False)], ids=["edited", "touched"])
def test_a_change_at_a_project_that_had_its_end_waits_for_the_daemon(
    make: Make, status: str, known: str, waits: bool
) -> None:
    taken = {"requirements": f"1:{hashlib.sha256(known.encode()).hexdigest()}"}
    root = make(status=status, taken=taken, files={Project.REQUIREMENTS: "words\n"})
    expected = "when the daemon runs: it takes up 01_input/requirements.txt"
    assert (standing(root, running=False).next == expected) is waits
    assert standing(root, running=True).next != expected


@pytest.mark.parametrize(
    ("pid", "running"),
    [(os.getpid(), True), (1 << 30, False), (-1, False), ("x", False)],
    ids=["this one", "none", "negative", "no number"],
)
def test_a_daemon_runs_when_its_process_does(tmp_path: Path, pid: object, running: bool) -> None:
    (tmp_path / ".tumbler-daemon.json").write_text(json.dumps({"pid": pid}), encoding="utf-8")
    assert document(tmp_path)["daemon"]["running"] is running
