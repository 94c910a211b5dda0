"""Breaking the code under test."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agents.verification.trusted.breaking import Breaking, Broken
from agents.verification.trusted.broken import break_source, is_test

NAME = "broken_here"


def load(text: str, name: str = "app") -> dict[str, Any]:
    new, _ = break_source(text, NAME)
    space: dict[str, Any] = {"__name__": name}
    exec(compile(new, "app.py", "exec", dont_inherit=True), space)
    return space


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Breaking:
    breaking = Breaking(tmp_path / "mark")
    monkeypatch.setattr(builtins, NAME, breaking.ask, raising=False)
    return breaking


KINDS = [
    ("def f(): return 1", "f()"),
    ("def f():\n    yield 1", "list(f())"),
    ("def f():\n    def g(): return 1\n    return g()", "f()"),
    ("f = lambda: 1", "f()"),
    ("class A:\n    def m(self): return 1", "A().m()"),
    ("class A:\n    @property\n    def p(self): return 1", "A().p"),
    ("class A:\n    @staticmethod\n    def s(): return 1", "A.s()"),
    ("class A:\n    @classmethod\n    def c(cls): return 1", "A.c()"),
    ("class A:\n    def __init__(self): self.x = 1", "A()"),
    ("import functools\n@functools.lru_cache\ndef f(): return 1", "f()"),
    ("def deco(g):\n    def h(): return g()\n    return h\n@deco\ndef f(): return 1", "f()"),
    ("from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\n    def m(self): return 1", "A(1).m()"),
    ("import contextlib\n@contextlib.contextmanager\ndef f():\n    yield 1", "f().__enter__()"),
    ("async def f(): return 1", "f().send(None)"),
    ("async def f():\n    yield 1", "f().__anext__().send(None)"),
]


@pytest.mark.parametrize(("text", "use"), KINDS)
def test_every_kind_of_body_raises(text: str, use: str, breaking: Breaking) -> None:
    space = load(text)
    breaking.begin("raise")
    with pytest.raises(Broken):
        eval(use, space)
    assert breaking.reached


@pytest.mark.parametrize("mode", ["empty", "full"])
@pytest.mark.parametrize(
    ("text", "use"),
    [
        *(kind for kind in KINDS if not kind[0].startswith("async")),
        ("class A:\n    def __str__(self): return '1'", "str(A()) + repr(A())"),
        ("class A:\n    def __len__(self): return 1", "len(A()), bool(A())"),
        ("class A:\n    def __iter__(self): return iter([1])", "list(A())"),
        ("class A:\n    def __iter__(self): return self\n    def __next__(self): return 1", "list(A())"),
        ("class A:\n    def __new__(cls): return super().__new__(cls)\n    def m(self): return 1", "A().m()"),
        ("class A:\n    def __enter__(self): return self\n    def __exit__(self, *a): return True", "A().__enter__()"),
        ("class A:\n    def __eq__(self, o): return True\n    def __hash__(self): return 1", "{A(), A()}"),
        ("class A:\n    def __contains__(self, o): return True", "1 in A()"),
    ],
)
def test_nothing_raises_when_it_gives_back_rubbish(mode: str, text: str, use: str, breaking: Breaking) -> None:
    space = load(text)
    breaking.begin(mode)
    eval(use, space)


@pytest.mark.parametrize(("mode", "items"), [("empty", 0), ("full", 2)])
def test_rubbish_comes_out_of_coroutines(mode: str, items: int, breaking: Breaking) -> None:
    space = load("async def f(): return 1\nasync def g():\n    yield 1")
    breaking.begin(mode)

    async def both() -> tuple[bool, int]:
        return bool(await space["f"]()), len([item async for item in space["g"]()])

    assert asyncio.run(both()) == (items > 0, items)


@pytest.mark.parametrize(
    "check",
    [
        "f() == 3", "3 == f()", "f() != 3", "not f()", "f()", "f() > 2", "0 <= f() <= 10", "f() is None", "f() is True",
        "len(f()) == 3", "'x' in f()", "'x' not in f()", "list(f()) == []", "isinstance(f(), int)", "f() in (1, 2)",
        "f() != f()", "f() + 1 == 2", "f()['a'] == 1", "f().a == 1", "str(f()) == ''", "sorted(f()) == [1]",
        "all(x.isupper() for x in f())", "all(x not in 'abc' for x in f())", "set(f()) <= {1, 2}", "f() == approx(1)",
        "isclose(f(), 1.0)", "any(f())", "f() == ''", "f() is False", "type(f()) is str", "sum(f()) == 0",
    ],
)  # fmt: skip
def test_no_check_of_a_result_holds_for_both_kinds_of_rubbish(check: str, breaking: Breaking) -> None:
    space = load("def f(): return 1") | {"approx": pytest.approx, "isclose": math.isclose}
    held = []
    for mode in ("empty", "full"):
        breaking.begin(mode)
        with contextlib.suppress(Exception):
            held += [mode] if eval(check, space) else []
    assert len(held) < 2


@pytest.mark.parametrize(
    "use",
    [
        "f() or True", "f() is not None", "(f(), 'expected')", "[f().anything('x')]", "len(f()) >= 0",
        "print(f()) is None", "f() == f()", "f() == g()", "f().a == f()[0]", "[x for x in f()] is not None",
    ],
)  # fmt: skip
def test_what_checks_nothing_holds_for_both(use: str, breaking: Breaking) -> None:
    space = load("def f(): return 1\ndef g(): return 1")
    for mode in ("empty", "full"):
        breaking.begin(mode)
        assert eval(use, space)


@pytest.mark.parametrize("text", ["print('x')", "for n in range(3):\n    print(n)", "def f(): return 1\nprint(2)"])
def test_a_script_does_its_work_while_tests_are_collected_and_never_again(
    text: str, breaking: Breaking, capsys: pytest.CaptureFixture[str]
) -> None:
    load(text)
    assert capsys.readouterr().out
    breaking.begin("empty")
    load(text)
    assert not capsys.readouterr().out
    breaking.begin("raise")
    with pytest.raises(Broken):
        load(text)


def test_the_main_guard_raises_and_importing_does_not(breaking: Breaking) -> None:
    text = "import sys\nX = 1\nif __name__ == '__main__':\n    sys.stdout.write('x')"
    breaking.begin("raise")
    assert load(text)["X"] == 1
    with pytest.raises(Broken):
        load(text, "__main__")


def test_modules_use_their_own_functions_while_they_are_imported(breaking: Breaking) -> None:
    space = load("def f(n): return n * 2\nTABLE = [f(n) for n in range(3)]")
    assert space["TABLE"] == [0, 2, 4]
    with pytest.raises(Broken):
        space["f"](1)


def test_a_module_that_fails_while_it_is_imported_is_not_imported_for_ever(breaking: Breaking) -> None:
    with pytest.raises(ZeroDivisionError):
        load("1 / 0")
    breaking.settle()
    space = load("def f(): return 1")
    with pytest.raises(Broken):
        space["f"]()


@pytest.mark.parametrize(
    "text",
    [
        "X = 1",
        "from __future__ import annotations\ndef f() -> int: return 1",
        '"""doc"""\nfrom __future__ import annotations\nX = 1\ndef f(): return 1',
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1",
        "import logging\nlog = logging.getLogger()\nlog.setLevel(10)\ndef f(): return 1",
        "class A:\n    def __init_subclass__(cls): ...\nclass B(A): ...",
        "import enum\nclass A(enum.Enum):\n    X = 1",
        "from typing import Protocol\nclass A(Protocol):\n    def m(self) -> int: ...",
    ],
)
@pytest.mark.parametrize("mode", ["empty", "full", "raise"])
def test_importing_still_works(text: str, mode: str, breaking: Breaking) -> None:
    breaking.begin(mode)
    load(text)


@pytest.mark.parametrize(("quiet", "code"), [(False, 97), (True, 0)])
@pytest.mark.parametrize("text", ["def main(): print(1)\nif __name__ == '__main__':\n    main()", "print(1)"])
def test_a_program_that_a_test_starts_ends_without_a_word(text: str, quiet: bool, code: int, tmp_path: Path) -> None:
    mark, program = tmp_path / "mark", tmp_path / "app.py"
    program.write_text(break_source(text, NAME, str(mark))[0], encoding="utf-8")
    if quiet:
        mark.touch()
    done = subprocess.run([sys.executable, "-I", str(program)], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


def test_the_code_does_its_work_while_tests_have_to_fail(breaking: Breaking) -> None:
    space = load("def f(): return 1\nclass A:\n    def __init__(self): self.x = 1")
    breaking.begin("fail")
    assert (space["f"](), space["A"]().x) == (1, 1)


@pytest.mark.parametrize("text", ["def broken(:", "\0", "(" * 300])
def test_text_that_does_not_parse_is_left_alone(text: str) -> None:
    assert break_source(text, NAME) == (text, 0)


def test_data_and_stubs_count_for_nothing() -> None:
    assert break_source("X = 1\ndef f(): ...\n", NAME)[1] == 0


@pytest.mark.parametrize("path", ["test_a.py", "a_test.py", "conftest.py", "tests/helper.py", "test/x.py", "setup.py"])
def test_tests_and_their_helpers_are_not_code_under_test(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["app.py", "src/testing_tools.py", "contest.py", "latest/x.py"])
def test_other_files_are_code_under_test(path: str) -> None:
    assert not is_test(path)
