"""Why the embedded engine does not load, and the command that mends it."""

from __future__ import annotations

import asyncio
import os
import re
import tomllib
from pathlib import Path

import pytest

from providers import Blocked, ProviderSettings, engine
from providers.engine import Engine
from providers.engine_trouble import BY_PIP, BY_UV, explain, trouble


@pytest.mark.parametrize(
    ("code", "said", "expected"),
    [
        (0, "", None),
        (
            1,
            "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory",
            "for want of libgomp.so.1; install it with: apt install libgomp1",
        ),
        (1, "ImportError: libodd.so.7: cannot open shared object file: x", "install the system package that has it"),
        (
            1,
            "ModuleNotFoundError: No module named 'xllamacpp'",
            "install it with: pip install xllamacpp huggingface-hub",
        ),
        (-4, "", "this processor lacks instructions"),
        (1, "Traceback\nImportError: undefined symbol: x\n", "undefined symbol: x; install it anew with: pip"),
        (3, "", "exit code 3; install it anew"),
    ],
)
def test_each_reason_comes_with_what_mends_it(
    code: int, said: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UV", raising=False)
    found = explain(code, said)
    assert found is None if expected is None else found and expected in found


def test_the_packages_that_are_named_are_those_of_the_extra() -> None:
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [re.split(r"[<>=]", each)[0] for each in pyproject["project"]["optional-dependencies"]["embedded"]]
    assert f"pip install {' '.join(wanted)}" == BY_PIP


def test_it_is_found_by_loading_the_module_in_another_process() -> None:
    assert trouble(os.environ, "json") is None
    assert "is not installed" in (trouble(os.environ, "no_such_engine") or "")


async def test_an_engine_that_cannot_be_loaded_is_told_before_a_model_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "trouble", lambda _: "the engine cannot be loaded; install it with: apt install x")
    host = Engine(ProviderSettings(name="small", type="embedded"), 8192)
    for asking in (host.health(), host.endpoint(lambda _: None)):
        with pytest.raises(Blocked, match="small: the engine cannot be loaded; install it with: apt install x"):
            await asyncio.wait_for(asking, 60)


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("ModuleNotFoundError: No module named 'xllamacpp'", BY_UV),
        (
            "ImportError: undefined symbol: x",
            "uv run --reinstall-package xllamacpp --extra embedded run_orchestrator.py",
        ),
    ],
)
def test_whoever_was_started_by_uv_is_told_what_uv_does(
    said: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV", "/usr/bin/uv")
    found = explain(1, said)
    assert found is not None
    assert found.endswith(f"install it anew with: {command}" if "symbol" in said else f"install it with: {command}")
