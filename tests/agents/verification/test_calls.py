"""Calls into the project: our programs that make them, and how they are judged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agents.verification.box import Ended, Ran
from agents.verification.channel import Secret
from agents.verification.examples import Call, ExampleResult
from agents.verification.examples_judged import asked, judge_call, same
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
    key = Secret.fresh()
    (told, tell), (report, write) = os.pipe(), os.pipe()
    os.write(tell, key.message(asked(call)))
    os.close(tell)
    known = {"{trusted}": str(TRUSTED), "{report}": str(write), "{secret}": str(told)}
    program, *words = call.run
    command = [sys.executable if program == "python" else str(NODE)]
    command += [known.get(word) or word.replace("{trusted}", str(TRUSTED)) for word in words]
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=30,
        pass_fds=(told, write),
        stdin=subprocess.DEVNULL,
    )
    os.close(told)
    os.close(write)
    with os.fdopen(report, "rb") as pipe:
        said = pipe.read()
    ran = Ran(Ended.EXITED, done.returncode, 0.1, done.stderr, output_bytes=0, stdout=done.stdout, report=said)
    return judge_call(call, ran, key.key)


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


HOSTILE = """
import atexit, builtins, hmac, json, os, sys, threading
class Shown:
    def __repr__(self): return "8"
class Text(str):
    def __eq__(self, other): return True
    def __hash__(self): return 1
    def __str__(self): return "right"
    def __repr__(self): return "'right'"
class Number(int):
    def __eq__(self, other): return True
    def __repr__(self): return "8"
    __int__ = __index__ = lambda self: 8
class List(list):
    def __iter__(self): return iter([8])
    def __repr__(self): return "[8]"
class Dict(dict):
    def items(self): return [("a", 8)]
FORGED = '{"t":"answer","returns":"8","literal":true}'
def shown(): return Shown()
def text(): return Text("wrong")
def number(): return Number(7)
def listed(): return List([7])
def mapped(): return Dict(a=7)
def printed():
    os.write(1, FORGED.encode() + b"\\n")
    for descriptor in range(3, 60):
        try: os.write(descriptor, FORGED.encode() + b"\\t00\\n")
        except OSError: pass
    os._exit(0)
def encoded():
    json.JSONEncoder.encode = lambda self, value: FORGED
    json.JSONEncoder.iterencode = lambda self, value, _one_shot=False: [FORGED]
    json.dumps = lambda *_, **__: FORGED
    return 7
def authenticated():
    hmac.new = hmac.digest = None
    hmac.HMAC.digest = lambda self: b""
    os.write = lambda *_: 0
    return 7
def represented():
    builtins.repr = lambda value: "8"
    builtins.str = Text
    builtins.isinstance = lambda *_: False
    builtins.type = lambda value: int
    return 7
def replaced():
    main = sys.modules["__main__"]
    for name in ("answer", "plain", "json", "os", "beside"): setattr(main, name, lambda *_, **__: {"returns": "8"})
    return 7
def traced():
    def trace(frame, event, arg):
        if "value" in frame.f_locals and "setup" not in frame.f_locals: raise ValueError
        return trace
    sys.settrace(trace)
    return 7
def threaded():
    def run():
        while True: print(FORGED, flush=True)
    threading.Thread(target=run, daemon=True).start()
    return 7
