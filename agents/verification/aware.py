"""Finds code that asks whether it is being tested: what the tests show of it may not be what users get. Pure.

A program that only starts itself when no test has loaded it (`if "pytest" not in sys.modules: main()`) is none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from .walking import walk

ODD = (ValueError, TypeError, SyntaxError, MemoryError, RecursionError)
"""What reading a syntax tree may raise where hostile code has made it deep or long."""
WHAT = "asks whether it is being tested, so that tests may see something else than users"
_MOST = 8
"""Names for the answer that are followed in a file; each costs a look through all of it."""
_VARIABLES = frozenset({"PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_WORKER"})
_RUNNERS = frozenset({"pytest", "_pytest", "unittest"})
_FRAMES = frozenset({"stack", "f_back", "co_filename"})
_LEAST = 3
"""Letters of a runner's name that are asked for."""
_DEFINES = frozenset({"globals", "locals", "vars", "setattr", "exec", "eval"})
_NODE = re.compile(r"\bNODE_TEST_CONTEXT\b|\bexecArgv\b(?:(?!\bexecArgv\b|--test\b).)*+--test\b")
_NOT_NODE = re.compile(
    r"(?<!!)![\s(]*(?:['\"]NODE_TEST_CONTEXT|process\.(?:env\b.{0,2}NODE_TEST_CONTEXT|execArgv))"
    r"|NODE_TEST_CONTEXT['\"\]]{0,2}\s*={2,3}\s*(?:undefined|null)\b"
)
_COMMENT = re.compile(r"^\s*(?://|/?\*)")
_ONE_ROW = re.compile(r"^(\S.*;)[ \t]+(?=if ?\()", re.MULTILINE)
_NEXT = re.compile(r"\n(?=[^\s})\]])(?!else\b)")
"""Between two statements of a module."""
_TOLD = re.compile(r"(?:const|let|var) (?P<name>[\w$]+) =\s+(?P<value>.*)", re.DOTALL)
_GUARD = re.compile(r"if ?\((?P<when>.{1,300}?)\)\s*(?P<then>(?:\{|(?:await |void )?[\w$.]+\().*)", re.DOTALL)
_CHANGES = re.compile(
    r"\bexports\b|\bprototype\b|\bglobal(?:This)?\b|(?:^|[;}] *)else\b"
    r"|(?:^|[{;])[ \t]*(?!process\.exitCode\b)[\w$.\[\]'\"]+[ \t]*[^\s\w=!<>()]{0,3}=(?![=>])",
    re.MULTILINE,
)


def asks_in_python(tree: ast.Module) -> bool:
    """Whether a module of code under test does."""
    try:
        starts = _starting(tree)
        return any(id(node) not in starts and _asks(node) for node in walk(tree))
    except ODD:
        return False


def _starting(tree: ast.Module) -> set[int]:
    """The nodes that ask only in order to start the program, also by a name that the module has for the answer."""
    told = dict(islice(_told(tree), _MOST))
    outside = {name: _outside(value, {}) for name, (_, value) in told.items()}
    guards = [node.test for node in tree.body if isinstance(node, ast.If) and _only_starts(node, outside)]
    read = {id(node) for guard in guards for node in ast.walk(guard)}
    for name, (target, value) in told.items():
        uses = {id(node) for node in ast.walk(tree) if getattr(node, "id", "") == name and node is not target}
        if uses and uses <= read:
            read |= {id(node) for node in ast.walk(value)}
    return read


def _told(tree: ast.Module) -> Iterator[tuple[str, tuple[ast.Name, ast.expr]]]:
    """`TESTING = "pytest" in sys.modules`."""
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name() as target], value=value)
                | ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value)
            ) if _is_about(value, {}):
                yield target.id, (target, value)


def _only_starts(node: ast.If, told: Mapping[str, bool]) -> bool:
    """A condition of the module, true outside of tests, behind which functions are called and nothing else."""
    if node.orelse or not _is_about(node.test, told) or not _outside(node.test, told):
        return False
    calls = all(isinstance(part, ast.Expr) and isinstance(part.value, ast.Call) for part in node.body)
    return calls and not any(getattr(part, "id", "") in _DEFINES for call in node.body for part in ast.walk(call))


