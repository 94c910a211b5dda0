"""Hooks of pytest that could change results and do not: those that its manual shows for marking and for reports, and
those that put tests in another order.

What a hook skips counts as skipped, what is expected to fail has to say so in its own file, and what a test raised is
known before any hook sees its report; so these make no result look better than it is.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from .spelled import spelled

_PLAIN = (
    *(ast.If, ast.For, ast.Return, ast.Continue, ast.Pass, ast.Assign, ast.Expr, ast.arguments, ast.arg, ast.keyword),
    *(ast.Name, ast.Attribute, ast.Constant, ast.Call, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.JoinedStr),
    *(ast.FormattedValue, ast.List, ast.Tuple, ast.Set, ast.expr_context, ast.cmpop, ast.boolop, ast.unaryop),
    *(ast.BinOp, ast.Add, ast.Yield, ast.Lambda, ast.Slice),
)
_CALLS = frozenset(
    {
        *("add_marker", "getoption", "getini", "get_closest_marker", "iter_markers", "skip", "skipif", "xfail"),
        *("startswith", "endswith", "lower", "any", "str", "get", "get_result", "print"),
        *("sort", "sorted", "reverse", "index", "len"),
    }
)
_REPORT = "rep_"
"""What the manual calls the attribute of a test under which its report is kept for fixtures."""


def is_harmless(hook: ast.FunctionDef) -> bool:
    """Whether the hook only looks, marks or orders tests or keeps their reports, and does something of that."""
    purpose = _PURPOSES.get(hook.name)
    body = [node for statement in hook.body for node in ast.walk(statement)]
    registered = all(spelled(mark).startswith("pytest.hookimpl") for mark in hook.decorator_list)
    return purpose is not None and registered and any(map(purpose, body)) and all(map(_changes_nothing, body))


def _changes_nothing(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return _orders(node) or all(isinstance(target, ast.Name) or _keeps_report(target) for target in node.targets)
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Load) or isinstance(node.slice, ast.Slice)
    if isinstance(node, ast.keyword) and node.arg == "key":
        return isinstance(node.value, ast.Lambda)
    if isinstance(node, ast.Attribute):
        return (isinstance(node.ctx, ast.Load) and not node.attr.startswith("_")) or _keeps_report(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _CALLS or getattr(node.func.value, "attr", "") == "mark"
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") in _CALLS or _keeps_report(node)
    return isinstance(node, _PLAIN)


def _marks(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "add_marker"


def _orders(node: ast.AST) -> bool:
    """`items.sort(...)`, `items.reverse()` or `items[:] = sorted(items, ...)`; tests that are lost are missed."""
    match node:
        case ast.Call(func=ast.Attribute(attr="sort" | "reverse", value=ast.Name())):
            return True
        case ast.Assign(
            targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Slice(lower=None, upper=None, step=None))],
            value=ast.Call(func=ast.Name(id="sorted"), args=[ast.Name(id=same)]),
        ):
            return name == same
    return False


def _keeps_report(node: ast.AST) -> bool:
    """`item.rep_call = report`, or `setattr(item, "rep_" + report.when, report)`."""
    if isinstance(node, ast.Attribute):
        return node.attr.startswith(_REPORT)
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr" and len(node.args) == 3:
        return spelled(node.args[1]).lstrip("f\"'").startswith(_REPORT)
    return False


_PURPOSES: Mapping[str, Callable[[ast.AST], bool]] = {
    "pytest_collection_modifyitems": lambda node: _marks(node) or _orders(node),
    "pytest_runtest_makereport": _keeps_report,
}
