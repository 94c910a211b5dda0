from __future__ import annotations

from agents.signatures import defined_names, signatures

SOURCE = '''"""Doc."""
import os

LIMIT: int = 3
NAME = "x"


class Shop(Base):
    size = 1

    def __init__(self, name: str = "a", *, big=False) -> None:
        self.name = name

    async def open(self): ...


def add(a: int, b: int) -> int:
    def inner():
        pass
    return a + b
'''


def test_python_is_shown_by_its_definitions() -> None:
    assert signatures("a.py", SOURCE).splitlines() == [
        "LIMIT: int = 3",
        "NAME = 'x'",
        "class Shop(Base):",
        "    def __init__(self, name: str='a', *, big=False) -> None",
        "    async def open(self)",
        "def add(a: int, b: int) -> int",
    ]


def test_what_can_be_imported_is_known() -> None:
    assert defined_names(SOURCE) == {"LIMIT", "NAME", "Shop", "add"}


def test_other_files_are_shown_by_their_beginning() -> None:
    assert signatures("a.js", "x\n" * 10) == "\n".join("x" * 10)
    assert signatures("a.js", "x\n" * 100).endswith("[60 more lines]")


def test_broken_python_is_shown_as_text() -> None:
    assert signatures("a.py", "def (:\n") == "def (:"
    assert defined_names("def (:\n") == frozenset()
