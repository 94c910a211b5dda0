"""How much each test demands, as its source says it. Pure: text in, numbers out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from .javascript_tests import javascript_blocks
from .source import is_test_file, parse, test_names
from .spelled import spelled
from .walking import walk

_UNWRITABLE = (RecursionError, ValueError, MemoryError)
"""What comes of expressions that are too deep, and of numbers that are too long."""
_SKIPS = re.compile(r"\b(?:skip|skipif|skipIf|skipUnless|skipTest|xfail|expectedFailure|importorskip)\b")
_JS_SKIPS = re.compile(r"\b(?:it|test|describe)\.(?:skip|todo)\b|\bx(?:it|test|describe)\(|skip:\s*true")
_JS_ASSERTS = re.compile(r"\bassert(?:\.\w+)?\(|\bexpect\(")
_JS_EXACT = re.compile(
    r"\b(?:strictEqual|deepStrictEqual|equal|deepEqual|throws|rejects)\(|\.(?:toBe|toEqual|toThrow)\("
)


@dataclass(frozen=True)
class Assertion:
    """One that can fail."""

    said: str
    """Empty where that is not known."""
    exact: bool
    """It allows one result only."""
    turns: int = 1
    """Of the loops it stands in, as far as they can be read."""


@dataclass(frozen=True)
class Strength:
    """How much one test demands."""

    asserts: tuple[Assertion, ...]
    skipped: int
    swallowed: int
    """Assertions inside a `try` whose handler does not raise."""
    rows: int = 1
    """Different rows of its tables; 1 when it has none, or none that can be read."""
    turns: int = 1
    """The same for loops that assert something."""
    read: bool = True
    """Whether all these loops can be read."""


def strengths(texts: Mapping[str, str]) -> dict[str, Strength]:
    """`path::name` of each test, and how much it demands."""
    found: dict[str, Strength] = {}
    for path, text in texts.items():
        name = path.rsplit("/", 1)[-1]
        if is_test_file(path) or name == "tests.py":
            found |= {f"{path}::{test}": strength for test, strength in _python(text)}
        elif re.search(r"(?:\.|-|_|/|^)(?:test|spec)s?(?:\.|/|-).*\.?(?:[cm]?[jt]sx?)$", path):
            found |= {f"{path}::{test}": strength for test, strength in _javascript(text)}
    return found


def _python(text: str) -> Iterator[tuple[str, Strength]]:
    tree = parse(text)
    if tree is None:
        return
    module_skip = any(isinstance(n, ast.Assign) and any(getattr(t, "id", "") == "pytestmark" for t in n.targets)
                      and _SKIPS.search(spelled(n)) for n in tree.body)  # fmt: skip
    for name in test_names(tree):
        node, decorators = _find(tree, name.split("::"))
        if node is not None:
            strength = _measure(node, tree, decorators, skipped=module_skip)
            yield name, replace(strength, rows=prod(_rows(decorator, tree) for decorator in decorators))


def _find(tree: ast.Module, parts: list[str]) -> tuple[ast.AST | None, list[ast.expr]]:
    node: ast.AST | None = tree
    decorators: list[ast.expr] = []
    for part in parts:
        body = getattr(node, "body", [])
        node = next((n for n in reversed(body) if getattr(n, "name", None) == part), None)
        decorators += getattr(node, "decorator_list", [])
    return node, decorators


def _measure(node: ast.AST, tree: ast.Module, decorators: list[ast.expr], *, skipped: bool) -> Strength:
    nodes = list(walk(node))
    swallowing = [n for n in nodes if isinstance(n, ast.Try) and _swallows(n)]
    texts = map(spelled, [*decorators, *(n.func for n in nodes if isinstance(n, ast.Call))])
    loops = {
        n: _different(n.iter, node, tree) for n in nodes if isinstance(n, ast.For) and any(map(_is_assert, _in(n)))
    }
    turns: dict[ast.AST, int] = {}
    for loop, rows in loops.items():
        turns |= {n: turns.get(n, 1) * (1 if rows is None else rows) for n in _in(loop)}
    return Strength(
        asserts=tuple(
            Assertion(spelled(n), _is_exact(n), turns.get(n, 1)) for n in nodes if _is_assert(n) and not _is_empty(n)
        ),
        skipped=int(skipped) + sum(bool(_SKIPS.search(text)) for text in texts),
        swallowed=sum(_is_assert(n) for outer in swallowing for n in _in(outer)),
        turns=sum(rows or 0 for rows in loops.values()) if loops and None not in loops.values() else 1,
        read=None not in loops.values(),
    )


def _in(outer: ast.For | ast.Try) -> Iterator[ast.AST]:
    """What stands in its body."""
    return (n for statement in outer.body for n in walk(statement))


def _dumped(node: ast.AST) -> str:
    """Without its layout; where that cannot be, like no other."""
    try:
        return ast.dump(node)
    except _UNWRITABLE:
        return str(id(node))


def _rows(decorator: ast.expr, tree: ast.Module) -> int:
    """Of a table that stands in the file."""
    if not isinstance(decorator, ast.Call) or not spelled(decorator.func).endswith("parametrize"):
        return 1
    arguments = [*decorator.args[1:2], *(k.value for k in decorator.keywords if k.arg == "argvalues")]
    return next((rows for argument in arguments if (rows := _different(argument, tree)) is not None), 1)


def _different(table: ast.expr, *places: ast.AST) -> int | None:
    """How many different items a table has that stands there, or under a name in one of the `places`."""
    for body in (getattr(place, "body", []) for place in places):
        named = {spelled(n.targets[0]): n.value for n in body if isinstance(n, ast.Assign)}
        table = named.get(spelled(table), table)
    return len(set(map(_dumped, table.elts))) if isinstance(table, ast.List | ast.Tuple | ast.Set) else None


def _is_exact(node: ast.AST) -> bool:
    """`==` with something else than True, False or None, and its like; not when something else would do as well."""
    if isinstance(node, ast.Assert):
        if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or):
            return False
        return any(
            isinstance(n, ast.Compare)
            and any(isinstance(op, ast.Eq) for op in n.ops)
            and not any(isinstance(c, ast.Constant) and isinstance(c.value, bool | None) for c in n.comparators)
            for n in walk(node.test)
        )
    name = getattr(getattr(node, "func", None), "attr", "") or getattr(getattr(node, "func", None), "id", "")
    return name == "raises" or name.startswith("assertRaises") or (name.startswith("assert") and name.endswith("Equal"))


def _is_assert(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    return name.startswith("assert") or name in {"raises", "warns", "fail"}


def _is_empty(node: ast.AST) -> bool:
    """`assert True`, `assertTrue(True)`, `assert x == x`, `assert ... or True`."""
    test = (
        node.test
        if isinstance(node, ast.Assert)
        else node.args[0]
        if isinstance(node, ast.Call) and node.args
        else None
    )
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            return _dumped(left) == _dumped(right)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(isinstance(v, ast.Constant) and bool(v.value) for v in values)
        case ast.Tuple(elts=elements):
            return bool(elements)
    return False


def _swallows(node: ast.Try) -> bool:
    """A handler that catches assertion errors and goes on."""
    wide = {"AssertionError", "Exception", "BaseException"}
    for handler in node.handlers:
        names = {getattr(n, "id", "") for n in walk(handler.type)} if handler.type else wide
        goes_on = not any(isinstance(n, ast.Raise) or _is_assert(n) for s in handler.body for n in walk(s))
        if names & wide and goes_on:
            return True
    return False


def _javascript(text: str) -> Iterator[tuple[str, Strength]]:
    """By text alone: from one test's title to the next."""
    for title, part in javascript_blocks(text)[1]:
        exact, every = len(_JS_EXACT.findall(part)), len(_JS_ASSERTS.findall(part))
        asserts = tuple(Assertion("", exact=number < exact) for number in range(max(exact, every)))
        yield title, Strength(asserts, len(_JS_SKIPS.findall(part)), swallowed=0)
