"""Whether a hook of conftest.py does no more than mark tests, as pytest's manual shows it for slow ones.

What is skipped that way counts as skipped, and what is expected to fail has to say so in its own file; so such a hook
makes no result look better than it is.
"""

from __future__ import annotations

import ast

MARKING_HOOK = "pytest_collection_modifyitems"
_PLAIN = (
    *(ast.If, ast.For, ast.Return, ast.Continue, ast.Pass, ast.Assign, ast.Expr, ast.arguments, ast.arg, ast.keyword),
    *(ast.Name, ast.Attribute, ast.Constant, ast.Call, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.JoinedStr),
    *(ast.FormattedValue, ast.List, ast.Tuple, ast.Set, ast.expr_context, ast.cmpop, ast.boolop, ast.unaryop),
)
_CALLS = frozenset(
    {
        *("add_marker", "getoption", "getini", "get_closest_marker", "iter_markers", "skip", "skipif", "xfail"),
        *("startswith", "endswith", "lower", "any", "str", "get"),
    }
)


def only_marks(hook: ast.FunctionDef) -> bool:
    """Whether it looks at tests and options, calls `add_marker`, and changes nothing else."""
    body = [node for statement in hook.body for node in ast.walk(statement)]
    marks = any(isinstance(node, ast.Attribute) and node.attr == "add_marker" for node in body)
    return hook.name == MARKING_HOOK and marks and not hook.decorator_list and all(map(_is_harmless, body))


def _is_harmless(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Name) for target in node.targets)
    if isinstance(node, ast.Attribute):
        return isinstance(node.ctx, ast.Load) and not node.attr.startswith("_")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in _CALLS or getattr(node.func.value, "attr", "") == "mark"
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") in _CALLS
    return isinstance(node, _PLAIN)
