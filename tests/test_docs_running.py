"""The files for running it all the time: container, services, workflow, batch file. None of them is started here."""

from __future__ import annotations

import configparser
import json
import plistlib
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from orchestrator.cli import cli
from orchestrator.config_file import load
from orchestrator.workspace_lock import WorkspaceLock

ROOT = Path(__file__).parents[1]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def document(name: str) -> dict[str, Any]:
    content = yaml.safe_load(text(name))
    assert isinstance(content, dict)
    return content


def understood(words: list[str]) -> bool:
    """Whether our command line takes these words, all of them known options and a known command."""
    position = next(number for number, word in enumerate(words) if word in cli.commands)
    context = cli.make_context("code-tumbler", words[:position])
    command = cli.commands[words[position]]
    return command.make_context(command.name, words[position + 1 :], parent=context) is not None


DOCKERFILE = text("Dockerfile").replace("\\\n", " ")


def test_the_image_starts_the_daemon() -> None:
    entry = json.loads(re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)[0])
    command = json.loads(re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[0])
    assert understood([*entry[entry.index("code-tumbler") + 1 :], *command])


def test_what_is_copied_into_the_image_is_there_and_not_ignored() -> None:
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]
    ]
    kept = {line[1:].rstrip("/") for line in text(".dockerignore").splitlines() if line.startswith("!")}
    assert set(copied) == kept
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_container_is_healthy_while_the_daemon_holds_its_workspace(tmp_path: Path) -> None:
    (test,) = re.findall(r"HEALTHCHECK .*? CMD (.*)$", DOCKERFILE, re.MULTILINE)
    program, wanted = re.fullmatch(r"code-tumbler (.*) \| grep --quiet '(.*)'", json.loads(test)[-1]).groups()  # type: ignore[union-attr]
    words = shlex.split(program.replace("/projects", str(tmp_path)))
    with WorkspaceLock(tmp_path):
        assert wanted in CliRunner().invoke(cli, words).output
    assert wanted not in CliRunner().invoke(cli, words).output


def test_the_container_runs_as_an_ordinary_user_without_privileges() -> None:
    assert re.search(r"^USER \$\{UID\}$", DOCKERFILE, re.MULTILINE)
    service = document("compose.yaml")["services"]["tumbler"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"]
    assert not service.get("privileged")


def test_what_compose_mounts_is_there() -> None:
    compose = document("compose.yaml")
    mounts = [mount.split(":")[0] for service in compose["services"].values() for mount in service.get("volumes", [])]
    files = [mount for mount in mounts if mount.startswith("./")]
    assert files == ["./projects", "./contrib/container.yaml"]
    assert all((ROOT / file).exists() for file in files)
    assert set(mounts) - set(files) == set(compose["volumes"])


def test_the_containers_settings_name_the_server_and_the_model_that_compose_starts() -> None:
    services = document("compose.yaml")["services"]
    (provider,) = load(ROOT / "contrib" / "container.yaml").providers.values()
    assert re.fullmatch(r"http://(\w+):11434", provider.base_url or "").group(1) in services  # type: ignore[union-attr]
    assert services["model"]["entrypoint"] == ["ollama", "pull", provider.model]


def test_the_systemd_unit_starts_the_daemon_and_leaves_the_sandbox_its_namespaces() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text("contrib/code-tumbler.service"))
    command = shlex.split(unit["Service"]["ExecStart"])
    assert command[1] == "run_orchestrator.py"
    assert understood(command[2:])
    assert not [key for key in unit["Service"] if key.startswith(("Protect", "Private", "Restrict", "NoNew", "System"))]


def test_the_launchd_agent_starts_the_daemon() -> None:
    agent = plistlib.loads((ROOT / "contrib" / "org.code-tumbler.daemon.plist").read_bytes())
    assert agent["Label"] == "org.code-tumbler.daemon"
    assert agent["ProgramArguments"][1] == "run_orchestrator.py"
    assert understood(agent["ProgramArguments"][2:])
    assert agent["ProgramArguments"][0].startswith(agent["WorkingDirectory"])
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


def test_the_workflow_tests_every_version_and_system_that_is_claimed() -> None:
    jobs = document(".github/workflows/ci.yml")["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]
    claimed = re.findall(r"Programming Language :: Python :: (\d\.\d+)", text("pyproject.toml"))
    assert matrix["python"] == claimed
    systems = {*matrix["os"], *(job["os"] for job in matrix["include"])}
    assert systems == {"ubuntu-latest", "macos-latest", "windows-latest"}


def test_the_workflow_runs_what_the_own_check_runs() -> None:
    jobs = document(".github/workflows/ci.yml")["jobs"]
    runs = {step.get("run") for job in jobs.values() for step in job["steps"]}
    own = [line for line in text(".ci/run").splitlines() if line.startswith("uv run")]
    assert own
    assert set(own) <= runs


BATCH = (ROOT / "run_orchestrator.bat").read_bytes()


def test_the_batch_file_is_one_that_windows_reads() -> None:
    assert BATCH.isascii()
    assert BATCH.count(b"\r\n") == BATCH.count(b"\n")


@pytest.mark.parametrize("line", [line for line in BATCH.decode().splitlines() if "run_orchestrator.py" in line])
def test_each_start_of_the_batch_file_quotes_its_folder_and_passes_all_words_on(line: str) -> None:
    assert line.endswith('"%HERE%run_orchestrator.py" %*')
    assert line.count('"') % 2 == 0
    assert not line.startswith("if")


def test_the_batch_file_jumps_only_to_places_that_exist_and_keeps_the_exit_code() -> None:
    lines = BATCH.decode().splitlines()
    assert {line.split()[-1] for line in lines if " goto " in line} == {
        line[1:] for line in lines if line.startswith(":")
    }
    after = [following for line, following in pairwise(lines) if "run_orchestrator.py" in line]
    assert [line for line in after if line != "exit /b %errorlevel%"] == []
