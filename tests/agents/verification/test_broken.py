"""Breaking the code under test."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from agents.verification.trusted.broken import break_source, functions, is_test


class Hit(BaseException): ...


@pytest.fixture(autouse=True)
def raiser(monkeypatch: pytest.MonkeyPatch) -> None:
    def hit() -> None:
        raise Hit

    monkeypatch.setattr(builtins, "broken_here", hit, raising=False)


def load(text: str, name: str = "app") -> dict[str, Any]:
    new, _ = break_source(text, "broken_here", functions([text]))
    space: dict[str, Any] = {"__name__": name}
    exec(compile(new, "app.py", "exec", dont_inherit=True), space)
    return space


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("def f(): return 1", "f()"),
        ("def f():\n    yield 1", "f()"),
        ("def f():\n    def g(): return 1\n    return g()", "f()"),
        ("f = lambda: 1", "f()"),
        ("class A:\n    def m(self): return 1", "A().m()"),
        ("class A:\n    @property\n    def p(self): return 1", "A().p"),
        ("class A:\n    @staticmethod\n    def s(): return 1", "A.s()"),
        ("class A:\n    @classmethod\n    def c(cls): return 1", "A.c()"),
        ("class A:\n    def __init__(self): self.x = 1", "A()"),
        ("import functools\n@functools.lru_cache\ndef f(): return 1", "f()"),
        ("def deco(g): return g\n@deco\ndef f(): return 1", "f()"),
        ("from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n    def m(self): return 1", "A(1).m()"),
        ("import contextlib\n@contextlib.contextmanager\ndef f():\n    yield 1", "f()"),
        ("async def f(): return 1", "f().send(None)"),
    ],
)
def test_every_kind_of_body_raises(text: str, use: str) -> None:
    space = load(text)
    with pytest.raises(Hit):
        eval(use, space)


@pytest.mark.parametrize("text", ["print('x')", "for n in range(3):\n    print(n)", "def f(): return 1\nprint(2)"])
def test_a_script_raises_when_it_is_run(text: str) -> None:
    with pytest.raises(Hit):
        load(text)


def test_the_main_guard_raises_and_importing_does_not() -> None:
    text = "import sys\nX = 1\nif __name__ == '__main__':\n    sys.stdout.write('x')"
    assert load(text)["X"] == 1
    with pytest.raises(Hit):
        load(text, "__main__")


@pytest.mark.parametrize(
    "text",
    [
        "X = 1",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1",
        "import logging\nlog = logging.getLogger()\nlog.setLevel(10)\ndef f(): return 1",
        "class A:\n    def __init_subclass__(cls): ...\nclass B(A): ...",
        "import enum\nclass A(enum.Enum):\n    X = 1",
        "from typing import Protocol\nclass A(Protocol):\n    def m(self) -> int: ...",
    ],
)
def test_importing_still_works(text: str) -> None:
    load(text)


@pytest.mark.parametrize("text", ["def broken(:", "\0", "(" * 300])
def test_text_that_does_not_parse_is_left_alone(text: str) -> None:
    assert break_source(text, "broken_here") == (text, 0)


def test_data_and_stubs_count_for_nothing() -> None:
    assert break_source("X = 1\ndef f(): ...\n", "broken_here")[1] == 0


@pytest.mark.parametrize("path", ["test_a.py", "a_test.py", "conftest.py", "tests/helper.py", "test/x.py", "setup.py"])
def test_tests_and_their_helpers_are_not_code_under_test(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["app.py", "src/testing_tools.py", "contest.py", "latest/x.py"])
def test_other_files_are_code_under_test(path: str) -> None:
    assert not is_test(path)
