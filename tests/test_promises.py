"""The tests that docs/ARCHITECTURE.md names as holding the promises are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert f"def {name}(" in source if name else "def test_" in source


def test_the_table_of_promises_is_not_empty() -> None:
    assert len(NAMED) > 20
