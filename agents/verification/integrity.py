"""Finds tests that were deleted or say less than in the best iteration so far. Pure: text in, findings out."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from .evidence import Weakening
from .source import is_test_file, parse, test_names

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
class _Strength:
    """How much one test demands."""

    asserts: int
    empty: int
    """Assertions that always hold."""
    skipped: int
    swallowed: int
    """Assertions inside a `try` whose handler does not raise."""
    exact: int
    """Assertions that allow one result only."""
    rows: int = 1
    """Different rows of its tables; 1 when it has none, or none that can be read."""
    turns: int | None = 1
    """The same for loops that assert something; None when one cannot be read."""
    said: frozenset[str] = frozenset()
    """Its assertions."""


def compare(
    before: Mapping[str, str], now: Mapping[str, str], passed: frozenset[str] = frozenset()
) -> tuple[Weakening, ...]:
    """What the tests of `before` lost in `now`. `passed` are ids that passed then: only these may not go.

    A test that moved to another file under the same name is not deleted.
    """
    old, new = _strengths(before), _strengths(now)
    moved = {name.partition("::")[2]: strength for name, strength in new.items()}
    elsewhere = {said for name, strength in new.items() if name not in old for said in strength.said}
    findings: list[Weakening] = []
    for test, strength in old.items():
        current = new.get(test) or moved.get(test.partition("::")[2])
        if current is None:
            if not passed or any(name == test or name.startswith(f"{test}[") for name in passed):
                findings.append(Weakening(test, "was deleted"))
        else:
            rows = _kept(test, strength, passed)
            split = bool(strength.said) and strength.said <= current.said | elsewhere
            findings += [Weakening(test, what) for what in _lost(strength, current, rows, split=split)]
    return tuple(findings)


def _kept(test: str, strength: _Strength, passed: frozenset[str]) -> int:
    """How many rows of its tables must stay: those that passed, all when that is not known."""
    return min(strength.rows, max(1, sum(name.startswith(f"{test}[") for name in passed))) if passed else strength.rows


def _lost(old: _Strength, new: _Strength, rows: int, *, split: bool) -> Iterator[str]:
    """`split`: all that it asserted stands in it or in new tests."""
    before = rows * (1 if old.turns is None else old.turns)
    now = before if new.turns is None else new.rows * new.turns
    if new.skipped > old.skipped:
        yield "is now skipped or expected to fail"
    if now < before and new.asserts * now < old.asserts * before:
        yield f"has fewer cases: {before} rows that passed before, {now} now"
    elif (new.asserts - new.empty) * now < (old.asserts - old.empty) * before and not split:
        yield f"checks less: {old.asserts - old.empty} assertions before, {new.asserts - new.empty} now"
    elif new.exact * now < old.exact * before and not split:
        yield f"compares less exactly: {old.exact} exact comparisons before, {new.exact} now"
    if new.swallowed > old.swallowed:
        yield "now catches its own failed assertions"


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
                      and _SKIPS.search(ast.unparse(n)) for n in tree.body)  # fmt: skip
    for name in test_names(tree):
        node, decorators = _find(tree, name.split("::"))
        if node is not None:
            strength = _measure(node, decorators, skipped=module_skip)
            rows = prod(_rows(decorator, tree) for decorator in decorators)
            yield name, replace(strength, rows=rows, turns=_turns(node, tree))


def _find(tree: ast.Module, parts: list[str]) -> tuple[ast.AST | None, list[ast.expr]]:
    node: ast.AST | None = tree
    decorators: list[ast.expr] = []
    for part in parts:
        body = getattr(node, "body", [])
        node = next((n for n in reversed(body) if getattr(n, "name", None) == part), None)
        decorators += getattr(node, "decorator_list", [])
    return node, decorators


def _measure(node: ast.AST, decorators: list[ast.expr], *, skipped: bool) -> _Strength:
    nodes = list(ast.walk(node))
    asserts = [n for n in nodes if _is_assert(n)]
    swallowing = [n for n in nodes if isinstance(n, ast.Try) and _swallows(n)]
    calls = [ast.unparse(n.func) for n in nodes if isinstance(n, ast.Call)]
    return _Strength(
        asserts=len(asserts),
        empty=sum(_is_empty(n) for n in asserts),
        skipped=int(skipped) + sum(bool(_SKIPS.search(text)) for text in [*map(ast.unparse, decorators), *calls]),
        swallowed=sum(_is_assert(n) for outer in swallowing for stmt in outer.body for n in ast.walk(stmt)),
        exact=sum(_is_exact(n) and not _is_empty(n) for n in asserts),
        said=frozenset(ast.unparse(n) for n in asserts if not _is_empty(n)),
    )


def _rows(decorator: ast.expr, tree: ast.Module) -> int:
    """Of a table that stands in the file."""
    if not isinstance(decorator, ast.Call) or not ast.unparse(decorator.func).endswith("parametrize"):
        return 1
    arguments = [*decorator.args[1:2], *(k.value for k in decorator.keywords if k.arg == "argvalues")]
    return next((rows for argument in arguments if (rows := _different(argument, tree)) is not None), 1)


def _turns(node: ast.AST, tree: ast.Module) -> int | None:
    loops = [n for n in ast.walk(node) if isinstance(n, ast.For) and any(_is_assert(inner) for inner in ast.walk(n))]
    found = [rows for loop in loops if (rows := _different(loop.iter, node, tree)) is not None]
    return (sum(found) if loops else 1) if len(found) == len(loops) else None


def _different(table: ast.expr, *places: ast.AST) -> int | None:
    """How many different items a table has that stands there, or under a name in one of the `places`."""
    for body in (getattr(place, "body", []) for place in places):
        named = {ast.unparse(n.targets[0]): n.value for n in body if isinstance(n, ast.Assign)}
        table = named.get(ast.unparse(table), table)
    return len(set(map(ast.dump, table.elts))) if isinstance(table, ast.List | ast.Tuple | ast.Set) else None


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
            return ast.dump(left) == ast.dump(right)
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
    count: Callable[[re.Pattern[str], str], int] = lambda pattern, part: len(pattern.findall(part))  # noqa: E731
    for title, part in javascript_blocks(text)[1]:
        yield title, _Strength(count(_JS_ASSERTS, part), 0, count(_JS_SKIPS, part), 0, count(_JS_EXACT, part))


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
