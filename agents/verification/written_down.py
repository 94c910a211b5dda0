"""Finds functions that know every answer the tests ask for by heart, and compute all others. Pure.

A table of special cases is honest, and so is one that is all there is; but where each question of the tests is in it,
no test says anything of what the function computes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from .aware import ODD
from .trusted.broken import is_test
from .walking import walk

WHAT = "has each answer that the tests ask for written down; test what it computes"
LEAST = 3
"""Questions with their answers, so that there is no talk of chance."""
_MOST = 1_000_000
"""Characters of all questions and answers; rows times assertions can be any number, and of too many nothing is said."""
_Pair = tuple[str, str]
"""Arguments and result as they are shown; equal values look the same."""


def written_down(trees: Mapping[str, ast.Module]) -> list[str]:
    """A sentence for each such function; none where code is too odd to be read. `trees`: path -> module."""
    try:
        return list(_found(trees))
    except ODD:
        return []


def _found(trees: Mapping[str, ast.Module]) -> Iterator[str]:
    asked: dict[str, set[_Pair | None]] = {}
    room = _MOST
    for name, pair in (one for path, tree in trees.items() if is_test(path) for one in _asked(tree)):
        asked.setdefault(name, set()).add(pair)
        room -= sum(map(len, pair)) if pair else 1
        if room < 0:
            return
    for path, tree in trees.items():
        for node in tree.body if not is_test(path) else []:
            if isinstance(node, ast.FunctionDef) and _knows(node, tree, asked.get(node.name, set())):
                yield f"{path}: {node.name}() {WHAT}"


def _asked(tree: ast.Module) -> Iterator[tuple[str, _Pair | None]]:
    """Function, and what a test says it gives; None where it is asked for anything else but an error."""
    for test in (node for node in walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
        rows = [row for mark in test.decorator_list for row in _rows(mark)] or [{}]
        refused = (node for node in ast.walk(test) if isinstance(node, ast.With) and _refuses(node.items[0]))
        read = {id(node) for block in refused for node in ast.walk(block)}
        for node in walk(test):
            match node:
                case ast.Assert(test=ast.Compare(left=ast.Call() as call, ops=[ast.Eq()], comparators=[expected])):
                    read.add(id(call))
                    yield from ((_name(call.func), _pair(call, expected, row)) for row in rows)
                case ast.Call() if id(node) not in read:
                    yield _name(node.func), None


def _refuses(item: ast.withitem) -> bool:
    """`pytest.raises(...)` or `self.assertRaises(...)`."""
    return any("aises" in _name(node) for node in ast.walk(item))


def _rows(mark: ast.expr) -> Iterator[dict[str, ast.expr]]:
    """Each row of a table of parameters, by their names."""
    match mark:
        case ast.Call(
            func=ast.Attribute(attr="parametrize"), args=[names, ast.List(elts=rows) | ast.Tuple(elts=rows), *_]
        ):
            words = _value(names)
            columns = words.replace(" ", "").split(",") if isinstance(words, str) else words
            if not isinstance(columns, list | tuple) or not all(isinstance(word, str) for word in columns):
                return
            for row in rows:
                cells = row.elts if isinstance(row, ast.Tuple | ast.List) and len(columns) > 1 else [row]
                yield dict(zip(columns, cells, strict=False))


def _pair(call: ast.Call, expected: ast.expr, row: Mapping[str, ast.expr]) -> _Pair | None:
    given = [_value(row.get(getattr(node, "id", ""), node)) for node in (*call.args, expected)]
    known = not call.keywords and all(value is not _UNKNOWN for value in given)
    return (repr(given[:-1]), repr(given[-1])) if known else None


def _knows(node: ast.FunctionDef, tree: ast.Module, asked: set[_Pair | None]) -> bool:
    telling = {pair for pair in asked if pair is None or pair[0] not in _TRIVIAL}
    if len(telling) < LEAST or None in telling:
        return False
    names = [argument.arg for argument in node.args.args]
    tables = {**_tables(tree), **_tables(node)}
    known: set[_Pair] = set()
    hanging = set(names)
    computes = False
    for statement in node.body:
        found = set(_known(statement, names, tables))
        rest = _left(statement) if found else [statement] if known else []
        computes = computes or any(_computes(part, hanging) for part in rest)
        known |= found
        hanging |= _changed(statement) if _uses(statement, hanging) else set()
    return telling <= known and computes


def _left(statement: ast.stmt) -> list[ast.stmt]:
    """What a statement that knows answers does where it does not: the second half of `TABLE.get(text, ...)`, and
    what a `match` does for all others."""
    match statement:
        case ast.Return(value=ast.Call(args=[_, other])):
            return [ast.Return(other)]
        case ast.Match(cases=cases):
            return [part for case in cases if not list(_literals(case.pattern)) for part in case.body]
    return []


def _known(statement: ast.stmt, names: list[str], tables: Mapping[str, ast.Dict]) -> Iterator[_Pair]:
    """Of `if text == "a": return "b"`, of its `elif`, and of tables: `if text in TABLE: return TABLE[text]`."""
    match statement:
        case ast.If(test=test, body=[ast.Return(value=ast.expr() as result)], orelse=more):
            match test, result:
                case ast.Compare(left=asked, ops=[ast.In()], comparators=[ast.Name(id=table)]), ast.Subscript():
                    yield from _cells(tables.get(table), asked, names)
                case _:
                    if (given := _given(test, names)) is not None and _value(result) is not _UNKNOWN:
                        yield repr(given), repr(_value(result))
            for other in more:
                yield from _known(other, names, tables)
        case ast.Return(value=ast.Call(func=ast.Attribute(attr="get", value=table), args=[asked, *_])):
            yield from _cells(table if isinstance(table, ast.Dict) else tables.get(_name(table)), asked, names)
        case ast.Match(subject=asked, cases=cases):
            for case in cases:
                match case:
                    case ast.match_case(pattern=pattern, guard=None, body=[ast.Return(value=ast.expr() as result)]):
                        for key in _literals(pattern):
                            yield from _row(asked, names, key, result)


def _cells(table: ast.expr | None, asked: ast.expr, names: list[str]) -> Iterator[_Pair]:
    if isinstance(table, ast.Dict):
        for key, value in zip(table.keys, table.values, strict=True):
            yield from _row(asked, names, key, value) if key else ()


def _row(asked: ast.expr, names: list[str], key: ast.expr, result: ast.expr) -> Iterator[_Pair]:
    """What a function is known to give when `asked`, all of its arguments, is `key`."""
    given = _filled(asked, key)
    if given.keys() == set(names):
        yield repr([given[name] for name in names]), repr(_value(result))


def _filled(asked: ast.expr, key: ast.expr) -> dict[str, Any]:
    """Names and their values: `(a, b)` is `(1, 2)`."""
    names = [getattr(part, "id", "") for part in _parts(asked, asked)]
    return dict(zip(names, map(_value, _parts(asked, key)), strict=False))


def _parts(asked: ast.expr, key: ast.expr) -> list[ast.expr]:
    """Of a key, what stands for each part of what is asked."""
    if isinstance(asked, ast.Tuple):
        return key.elts if isinstance(key, ast.Tuple) else []
    return [key]


def _literals(pattern: ast.pattern) -> Iterator[ast.expr]:
    """What a case is for: `1`, `1 | 2` and `(1, 2)`; nothing for one that is for more."""
    match pattern:
        case ast.MatchValue(value=value):
            yield value
        case ast.MatchOr(patterns=patterns):
            for one in patterns:
                yield from _literals(one)
        case ast.MatchSequence(patterns=patterns):
            elements = [part for one in patterns for part in _literals(one)]
            if len(elements) == len(patterns):
                yield ast.Tuple(elements)


def _given(test: ast.expr, names: list[str]) -> list[Any] | None:
    """The arguments that a condition demands one by one."""
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    given: dict[str, Any] = {}
    for part in parts:
        match part:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[value]):
                given |= _filled(left, value)
            case _:
                return None
    return [given[name] for name in names] if given.keys() == set(names) and _UNKNOWN not in given.values() else None


def _tables(node: ast.Module | ast.FunctionDef) -> dict[str, ast.Dict]:
    assigned = (part for part in node.body if isinstance(part, ast.Assign) and isinstance(part.value, ast.Dict))
    return {getattr(part.targets[0], "id", ""): part.value for part in assigned if isinstance(part.value, ast.Dict)}


def _computes(statement: ast.stmt, hanging: set[str]) -> bool:
    """Whether it returns something that hangs on an argument."""
    returned = (node.value for node in ast.walk(statement) if isinstance(node, ast.Return) and node.value)
    return any(_uses(value, hanging) for value in returned)


def _uses(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(part, ast.Name) and part.id in names for part in ast.walk(node))


def _changed(statement: ast.stmt) -> set[str]:
    """Names that are assigned, and those of objects with a method that is called: `parts.append(n)`."""
    names: set[str] = set()
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                names.add(name)
    return names


def _name(function: ast.AST) -> str:
    return getattr(function, "attr", "") or getattr(function, "id", "")


_UNKNOWN = object()
_NOTHINGS: tuple[Any, ...] = ("", 0, None, False, True, [], (), {})
_TRIVIAL = frozenset(repr([nothing]) for nothing in _NOTHINGS)


def _value(node: ast.expr) -> Any:
    """Of a literal that can be shown: whole numbers can be too long for that."""
    try:
        value = ast.literal_eval(node)
        repr(value)
    except ODD:
        return _UNKNOWN
    return value
