"""Imports point one way: run_orchestrator.py -> orchestrator -> agents -> providers."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ["providers", "agents", "orchestrator"]


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports absolutely."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_from_below(layer: str) -> None:
    above = set(LAYERS[LAYERS.index(layer) + 1 :]) | {"run_orchestrator", "tests", "benchmarks"}
    modules = list((ROOT / layer).rglob("*.py"))
    assert modules
    assert {str(path): imported(path) & above for path in modules if imported(path) & above} == {}


def test_only_the_one_place_for_each_outside_thing_imports_it() -> None:
    homes = {
        "watchdog": "orchestrator/watch",
        "click": "orchestrator/",
        "httpx": "providers/",
    }
    strays = {
        f"{path.relative_to(ROOT)} imports {name}"
        for layer in LAYERS
        for path in (ROOT / layer).rglob("*.py")
        for name, home in homes.items()
        if name in imported(path) and not str(path.relative_to(ROOT).as_posix()).startswith(home)
    }
    assert strays == set()