def _is_about(test: ast.expr, told: Mapping[str, bool]) -> bool:
    return any(_asks(node) or getattr(node, "id", "") in told for node in ast.walk(test))


def _outside(test: ast.expr, told: Mapping[str, bool]) -> bool:
    """Whether a condition that asks holds outside of tests, and not in them."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not _outside(inner, told)
        case ast.BoolOp(values=parts):
            return all(_outside(part, told) for part in parts if _is_about(part, told))
        case ast.Name(id=name):
            return told.get(name, False)
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotIn | ast.Is)


def _asks(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=str(value)):
            return value in _VARIABLES
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[where]):
            return _text(left) in _RUNNERS and any(_is_loaded(part) for part in ast.walk(where))
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.For():
            return _looks_through(node)
        case ast.Call(
            func=ast.Attribute(attr="get", value=ast.Attribute(attr="modules", value=ast.Name(id="sys"))),
            args=[ast.Constant(value=str(value)), *_],
        ):
            return value in _RUNNERS
    return False


def _text(node: ast.AST, depth: int = 8) -> str:
    """A literal, also one that is put together of a few."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.BinOp(left=left, op=ast.Add(), right=right) if depth:
            return _text(left, depth - 1) + _text(right, depth - 1)
    return ""


def _looks_through(loop: ast.AST) -> bool:
    """`any(name.startswith("_py") for name in sys.modules)`, or for the files of the functions that are running."""
    parts = list(ast.walk(loop))
    words = [word for part in parts if len(word := _text(part)) >= _LEAST]
    over = any(_is_loaded(part) or getattr(part, "attr", "") in _FRAMES for part in parts)
    return over and any(runner.startswith(word) for runner in _RUNNERS for word in words)


def _is_loaded(node: ast.AST) -> bool:
    """`sys.modules`, `sys.argv` or `argv[0]`."""
    match node:
        case ast.Attribute(attr="modules" | "argv", value=ast.Name(id="sys")):
            return True
        case ast.Subscript(value=ast.Name(id="argv") | ast.Attribute(attr="argv"), slice=ast.Constant(value=0)):
            return True
    return False


def asking_in_javascript(code: Mapping[str, str]) -> Iterator[str]:
    """A flag for each file of code under test that does."""
    for path, text in sorted(code.items()):
        if _NODE.search(text) and any(_NODE.search(row) for row in _not_starting(text)):
            yield f"{path}: {WHAT}"


def _not_starting(text: str) -> Iterator[str]:
    """The rows of a file without those that only start the program outside of tests."""
    rows = "\n".join(row for row in text.splitlines() if not _COMMENT.match(row))
    parts = _NEXT.split(_ONE_ROW.sub(r"\1\n", rows))
    names = ((m["name"], part) for part in parts if (m := _TOLD.match(part)) and _NODE.search(m["value"]))
    told = dict(islice(names, _MOST))
    words = {name: _word(name, part) for name, part in told.items()}
    guards = {part for part in parts if _is_guard(part, words.values())}
    rest = [part for part in parts if part not in guards]
    for name, part in told.items():
        alone = not any(re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", other) for other in rest if other != part)
        if alone and any(words[name].search(guard) for guard in guards):
            rest.remove(part)
    return (row for part in rest for row in part.splitlines())


def _word(name: str, told: str) -> re.Pattern[str]:
    """A name as it stands where it holds outside of tests: `!testing`, or `alone` that says so itself."""
    negated = _NOT_NODE.search(told)
    return re.compile((r"(?<![!$.\w])" if negated else "(?<!!)!") + rf"{re.escape(name)}(?![\w$])")


def _is_guard(part: str, words: Iterable[re.Pattern[str]]) -> bool:
    """A condition that holds outside of tests, behind which is a call, or a block that changes nothing."""
    guard = _GUARD.match(part)
    if not guard or _CHANGES.search(guard["then"]):
        return False
    return any(word.search(guard["when"]) for word in (_NOT_NODE, *words))
