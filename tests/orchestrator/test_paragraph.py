"""Where the lines of what we say end."""

from __future__ import annotations

import io
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner
from rich.console import Console

from orchestrator.cli import cli
from orchestrator.console_live import LiveConsole
from orchestrator.paragraph import paragraph
from tests.fakes.history import past

SCRIPT = Path(__file__).parents[2] / "run_orchestrator.py"


@pytest.fixture(autouse=True)
def started_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["code-tumbler"])
    monkeypatch.delenv("UV", raising=False)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("two  words", ["two  words"]),
        ("a sentence that is longer", ["a sentence that is", "longer"]),
        ("say: code-tumbler run", ["say:", "code-tumbler run"]),
        ("code-tumbler rerun a b, or wait here", ["code-tumbler rerun a b,", "or wait here"]),
        ("in /x/code-tumbler/projects it is so", ["in", "/x/code-tumbler/projects", "it is so"]),
        (
            "begin: code-tumbler init, then code-tumbler run",
            ["begin:", "code-tumbler init,", "then", "code-tumbler run"],
        ),
        ("is asked again in 4 s", ["is asked again in", "4 s"]),
        ("日本語日本語 日本語日本語", ["日本語日本語", "日本語日本語"]),
    ],
)
def test_lines_end_between_words_and_no_command_is_broken(text: str, lines: list[str]) -> None:
    assert paragraph(text, 20).split("\n") == lines


def test_a_command_without_the_options_that_we_were_started_with_is_not_broken_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["code-tumbler", "--config", "x.yaml"])
    assert paragraph("write: code-tumbler config > x.yaml", 30) == "write:\ncode-tumbler config > x.yaml"


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (("pause", "nobody"), "python run_orchestrator.py --workspace WORKSPACE new nobody TEXT"),
        (("status",), "python run_orchestrator.py --workspace WORKSPACE new NAME TEXT;"),
    ],
)
def test_on_a_terminal_a_command_stands_on_one_line_whether_it_went_well_or_not(
    tmp_path: Path, arguments: tuple[str, ...], command: str
) -> None:
    (tmp_path / "config.yaml").touch()
    shown = on_a_terminal(*arguments, "--workspace", str(tmp_path), columns=60)
    assert command.replace("WORKSPACE", str(tmp_path)) in shown
    assert all(len(row) <= 60 or str(tmp_path) in row for row in shown)


def test_no_screen_breaks_a_command_that_fits_on_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    past(tmp_path, "a-project", status="failed", error="there was a reason of just forty letters")
    past(tmp_path, "another")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    for arguments in (("status",), ("report",), ("report", "a-project")):
        told = CliRunner().invoke(cli, (*arguments, "--workspace", str(tmp_path))).output
        assert "code-tumbler rerun a-project" in told


def test_an_event_does_not_break_a_command_that_fits_on_a_line() -> None:
    console = Console(file=io.StringIO(), width=60, force_terminal=True, color_system=None)
    LiveConsole(console).say("failed for a long reason; again: code-tumbler rerun p", project="p")
    assert "\n         code-tumbler rerun p" in cast("io.StringIO", console.file).getvalue()


def on_a_terminal(*arguments: str, columns: int) -> list[str]:
    """The lines that run_orchestrator.py writes to a terminal, on both its streams."""
    reader, terminal = pytest.importorskip("pty").openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    with subprocess.Popen([sys.executable, str(SCRIPT), *arguments], stdout=terminal, stderr=terminal, env=environment):
        os.close(terminal)
        told = b""
        while select.select([reader], [], [], 50)[0]:
            try:
                told += os.read(reader, 4096)
            except OSError:  # the other end is closed
                break
    os.close(reader)
    return told.decode().splitlines()
