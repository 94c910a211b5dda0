"""What docs/ARCHITECTURE.md lists is there: the tests that hold the promises, and every module of the orchestrator."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")

PROMISES = "\n## What the document promises, and the test that holds it\n"
ROWS = PAGE.split(PROMISES)[1].split("\n## ")[0].strip().splitlines()[2:]

MODULES = PAGE.split("\nInside `orchestrator/`:\n")[1].strip().split("\n\n")[0].splitlines()[2:]
LISTED = [name for row in MODULES for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
PRESENT = [path.stem for path in (ROOT / "orchestrator").glob("*.py") if path.stem != "__init__"]


@pytest.mark.parametrize("row", ROWS)
def test_a_promise_names_a_test_that_exists(row: str) -> None:
    tests = row.rstrip("| ").rpartition(" | ")[2].split(", ")
    for test in tests:
        named = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", test)
        assert named, f"not `tests/...py::test_...`: {test}"
        path, name = named.groups()
        assert re.search(rf"(?m)^(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8")), test


def test_the_table_of_promises_is_not_empty() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize("module", PRESENT)
def test_a_module_of_the_orchestrator_stands_in_the_table(module: str) -> None:
    assert any(fnmatch(module, name) for name in LISTED)


@pytest.mark.parametrize("name", LISTED)
def test_what_stands_in_the_table_of_modules_is_there(name: str) -> None:
    folder = ROOT / "orchestrator" / name.rstrip("/")
    assert folder.is_dir() if name.endswith("/") else any(fnmatch(module, name) for module in PRESENT)
