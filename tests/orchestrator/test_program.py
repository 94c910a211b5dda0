import sys

import pytest

from orchestrator.program import program


@pytest.mark.parametrize(
    ("script", "uv", "typed"),
    [
        ("/x/run_orchestrator.py", False, "python run_orchestrator.py"),
        ("/x/run_orchestrator.py", True, "uv run run_orchestrator.py"),
        ("/x/bin/code-tumbler", False, "code-tumbler"),
        ("/x/bin/code-tumbler", True, "uv run code-tumbler"),
    ],
)
def test_the_commands_we_name_are_those_that_work(
    monkeypatch: pytest.MonkeyPatch, script: str, uv: bool, typed: str
) -> None:
    monkeypatch.setattr(sys, "argv", [script])
    monkeypatch.delenv("UV", raising=False)
    if uv:
        monkeypatch.setenv("UV", "/usr/bin/uv")
    assert program() == typed


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (["status", "--workspace", "my projects"], "code-tumbler --workspace 'my projects'"),
        (["--config=a.yaml", "status", "--workspace=x"], "code-tumbler --config a.yaml --workspace x"),
        (["run", "--until-idle"], "code-tumbler"),
        (["--workspace"], "code-tumbler"),
    ],
)
def test_the_commands_we_name_are_about_the_same_projects(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], typed: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["/x/code-tumbler", *arguments])
    monkeypatch.delenv("UV", raising=False)
    assert program() == typed
