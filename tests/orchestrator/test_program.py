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
