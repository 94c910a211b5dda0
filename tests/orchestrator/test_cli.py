"""The command line: options, exit codes, what is printed for people and for programs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orchestrator.cli import cli
from orchestrator.project import Project
from orchestrator.shipped import config_yaml
from orchestrator.state import State
from orchestrator.workspace_lock import WorkspaceLock
from tests.fakes.history import past

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "run_orchestrator.py"
COMMANDS = (
    "demo",
    "init",
    "run",
    "new",
    "status",
    "report",
    "watch",
    "diff",
    "logs",
    "usage",
    "pause",
    "stop",
    "resume",
    "rerun",
    "restore",
    "doctor",
    "config",
    "verify",
    "read-reply",
)
PLAIN = ("demo", "init", "config", "verify", "read-reply")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current directory without a config.yaml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    return tmp_path


def invoke(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, arguments, input=stdin, catch_exceptions=False)


def script(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=50,
        env=environment,
        **options,
    )


def project(workspace: Path, name: str = "p", *, usage: dict[str, Any] | None = None, **state: Any) -> None:
    memory = workspace / name / ".tumbler"
    memory.mkdir(parents=True)
    (workspace / name / Project.STATE).write_text(
        State.model_validate({"name": name, **state}).model_dump_json(), encoding="utf-8"
    )
    if usage is not None:
        (memory / "usage.json").write_text(json.dumps(usage), encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_those_that_need_settings_take_the_common_options(command: str) -> None:
    shown = invoke(command, "--help").output
    assert "usage:" in shown.lower()
    if command not in PLAIN:
        assert all(option in shown for option in ("--config", "--workspace", "--log-level"))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_breaks_no_word_and_speaks_of_the_command_that_was_typed(command: str) -> None:
    ran = script(command, "--help", env={"COLUMNS": "80"})
    assert f"run_orchestrator.py {command} " in " ".join(ran.stdout.split())
    assert not re.search(r"\[[a-z]+\|[a-z|]*\s", ran.stdout), "a list of choices is broken"
    assert "x>0" not in ran.stdout


def test_the_help_names_every_command_and_imports_nothing_heavy() -> None:
    """What makes `--help` slow is imports; seconds would depend on the machine."""
    probe = (
        "import sys; from orchestrator.cli import main; sys.argv = ['code-tumbler', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'asyncio', 'httpx', 'pydantic', 'yaml', 'watchdog', 'rich.live'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, encoding="utf-8", cwd=ROOT, timeout=50)
    assert ran.stdout.splitlines()[-1] == "[]", ran.stderr
    assert all(command in ran.stdout for command in COMMANDS)


def test_new_writes_the_requirements_and_says_what_is_next(tmp_path: Path) -> None:
    result = invoke("new", "my app", "Print", "Hello", "--workspace", "ws")
    path = tmp_path / "ws" / "my app" / "01_input" / "requirements.txt"
    assert path.read_text(encoding="utf-8") == "Print Hello\n"
    assert result.exit_code == 0
    assert result.output == f"{path} is written.\nStart the work with: code-tumbler run\n"


def test_new_says_that_a_running_daemon_takes_it_up(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    with WorkspaceLock(tmp_path / "projects"):
        assert "The daemon takes it up now." in invoke("new", "p", "x").output


def test_new_reads_a_file_or_standard_input(tmp_path: Path) -> None:
    (tmp_path / "wanted.txt").write_text("größer\n", encoding="utf-8")
    assert invoke("new", "a", "--from", "wanted.txt").exit_code == 0
    assert invoke("new", "b", "-", stdin="größer\n".encode()).exit_code == 0
    texts = [(tmp_path / "projects" / name / Project.REQUIREMENTS).read_text(encoding="utf-8") for name in "ab"]
    assert texts == ["größer\n", "größer\n"]


def test_new_takes_a_name_with_a_leading_dash_after_two_dashes(tmp_path: Path) -> None:
    assert invoke("new", "--", "-rf", "x").exit_code == 0
    assert (tmp_path / "projects" / "-rf").is_dir()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("new", "a/b", "x"), 1, "'a/b' cannot be a project's name: it holds '/'"),
        (("new", "p", " "), 1, "are empty"),
        (("new", "p"), 2, "what is to be made?"),
        (("new", "p", "x", "--from", "wanted.txt"), 2, "either as TEXT or with --from FILE"),
        (("new", "p", "--from", "missing.txt"), 2, "No such file"),
        (("run", "--timeout", "5"), 2, "--timeout needs --until-idle"),
        (("run", "--until-idle", "--timeout", "0"), 2, "x>0"),
        (
            ("new", "p", "x", "--workspace", "wanted.txt/x"),
            1,
            "p: cannot be made: Not a directory; name another folder",
        ),
        (("report", "nobody"), 1, "has no project 'nobody'; make one with: code-tumbler new nobody TEXT"),
        (("status", "--workspace", "wanted.txt"), 1, "is a file; name a folder with --workspace FOLDER"),
        (
            ("watch", "--workspace", "nowhere"),
            1,
            "nowhere: there is no such folder; name another with --workspace FOLDER",
        ),
        (("pause", "p", "--workspace", "nowhere"), 1, "nowhere: there is no such folder"),
        (("--config", "missing.yaml", "status"), 2, "missing.yaml: there is no such file; write one with"),
        (("status", "--config", "missing.yaml"), 2, "missing.yaml: there is no such file; write one with"),
        (("run", "--config", "wrong.yaml"), 2, "wrong.yaml, line 1, column 1: nonsense is not a known key"),
        (("statsu",), 2, "No such command"),
    ],
)
def test_what_is_wrong_ends_with_a_sentence_on_standard_error(
    tmp_path: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    (tmp_path / "wanted.txt").touch()
    (tmp_path / "wrong.yaml").write_text("nonsense: 1", encoding="utf-8")
    result = invoke(*arguments)
    assert result.exit_code == code
    assert told in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("helo", "has no project 'helo'; did you mean: hello"),
        ("HELLO", "has no project 'HELLO'; did you mean: hello"),
        ("other", "has no project 'other'; it has: hello, link-1, link-2"),
        ("link-3", "has no project 'link-3'; did you mean: link-1, link-2"),
    ],
)
def test_a_project_that_is_not_there_is_answered_with_those_that_may_be_meant(
    tmp_path: Path, asked: str, told: str
) -> None:
    for name in ("hello", "link-1", "link-2"):
        (tmp_path / "projects" / name).mkdir(parents=True)
    result = invoke("pause", asked)
    assert result.exit_code == 1
    assert told in result.stderr


def test_of_many_projects_only_some_are_named(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / "projects" / f"p{number:02}").mkdir(parents=True)
    told = invoke("pause", "nobody").stderr
    assert "it has: p00, p01" in told
    assert "and 32 more; see: code-tumbler status" in told


def test_an_option_counts_before_and_after_the_command_and_the_later_one_wins(tmp_path: Path) -> None:
    assert str(tmp_path / "a") in invoke("--workspace", "a", "status").output
    assert str(tmp_path / "b") in invoke("--workspace", "a", "status", "--workspace", "b").output


def test_the_workspace_of_config_yaml_is_used(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("workspace: mine", encoding="utf-8")
    assert str(tmp_path / "mine") in invoke("status").output


def test_status_shows_every_project_and_what_is_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage: dict[str, Any] = {"total_tokens": 125_000, "total_cost": None, "history": [{}]}
    project(tmp_path / "projects", "links", status="failed", iteration=2, last_score=7.5, error="no plan", usage=usage)
    project(tmp_path / "projects", "[b]x", status="idle")
    wide = invoke("status").output
    assert [part for part in ("failed", "2/10", "7.5", "125.0k", "?", "no plan", "[b]x") if part not in wide] == []
    monkeypatch.setenv("COLUMNS", "80")
    narrow = invoke("status").output
    assert all(len(line) <= 80 for line in narrow.splitlines()[1:])
    assert "links  no plan" in narrow


@pytest.mark.parametrize("width", ["80", "140"])
@pytest.mark.parametrize("command", [("status",), *(("usage", "--by", by) for by in ("agent", "project"))])
def test_a_long_name_leaves_room_for_every_heading_and_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], width: str
) -> None:
    past(tmp_path / "projects", "n" * 100, status="exhausted")
    monkeypatch.setenv("COLUMNS", width)
    told = invoke(*command).output
    wanted = {
        "status": ("iteration", "score", "best", "tokens", "cost", "exhausted", "3/10", "10.5k", "$0.08"),
        "usage": ("calls", "tokens", "cost", "minutes", "$0."),
    }[command[0]]
    assert [each for each in wanted if each not in told] == []
    assert max(map(len, told.splitlines()[-2:])) <= int(width)


def test_status_as_json_is_the_documented_document(tmp_path: Path) -> None:
    project(tmp_path / "projects", status="completed", last_score=9.0)
    told = json.loads(invoke("status", "--json").output)
    assert told["schema_version"] == 1
    assert [(row["project"], row["status"], row["cost"]) for row in told["projects"]] == [("p", "completed", None)]


def test_usage_before_any_call_says_so() -> None:
    assert invoke("usage").output == "No model was called yet.\n"


def test_config_prints_the_shipped_file() -> None:
    assert invoke("config").output == (ROOT / "config.yaml").read_text(encoding="utf-8") == config_yaml()


def test_doctor_fails_with_a_config_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("max_iterations: x", encoding="utf-8")
    result = invoke("doctor", "--no-call")
    assert result.exit_code == 1
    assert "failed  settings" in result.output
    assert "Not ready; to be mended first: settings. Next: correct that line" in result.output
    told = json.loads(invoke("doctor", "--no-call", "--json").output)
    assert told["healthy"] is False


def test_read_reply_prints_the_files_in_a_raw_reply(tmp_path: Path) -> None:
    (tmp_path / "reply.txt").write_text("```python main.py\nprint(1)\n```\n", encoding="utf-8")
    result = invoke("read-reply", "reply.txt")
    assert result.exit_code == 0
    assert "main.py" in result.output
    (tmp_path / "reply.txt").write_text("I cannot do that.", encoding="utf-8")
    assert invoke("read-reply", "reply.txt").exit_code == 1


def test_verify_says_what_is_no_folder() -> None:
    result = invoke("verify", "missing")
    assert result.exit_code == 2
    assert "missing: no such folder" in result.stderr


def test_the_script_runs_from_any_directory_with_the_config_beside_it(tmp_path: Path) -> None:
    told = json.loads(script("status", "--json", cwd=tmp_path).stdout)
    assert told["workspace"] == str(ROOT / "projects")


def test_the_script_without_its_packages_says_how_to_get_them(tmp_path: Path) -> None:
    """`-S` hides the installed packages."""
    ran = subprocess.run([sys.executable, "-S", str(SCRIPT)], capture_output=True, encoding="utf-8", timeout=50)
    assert ran.returncode == 1
    assert "is missing" in ran.stderr
    assert "uv run --extra embedded run_orchestrator.py" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_until_idle_without_projects_ends_at_once_with_success(tmp_path: Path) -> None:
    ran = script("run", "--until-idle", "--workspace", str(tmp_path / "ws"), cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "watching" in ran.stdout
    assert "\x1b" not in ran.stdout


@pytest.mark.parametrize("command", ["status", "report"])
def test_without_projects_each_screen_says_how_to_make_one(command: str) -> None:
    assert "no project yet; make one with: code-tumbler new NAME TEXT" in invoke(command).output


def test_a_second_daemon_ends_with_2_and_names_the_first(tmp_path: Path) -> None:
    with WorkspaceLock(tmp_path):
        ran = script("--workspace", str(tmp_path), cwd=tmp_path)
    assert ran.returncode == 2
    assert re.search(rf"process {os.getpid()}, since [\d-]{{10}} [\d:]{{5}}\)", ran.stderr)
    assert f"look at it with: python run_orchestrator.py --workspace {tmp_path} watch" in ran.stderr


def test_tables_survive_an_ascii_locale_and_hostile_names(tmp_path: Path) -> None:
    project(tmp_path, "wörter 🎉", status="failed", error="\x1b[31mred \u202e 🎉")
    ran = script("status", "--workspace", str(tmp_path), cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert ran.returncode == 0, ran.stderr
    assert "w?rter ??  failed" in ran.stdout
    assert "\x1b" not in ran.stdout


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    for number in range(100):
        project(tmp_path, f"p{number}", status="idle")
    command = f"{sys.executable} {SCRIPT} status --workspace {tmp_path} | head -1"
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, encoding="utf-8", timeout=50)
    assert ran.stderr == ""
    assert len(ran.stdout.splitlines()) == 1
