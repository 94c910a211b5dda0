"""The program as a user starts it: a real command line, a real server on loopback, a real sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.fakes.llm import Asked, FakeLLM

ROOT = Path(__file__).resolve().parents[1]

PLAN = """# Plan: hello

## Overview
One function and a script that prints a greeting.

## Stack
Python, standard library only.

## Files
- `hello.py`: `greet(name: str) -> str`, and a script that greets the world
- `tests/test_hello.py`: tests of greet

## Acceptance criteria
- R1: Running hello.py prints Hello, World!

## Examples
```json examples
[{"name": "it greets", "run": ["python", "hello.py"], "stdout": "Hello, World!\\n", "exit": 0, "requirement": "R1"}]
```
"""
BROKEN = """### FILE: hello.py
```python
def greet(name: str) -> str:
    return f"Hello {name}"


if __name__ == "__main__":
    print(greet("World"))
```

### FILE: tests/test_hello.py
```python
from hello import greet


def test_it_greets_by_name() -> None:
    assert greet("Ada") == "Hello, Ada!"


def test_it_greets_the_world() -> None:
    assert greet("World") == "Hello, World!"
```
"""
MENDED = """### FILE: hello.py
```python
def greet(name: str) -> str:
    return f"Hello, {name}!"


if __name__ == "__main__":
    print(greet("World"))
```
"""
VERDICT = json.dumps({"criteria": [{"id": "R1", "quote": 'print(greet("World"))', "met": True}]})


def model(asked: Asked) -> str:
    """Plans, writes a bug, and mends it when it is told."""
    if "You are the Architect" in asked.system:
        return PLAN
    if "You are the Verifier" in asked.system:
        return VERDICT
    return MENDED if "Hello {name}" in asked.text else BROKEN


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, str(ROOT / "run_orchestrator.py"), *arguments]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", ["ollama", "vllm", "openai"])
def test_requirements_become_a_tested_zip(tmp_path: Path, kind: str) -> None:
    with FakeLLM(model) as llm:
        url = llm.url + ("/v1" if kind == "openai" else "")
        provider = f'{{type: {kind}, base_url: "{url}", model: fake, context_length: 16384}}'
        agents = "{architect: it, engineer: it, verifier: it}"
        (tmp_path / "config.yaml").write_text(f"agent_providers: {agents}\nproviders:\n  it: {provider}\n")
        made = run(tmp_path, "new", "hello", "Create a Python script that prints Hello, World!")
        assert made.returncode == 0, made.stderr
        done = run(tmp_path, "run", "--until-idle", "--timeout", "110")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "code is tested in" in done.stdout
    root = tmp_path / "projects" / "hello"
    now = json.loads((root / ".tumbler" / "state.json").read_text())
    assert (now["status"], now["iteration"], now["best_iteration"]) == ("completed", 2, 2)
    assert now["scores"][0]["score"] < 8 <= now["last_score"]
    assert "Hello Ada" in (root / "04_feedback" / "REPORT_iter1.md").read_text()
    (archive,) = (root / "05_final").iterdir()
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "unpacked")
    tests = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=tmp_path / "unpacked", capture_output=True)
    assert tests.returncode == 0, tests.stdout
    status = run(tmp_path, "status", "--json")
    assert '"completed"' in status.stdout
