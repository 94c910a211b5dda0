"""diff, logs and usage: what was changed, said and paid."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from orchestrator.cli import cli
from orchestrator.difference import Change, changes, total, unified
from orchestrator.files import Folder
from orchestrator.journal import Journal
from orchestrator.spending import Sum
from orchestrator.tables import usage_table
from tests.fakes.history import past


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"a\nb\n", b"a\nc\nd\n", Change("f", "changed", 2, 1)),
        (None, b"a\nb", Change("f", "new", 2, 0)),
        (b"a\n", None, Change("f", "deleted", 0, 1)),
        (b"++ x\n", b"-- y\n", Change("f", "changed", 1, 1)),
        (b"a\0", b"b", Change("f", "changed", None, None)),
        (b"\xff", b"b", Change("f", "changed", None, None)),
        (b"a\x0cb\xe2\x80\xa8\n", b"a\n", Change("f", "changed", 1, 1)),
        (b"a" * (2 << 20), b"b", Change("f", "changed", None, None)),
    ],
)
def test_lines_are_counted_where_they_can_be(old: bytes | None, new: bytes | None, expected: Change) -> None:
    before, after = ({} if data is None else {"f": data, "same": b"1"} for data in (old, new))
    assert next(change for change in changes(before, after) if change.path == "f") == expected


def test_the_same_files_do_not_differ() -> None:
    assert changes({"a": b"1"}, {"a": b"1"}) == ()
    assert total(changes({"a": b"1\n"}, {"b": b"1\n2\n", "c": b"\0"})) == (2, 1)


def test_git_applies_the_diff(tmp_path: Path) -> None:
    old = {"a.py": b"1\n2\n3", "gone.py": b"x\n", "crlf.txt": b"a\r\nb\r\n"}
    new = {"a.py": b"1\n2\nthree", "b/new.py": b"y\n", "crlf.txt": b"a\r\nc\r\n"}
    for path, data in old.items():
        (tmp_path / path).write_bytes(data)
    patch = "".join(f"{row}\n" for row in unified(old, new, "a", "b")).encode()
    subprocess.run(["git", "apply", "-p1", "-"], input=patch, cwd=tmp_path, check=True)
    assert {path: (tmp_path / path).read_bytes() for path in new} == new
    assert not (tmp_path / "gone.py").exists()


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((), ["--- /dev/null", "+++ iter3/README.md"]),
        (("1", "2"), ["--- iter1/main.py", "+++ iter2/main.py"]),
        (("0", "1"), ["--- /dev/null", "+++ iter1/main.py"]),
        (("3",), ["--- iter3/main.py", "+++ 03_staging/main.py"]),
    ],
)
def test_diff_compares_iterations_and_staging(tmp_path: Path, sides: tuple[str, ...], expected: list[str]) -> None:
    root = past(tmp_path / "projects")
    (root / "03_staging/main.py").write_text("mine\n")
    assert invoke("diff", "links", *sides).stdout.splitlines()[:2] == expected


def test_diff_says_when_nothing_differs_and_when_an_iteration_is_gone(tmp_path: Path) -> None:
    past(tmp_path / "projects")
    same = invoke("diff", "links", "3")
    assert (same.stdout, same.stderr) == ("", "links: iter3 and 03_staging are the same.\n")
    gone = invoke("diff", "links", "7")
    assert gone.exit_code == 1
    assert "iteration 7 was not kept" in gone.stderr


def test_diff_of_a_project_without_code_says_so(tmp_path: Path) -> None:
    past(tmp_path / "projects", rounds=(), scores=(), status="planning")
    assert invoke("diff", "links").stderr == "links: there is no code yet.\n"


def test_logs_list_each_call_and_show_one_whole(tmp_path: Path) -> None:
    past(tmp_path / "projects")
    rows = invoke("logs", "links").output.splitlines()
    assert [row.split()[3:5] for row in rows[:3]] == [
        ["architect", "plan"],
        ["engineer", "build"],
        ["verifier", "review"],
    ]
    assert len(rows) == 8
    assert "logs links 7" in rows[-1]
    one = invoke("logs", "links", "2").output
    assert "call 2: the prompt\nprompt 2" in one
    assert "call 2: the reply\nreply 2" in one
    assert invoke("logs", "links", "99").exit_code == 1


def test_logs_of_one_agent_leave_out_the_others(tmp_path: Path) -> None:
    past(tmp_path / "projects")
    rows = invoke("logs", "links", "--agent", "verifier").output.splitlines()[:-1]
    assert len(rows) == 3
    assert all("verifier" in row for row in rows)


def test_logs_survive_hostile_replies_damaged_entries_and_lost_prompts(tmp_path: Path) -> None:
    root = past(tmp_path / "projects")
    with Folder.open(root) as folder:
        first, second, *_ = Journal.open(folder).entries()
        folder.write(first.path, first.model_copy(update={"text": "\x1b[31m\x07[bold]x"}).model_dump_json())
        folder.write(second.path, "{")
    for log in (root / ".tumbler/logs").iterdir():
        log.unlink()
    told = invoke("logs", "links", "--text").output
    assert "\x1b" not in told
    assert "[bold]x" in told
    assert "(its log is gone)" in told
    assert "call 2" not in told


@pytest.mark.parametrize(
    ("by", "first"),
    [
        ("agent", {"project": "links", "agent": "architect", "calls": 1}),
        ("project", {"project": "links", "calls": 7}),
        ("model", {"provider": "ollama_coder", "model": "qwen2.5-coder:7b", "calls": 14}),
    ],
)
def test_usage_is_summed_by_what_was_asked_for(tmp_path: Path, by: str, first: dict[str, object]) -> None:
    past(tmp_path / "projects")
    past(tmp_path / "projects", "other")
    told = json.loads(invoke("usage", "--by", by, "--json").output)[0]
    assert {key: told[key] for key in first} == first
    assert next(csv.DictReader(invoke("usage", "--by", by, "--csv").output.splitlines()))["calls"] == str(
        first["calls"]
    )


def test_usage_by_day_is_in_the_order_of_days_and_ends_with_all(tmp_path: Path) -> None:
    past(tmp_path / "projects")
    rows = [row.split() for row in invoke("usage").output.splitlines()]
    assert rows[-1] == ["all", "7", "10.5k", "$0.08", "3.5"]
    assert json.loads(invoke("usage", "--by", "day", "--json").output)[0]["calls"] == 7


def test_an_unknown_cost_is_empty_in_csv_and_a_question_mark_in_the_table(tmp_path: Path) -> None:
    past(tmp_path / "projects", cost=None)
    assert next(csv.DictReader(invoke("usage", "--csv").output.splitlines()))["cost"] == ""
    told = invoke("usage").output.splitlines()
    assert told[1].split() == ["links", "architect", "1", "1.5k", "?", "0.5"]
    assert told[-1] == "A cost of ? is not known; set `prices` of the provider in config.yaml."
    past(tmp_path / "paid")
    assert "?" not in invoke("usage", "--workspace", "paid").output


def test_a_long_model_name_is_shown_whole_and_leaves_room_for_the_numbers() -> None:
    total = Sum(calls=1, failed=0, tokens=123_456, cost=0.5, seconds=60.0)
    console = Console(file=io.StringIO(), width=80)
    console.print(usage_table(("provider", "model"), [(("p" * 40, "q" * 50), total)], total))
    shown = cast("io.StringIO", console.file).getvalue()
    assert [each for each in ("calls", "tokens", "123.5k", "$0.50", "minutes", "1.0") if each not in shown] == []
    assert shown.count("q") == 50
