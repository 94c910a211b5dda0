"""Calls into the project: our programs that make them, and how they are judged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agents.verification.box import Ended, Ran
from agents.verification.examples import Call, ExampleResult
from agents.verification.examples_judged import judge, same
from agents.verification.sandbox.places import TRUSTED

NODE = shutil.which("node")
PYTHON = """
print("noise")
class Bad(ValueError): pass
class Equal:
    def __eq__(self, other): return True
class Box:
    def __init__(self): self.items = []
    def put(self, x): self.items.append(x); return self.items
def double(x): return x * 2
def third(): return 0.1 + 0.2
def counted():
    from collections import Counter, OrderedDict
    return [Counter("aab"), OrderedDict(x=1)]
def fails(): raise Bad("no hay")
def leaves(): raise SystemExit(0)
def equal(): return Equal()
def forges():
    import atexit
    atexit.register(print, '{"returns": "1"}')
    return 2
"""
JAVASCRIPT = """
export function double(x) { return x * 2; }
export const table = () => new Map([["a", [1, true, null]]]);
export function fails() { throw new RangeError("no hay"); }
export async function later() { return "now"; }
export function nothing() {}
export default { five: () => 5 };
"""


def come_of(call: Call, folder: Path, source: str = "") -> ExampleResult:
    """Make the call as the sandbox does, without one: the project is ours."""
    if source:
        (folder / call.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / call.path).write_text(source, encoding="utf-8")
    program, script, *words = (word.replace("{trusted}", str(TRUSTED)) for word in call.run)
    command = [sys.executable if program == "python" else str(NODE), script, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=30)
    return judge(call, Ran(Ended.EXITED, done.returncode, 0.1, output=done.stderr, output_bytes=0, stdout=done.stdout))


@pytest.mark.parametrize(
    ("call", "returns"),
    [
        ("double(4)", "8"),
        ("double('a')", '"aa"'),
        ("third()", "0.3"),
        ("counted()", "[{'a': 2, 'b': 1}, {'x': 1}]"),
        ("double((1, 'x'))", "(1, 'x', 1, 'x')"),
    ],
)
def test_a_right_value_passes(call: str, returns: str, tmp_path: Path) -> None:
    assert come_of(Call("a.py", call, returns), tmp_path, PYTHON).passed


@pytest.mark.parametrize(
    ("call", "expected", "problem"),
    [
        ("double(4)", {"returns": "9"}, "it returned 8; expected: 9"),
        ("double((1,))", {"returns": "[1, 1]"}, "it returned (1, 1); expected: [1, 1]"),
        ("fails()", {"returns": "1"}, "it raised Bad: no hay; expected: 1"),
        ("double(4)", {"raises": "ValueError"}, "it returned 8; expected: raises ValueError"),
        ("fails()", {"raises": "KeyError"}, "it raised Bad: no hay; expected: raises KeyError"),
        ("missing(1)", {"returns": "1"}, "it raised NameError: name 'missing' is not defined; expected: 1"),
        ("leaves()", {"returns": "0"}, "it raised SystemExit: 0; expected: 0"),
        ("forges()", {"returns": "1"}, "it returned 2; expected: 1"),
    ],
)
def test_a_wrong_end_fails_and_says_what_came(
    call: str, expected: dict[str, str], problem: str, tmp_path: Path
) -> None:
    result = come_of(Call("a.py", call, **expected), tmp_path, PYTHON)  # type: ignore[arg-type]
    assert (result.passed, result.problem) == (False, problem)


def test_an_object_that_says_it_equals_everything_does_not(tmp_path: Path) -> None:
    assert not come_of(Call("a.py", "equal()", "1"), tmp_path, PYTHON).passed


@pytest.mark.parametrize("raises", ["Bad", "ValueError", "a.Bad", "Exception"])
def test_an_exception_passes_by_its_name_or_that_of_a_base(raises: str, tmp_path: Path) -> None:
    assert come_of(Call("a.py", "fails()", raises=raises), tmp_path, PYTHON).passed


def test_statements_come_before_the_call(tmp_path: Path) -> None:
    assert come_of(Call("a.py", "box.put(2)", "[1, 2]", setup=("box = Box()", "box.put(1)")), tmp_path, PYTHON).passed


@pytest.mark.parametrize("path", ["pkg/inner.py", "src/pkg/inner.py", "pkg/__init__.py"])
def test_a_module_is_found_where_it_lies(path: str, tmp_path: Path) -> None:
    assert come_of(Call(path, "f()", "3"), tmp_path, "def f(): return 3\n").passed


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import nothing_like_this\n", "a.py cannot be imported: ModuleNotFoundError"),
        ("raise SystemExit(0)\n", "a.py cannot be imported: SystemExit"),
        ("import os\nos._exit(0)\n", "the call did not come to its end"),
        ('print(\'{"returns": "1"}\', flush=True)\nimport os\nos._exit(1)\n', ""),
    ],
)
def test_what_cannot_be_imported_says_so(source: str, problem: str, tmp_path: Path) -> None:
    result = come_of(Call("a.py", "f()", "2"), tmp_path, source)
    assert not result.passed
    assert problem in result.problem


def test_a_call_that_was_ended_says_so() -> None:
    result = judge(Call("a.py", "f()", "1"), Ran(Ended.TIMEOUT, -9, 5.0, output=b"", output_bytes=0, stdout=b""))
    assert "ended by the sandbox after 5.0 s" in result.problem


@pytest.mark.skipif(NODE is None, reason="needs node")
@pytest.mark.parametrize(
    ("call", "expected", "passes"),
    [
        ("double(4)", {"returns": "8"}, True),
        ("double(4)", {"returns": "9"}, False),
        ("table()", {"returns": "{a: [1, true, null]}"}, True),
        ("fails()", {"raises": "RangeError"}, True),
        ("fails()", {"raises": "TypeError"}, False),
        ("later()", {"returns": "'now'"}, True),
        ("nothing()", {"returns": "undefined"}, True),
        ("nothing()", {"returns": "1"}, False),
        ("five()", {"returns": "5"}, True),
    ],
)
def test_javascript_is_called_too(call: str, expected: dict[str, str], passes: bool, tmp_path: Path) -> None:
    assert come_of(Call("a.mjs", call, **expected), tmp_path, JAVASCRIPT).passed is passes  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("1", "1.0", True),
        ("0.1", "0.10000000000000001", True),
        ("0.1", "0.1001", False),
        ("'a'", '"a"', True),
        ("[1]", "(1,)", False),
        ("{'a': [1]}", '{"a": [1.0]}', True),
        ("{1, 2}", "{2, 1}", True),
        ("Decimal('1.50')", "Decimal( '1.50' )", True),
        ("nan", "nan", True),
        ("'1'", "1", False),
        ("(" * 9000, "1", False),
    ],
)
def test_values_are_compared_not_their_writing(one: str, other: str, equal: bool) -> None:
    assert same(one, other) is equal
