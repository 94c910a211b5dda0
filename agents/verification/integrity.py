"""Finds tests that were deleted or say less than in the best iteration so far. Pure: text in, findings out."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from .evidence import Weakening
from .source import is_test_file, parse, test_names
from .spelled import spelled

_ENOUGH = 1_000_000
"""Turns of a loop in a new test that cannot be read."""
_UNWRITABLE = (RecursionError, ValueError, MemoryError)
"""What comes of expressions that are too deep, and of numbers that are too long."""
_SKIPS = re.compile(r"\b(?:skip|skipif|skipIf|skipUnless|skipTest|xfail|expectedFailure|importorskip)\b")
_JS_SKIPS = re.compile(r"\b(?:it|test|describe)\.(?:skip|todo)\b|\bx(?:it|test|describe)\(|skip:\s*true")
_JS_ASSERTS = re.compile(r"\bassert(?:\.\w+)?\(|\bexpect\(")
_JS_EXACT = re.compile(
    r"\b(?:strictEqual|deepStrictEqual|equal|deepEqual|throws|rejects)\(|\.(?:toBe|toEqual|toThrow)\("
)
_JS_TESTS = re.compile(
    r"""(?<![\w.$/])(?:it|test)(?:\.(?:only|skip|todo))?\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])*+)\1(?=\s*[,)])"""
)
"""A title behind which something else stands than a comma is the beginning of a computed one."""


@dataclass(frozen=True)
class _Assertion:
    """One that can fail."""

    said: str
    """Empty where that is not known."""
    exact: bool
    """It allows one result only."""
    turns: int = 1
    """Of the loops it stands in, as far as they can be read."""


@dataclass(frozen=True)
class _Strength:
    """How much one test demands."""

    asserts: tuple[_Assertion, ...]
    skipped: int
    swallowed: int
    """Assertions inside a `try` whose handler does not raise."""
    rows: int = 1
    """Different rows of its tables; 1 when it has none, or none that can be read."""
    turns: int = 1
    """The same for loops that assert something."""
    read: bool = True
    """Whether all these loops can be read."""


def compare(
    before: Mapping[str, str], now: Mapping[str, str], passed: frozenset[str] = frozenset()
) -> tuple[Weakening, ...]:
    """What the tests of `before` lost in `now`. `passed` are ids that passed then: only these may not go.

    A test that moved to another file under the same name is not deleted.
    """
    old, new = _strengths(before), _strengths(now)
    moved = {name.partition("::")[2]: strength for name, strength in new.items()}
    added = [one for name, one in new.items() if name not in old and not one.skipped and not one.swallowed]
    findings: list[Weakening] = []
    for test, strength in old.items():
        current = new.get(test) or moved.get(test.partition("::")[2])
        if current is None:
            if not passed or any(name == test or name.startswith(f"{test}[") for name in passed):
                findings.append(Weakening(test, "was deleted"))
        else:
            rows = _kept(test, strength, passed)
            split = _stands(strength, rows, [current, *added])
            findings += [Weakening(test, what) for what in _lost(strength, current, rows, split=split)]
    return tuple(findings)


def _kept(test: str, strength: _Strength, passed: frozenset[str]) -> int:
    """How many rows of its tables must stay: those that passed, all when that is not known."""
    return min(strength.rows, max(1, sum(name.startswith(f"{test}[") for name in passed))) if passed else strength.rows


def _stands(old: _Strength, rows: int, places: Iterable[_Strength]) -> bool:
    """Whether all that it asserted stands in these tests, as many times; outside of loops, twice is once."""
    there, needed = Counter[str](), Counter[str]()
    for place in places:
        for one in place.asserts:
            there[one.said] += place.rows * one.turns if place.read else _ENOUGH
    for one in old.asserts:
        needed[one.said] += rows * one.turns if one.turns > 1 else max(0, rows - needed[one.said])
    return bool(needed) and "" not in needed and all(there[said] >= times for said, times in needed.items())


def _lost(old: _Strength, new: _Strength, rows: int, *, split: bool) -> Iterator[str]:
    """`split`: all that it asserted stands in it or in new tests."""
    if new.skipped > old.skipped:
        yield "is now skipped or expected to fail"
    if new.swallowed > old.swallowed:
        yield "now catches its own failed assertions"
    if split:
        return
    if not new.read:
        old, new, rows = _once(old), _once(new), 1
    before, now = _demanded(old.asserts, rows), _demanded(new.asserts, new.rows)
    exact = [_demanded([a for a in one.asserts if a.exact], n) for one, n in ((old, rows), (new, new.rows))]
    cases = rows * old.turns, new.rows * new.turns
    if now < before and cases[1] < cases[0] and len(new.asserts) <= len(old.asserts):
        yield f"has fewer cases: {cases[0]} rows that passed before, {cases[1]} now"
    elif now < before:
        yield f"checks less: {before} assertions before, {now} now"
    elif exact[1] < exact[0]:
        yield f"compares less exactly: {exact[0]} exact comparisons before, {exact[1]} now"


def _demanded(asserts: Iterable[_Assertion], rows: int) -> int:
    return rows * sum(one.turns for one in asserts)


def _once(strength: _Strength) -> _Strength:
    """Without rows and loops."""
    return replace(strength, rows=1, turns=1, asserts=tuple(replace(one, turns=1) for one in strength.asserts))


def _strengths(texts: Mapping[str, str]) -> dict[str, _Strength]:
    found: dict[str, _Strength] = {}
    for path, text in texts.items():
        name = path.rsplit("/", 1)[-1]
        if is_test_file(path) or name == "tests.py":
            found |= {f"{path}::{test}": strength for test, strength in _python(text)}
        elif re.search(r"(?:\.|-|_|/|^)(?:test|spec)s?(?:\.|/|-).*\.?(?:[cm]?[jt]sx?)$", path):
            found |= {f"{path}::{test}": strength for test, strength in _javascript(text)}
    return found


def _python(text: str) -> Iterator[tuple[str, _Strength]]:
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


def _measure(node: ast.AST, tree: ast.Module, decorators: list[ast.expr], *, skipped: bool) -> _Strength:
    nodes = list(ast.walk(node))
    swallowing = [n for n in nodes if isinstance(n, ast.Try) and _swallows(n)]
    texts = map(spelled, [*decorators, *(n.func for n in nodes if isinstance(n, ast.Call))])
    loops = {
        n: _different(n.iter, node, tree) for n in nodes if isinstance(n, ast.For) and any(map(_is_assert, _in(n)))
    }
    turns: dict[ast.AST, int] = {}
    for loop, rows in loops.items():
        turns |= {n: turns.get(n, 1) * (1 if rows is None else rows) for n in _in(loop)}
    return _Strength(
        asserts=tuple(
            _Assertion(spelled(n), _is_exact(n), turns.get(n, 1)) for n in nodes if _is_assert(n) and not _is_empty(n)
        ),
        skipped=int(skipped) + sum(bool(_SKIPS.search(text)) for text in texts),
        swallowed=sum(_is_assert(n) for outer in swallowing for n in _in(outer)),
        turns=sum(rows or 0 for rows in loops.values()) if loops and None not in loops.values() else 1,
        read=None not in loops.values(),
    )


def _in(outer: ast.For | ast.Try) -> Iterator[ast.AST]:
    """What stands in its body."""
    return (n for statement in outer.body for n in ast.walk(statement))


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
            for n in ast.walk(node.test)
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
        names = {getattr(n, "id", "") for n in ast.walk(handler.type)} if handler.type else wide
        goes_on = not any(isinstance(n, ast.Raise) or _is_assert(n) for s in handler.body for n in ast.walk(s))
        if names & wide and goes_on:
            return True
    return False


def _javascript(text: str) -> Iterator[tuple[str, _Strength]]:
    """By text alone: from one test's title to the next."""
    for title, part in javascript_blocks(text)[1]:
        exact, every = len(_JS_EXACT.findall(part)), len(_JS_ASSERTS.findall(part))
        asserts = tuple(_Assertion("", exact=number < exact) for number in range(max(exact, every)))
        yield title, _Strength(asserts, len(_JS_SKIPS.findall(part)), swallowed=0)


def javascript_blocks(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first test, and each test's title with the lines up to the next one."""
    starts = [(text.rfind("\n", 0, match.start()) + 1, match[2]) for match in _JS_TESTS.finditer(text)]
    if not starts:
        return text, []
    ends = [*(start for start, _ in starts[1:]), len(text)]
    blocks = [(title, text[start:end]) for (start, title), end in zip(starts, ends, strict=True)]
    return text[: starts[0][0]], blocks


def javascript_titles(texts: Mapping[str, str]) -> frozenset[str]:
    """`path::title` of each test with a fixed title."""
    found = ((path, match[2]) for path, text in texts.items() for match in _JS_TESTS.finditer(text))
    return frozenset(f"{path}::{title}" for path, title in found if "${" not in title and "\\" not in title)
