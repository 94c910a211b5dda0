"""The examples of docs/EXTENDING.md are put where the page says, and run."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import agents.languages
import providers
from agents.languages import Languages
from agents.verification.box import Sandbox
from agents.verification.evidence import Evidence, Verdict
from agents.verification.settings import VerificationSettings
from agents.verification.tree import read_tree
from agents.verification.verify import Subject, verify
from orchestrator import Orchestrator
from orchestrator.config_file import load
from orchestrator.state import State
from providers import Message, Request
from tests.fakes.agents import trio
from tests.fakes.daemon import Heard, drop, settings
from tests.fakes.llm import FakeLLM

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "EXTENDING.md").read_text(encoding="utf-8")
BLOCKS = {name: text for _, name, text in re.findall(r"```(\w+) (\S+)\n(.*?)```", PAGE, re.DOTALL)}
UNNAMED = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

Add = Callable[[str, ModuleType], ModuleType]


@pytest.fixture
def add(tmp_path: Path) -> Iterator[Add]:
    """add("providers/x.py", providers) writes the example elsewhere, and imports it as a module of the package."""
    changed: list[tuple[ModuleType, str]] = []

    def added(block: str, package: ModuleType) -> ModuleType:
        path = tmp_path / block
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BLOCKS[block], encoding="utf-8")
        package.__path__.append(str(path.parent))
        changed.append((package, f"{package.__name__}.{path.stem}"))
        importlib.invalidate_caches()
        return importlib.import_module(changed[-1][1])

    yield added
    for package, name in changed:
        package.__path__.pop()
        sys.modules.pop(name, None)
        vars(package).pop(name.rpartition(".")[2], None)


def test_every_python_example_of_the_page_is_run_here() -> None:
    assert set(BLOCKS) == {
        "providers/lmstudio.py",
        "config.yaml",
        "agents/languages/shell.py",
        "house_rules.py",
        "my_orchestrator.py",
    }
    assert len(UNNAMED) == 1


async def test_the_provider_is_one_file_and_answers(add: Add, tmp_path: Path) -> None:
    add("providers/lmstudio.py", providers)
    assert "lmstudio" in providers.available()
    (tmp_path / "config.yaml").write_text(BLOCKS["config.yaml"], encoding="utf-8")
    configured = load(tmp_path / "config.yaml").providers["desk"]
    async with FakeLLM("hello", models=["qwen"]) as llm:
        provider = providers.open_provider(configured.model_copy(update={"base_url": llm.url}))
        completion = await provider.complete(Request((Message("user", "Say hello."),)))
        await provider.aclose()
    assert (completion.text, completion.model, completion.cost) == ("hello", "qwen", 0.0)
    assert llm.requests[0].body["ttl"] == 600


GREETING = {
    "greet.sh": 'echo "Hello, $1!"\n',
    "tests/ada.sh": 'test "$(sh greet.sh Ada)" = "Hello, Ada!"\n',
    "tests/world.sh": 'test "$(sh greet.sh World)" = "Hello, World!"\n',
}
PLAN = """# Plan
## Examples
```json examples
[{"name": "it greets", "run": ["greet.sh", "Bo"], "stdout": "Hello, Bo!\\n", "exit": 0, "requirement": "R1"}]
```
"""


async def examine(files: dict[str, str], folder: Path, sandbox: Sandbox) -> Evidence:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return await verify(Subject(folder, PLAN), sandbox, VerificationSettings())


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"greet.sh": 'echo "Hi, $1!"\n'}, Verdict.FAIL),
        ({"greet.sh": "if\n"}, Verdict.NOT_RUN),
    ],
)
async def test_the_language_is_one_file_and_verifies_a_project(
    change: dict[str, str], verdict: Verdict, add: Add, sandbox: Sandbox, tmp_path: Path
) -> None:
    add("agents/languages/shell.py", agents.languages)
    evidence = await examine(GREETING | change, tmp_path / "project", sandbox)
    assert (evidence.language, evidence.tested.verdict) == ("shell", verdict)
    assert [result.passed for result in evidence.examples] == [verdict is Verdict.PASS]
    assert evidence.builds == (verdict is not Verdict.NOT_RUN)


def test_the_new_language_leaves_the_others_theirs(add: Add, tmp_path: Path) -> None:
    add("agents/languages/shell.py", agents.languages)
    (tmp_path / "main.py").touch()
    (tmp_path / "run.sh").touch()
    assert Languages(VerificationSettings()).of(read_tree(tmp_path)).name == "python"


@pytest.fixture
def house_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    (tmp_path / "house_rules.py").write_text(BLOCKS["house_rules.py"], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("house_rules")
    sys.modules.pop("house_rules")


def test_the_agent_works_in_the_daemon(house_rules: ModuleType, tmp_path: Path) -> None:
    team = trio(scores=[9.0])
    architect = house_rules.HouseRules(team.architect, "Use the standard library only.")
    drop(tmp_path / "projects", "hello")
    daemon = Orchestrator(
        tmp_path / "projects", architect, team.engineer, team.verifier, config=settings(), view=Heard()
    )
    assert daemon.start(until_idle=True, timeout=30) == 0
    assert "Use the standard library only." in team.architect.works[0].requirements
    assert "Use the standard library only." not in team.engineer.works[0].requirements


def test_the_orchestrator_of_ones_own_starts(
    house_rules: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {"__name__": "my_orchestrator"}
    exec(compile(BLOCKS["my_orchestrator.py"], "my_orchestrator.py", "exec"), namespace)
    assert isinstance(namespace["orchestrator"], Orchestrator)
    assert namespace["orchestrator"].start(until_idle=True, timeout=30) == 0
    assert (tmp_path / "projects").is_dir()


def test_the_state_can_be_read_from_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    memory = tmp_path / "projects" / "my-project" / ".tumbler"
    memory.mkdir(parents=True)
    text = State.model_validate({"name": "my-project", "last_score": 7.5}).model_dump_json()
    (memory / "state.json").write_text(text, encoding="utf-8")
    exec(compile(UNNAMED[0], "example", "exec"), {})
    assert capsys.readouterr().out == "Current score: 7.5\n"