"""


@pytest.mark.parametrize(
    ("call", "forged"),
    [
        ("shown()", "8"),
        ("text()", "'right'"),
        ("number()", "8"),
        ("listed()", "[8]"),
        ("mapped()", "{'a': 8}"),
        ("printed()", "8"),
        ("encoded()", "8"),
        ("authenticated()", "8"),
        ("represented()", "8"),
        ("replaced()", "8"),
        ("traced()", "8"),
        ("threaded()", "8"),
    ],
)
def test_no_cheap_trick_of_a_python_project_forges_an_answer(call: str, forged: str, tmp_path: Path) -> None:
    assert not come_of(Call("a.py", call, forged), tmp_path, HOSTILE).passed


@pytest.mark.parametrize("call", ["encoded()", "represented()", "replaced()", "number()", "traced()"])
def test_and_what_it_really_gives_is_still_told(call: str, tmp_path: Path) -> None:
    assert come_of(Call("a.py", call, "7"), tmp_path, HOSTILE).passed


ODD = """
import enum, collections, decimal, asyncio, sys
class Color(enum.Enum): RED = 1
class Level(enum.IntEnum): HIGH = 3
class Name(str, enum.Enum): A = "a"
Point = collections.namedtuple("Point", "x y")
async def later(): await asyncio.sleep(0); return 4
def nan(): return float("nan")
def big(): return 1000000007
def price(): return decimal.Decimal("1.50")
def talks(): print('{"returns": "0"}'); return 4
"""


@pytest.mark.parametrize(
    ("call", "returns"),
    [
        ("Level.HIGH", "3"),
        ("Name.A", "'a'"),
        ("Point(1, 2)", "(1, 2)"),
        ("later()", "4"),
        ("nan()", "nan"),
        ("price()", "Decimal('1.50')"),
        ("talks()", "4"),
        ("{3, 1, 2}", "{1, 2, 3}"),
        ("frozenset()", "set()"),
        ("{}.keys()", "set()"),
        ("bytearray(b'a')", "b'a'"),
        ("'{report} {secret} {job}'", "'{report} {secret} {job}'"),
    ],
)
def test_what_is_equal_in_python_is_equal_here(call: str, returns: str, tmp_path: Path) -> None:
    assert come_of(Call("a.py", call, returns), tmp_path, ODD).passed


def test_a_whole_number_is_compared_to_its_last_digit(tmp_path: Path) -> None:
    assert not come_of(Call("a.py", "big()", "1000000008"), tmp_path, ODD).passed


def test_neither_the_project_nor_its_folders_stand_in_for_the_standard_library(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit\n", encoding="utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "hmac.py").write_text("raise SystemExit\n", encoding="utf-8")
    assert come_of(Call("a.py", "f()", "3"), tmp_path, "def f(): return 3\n").passed


def test_a_module_finds_those_beside_it_as_when_it_is_run(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "helper.py").write_text("X = 3\n", encoding="utf-8")
    assert come_of(Call("app/main.py", "f()", "3"), tmp_path, "import helper\ndef f(): return helper.X\n").passed


def test_the_main_module_of_the_project_can_be_called(tmp_path: Path) -> None:
    source = "def f(): return __name__\nif __name__ == '__main__': raise SystemExit\n"
    assert come_of(Call("__main__.py", "f()", "'main'"), tmp_path, source).passed
    assert come_of(Call("pkg/__main__.py", "f()", "'pkg.__main__'"), tmp_path, source).passed


HOSTILE_NODE = """
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { parentPort, MessagePort } from "node:worker_threads";
import process from "node:process";
const FORGED = { value: 8, returns: "8", literal: true };
export const shown = () => ({ toJSON: () => 8, toString: () => "8", valueOf: () => 8 });
export function patched() {
  JSON.stringify = () => '{"t":"answer","returns":"8","literal":true}';
  String.prototype.slice = () => "8";
  Number.prototype.toJSON = Number.prototype.toString = () => "8";
  fs.writeSync = () => 0; syncBuiltinESMExports();
  return 7;
}
export function posted() { parentPort.postMessage(FORGED); return 7; }
export function rebound() {
  MessagePort.prototype.postMessage = function () { parentPort.postMessage(FORGED); };
  Function.prototype.bind = () => () => 0;
  return 7;
}
export function written() {
  for (let fd = 1; fd < 40; fd++) try { fs.writeSync(fd, '{"t":"answer","returns":"8"}'); } catch {}
  return 7;
}
export function leaves() { process.stdout.write('{"returns":"8"}'); process.reallyExit(0); }
"""


@pytest.mark.skipif(NODE is None, reason="needs node")
@pytest.mark.parametrize("name", ["shown", "patched", "posted", "rebound", "written", "leaves"])
def test_no_cheap_trick_of_a_node_project_forges_an_answer(name: str, tmp_path: Path) -> None:
    assert not come_of(Call("a.mjs", f"{name}()", "8"), tmp_path, HOSTILE_NODE).passed
    assert come_of(Call("a.mjs", f"{name}()", "7"), tmp_path, HOSTILE_NODE).passed is (
        name in ("patched", "posted", "rebound")
    )


@pytest.mark.skipif(NODE is None, reason="needs node")
@pytest.mark.parametrize(
    ("call", "returns", "passes"),
    [
        ("NaN", "NaN", True),
        ("NaN", "null", False),
        ("undefined", "null", False),
        ("[undefined]", "[undefined]", True),
        ("({1: 'a'})", "{1: 'a'}", True),
        ("({1: 'a'})", '{"1": "a"}', True),
        ("(() => 1)", "undefined", False),
        ("new Date(0)", "{}", False),
        ("-1.5", "-1.5", True),
        ("'{secret}'", "'{secret}'", True),
        ("process.argv.length > 2", "true", False),
        ("true", "1", False),
    ],
)
def test_what_json_has_no_word_for_is_told_apart(call: str, returns: str, passes: bool, tmp_path: Path) -> None:
    assert come_of(Call("a.mjs", call, returns), tmp_path, "export {};\n").passed is passes


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
    ran = Ran(Ended.TIMEOUT, -9, 5.0, output=b"", output_bytes=0, stdout=b"")
    result = judge_call(Call("a.py", "f()", "1"), ran, b"")
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
        ("1000000000000000000", "1000000000000000001", False),
        ("1000000007", "1000000008", False),
        ("1.0", "1" + "0" * 400, False),
        ("True", "1", False),
        ("[nan]", "[nan]", True),
        ("NaN", "NaN", True),
        ("null", "undefined", False),
    ],
)
def test_values_are_compared_not_their_writing(one: str, other: str, equal: bool) -> None:
    assert same(one, other) is equal
