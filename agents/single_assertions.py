"""Splits tests that only list assertions into tests with one each.

Small models write one test with twenty assertions, one of them wrong. Apart, nineteen hold, and the report shows each
that does not instead of the first.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from agents.plan import is_test

_MOST = 30
"""Assertions of one test; longer lists stay together."""


def split_assertions(files: Mapping[str, str]) -> dict[str, str]:
    """The files, with the Python tests among them split where that changes nothing of what they check."""
    return {path: _split(text) if path.endswith(".py") and is_test(path) else text for path, text in files.items()}


def _split(text: str) -> str:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return text
    taken = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    lines = text.split("\n")
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef) and (parts := _assertions(node, text)):
            names = [f"{node.name}_{number}" for number in range(1, len(parts) + 1)]
            if not taken.intersection(names):
                tests = [f"def {name}():\n    {part}" for name, part in zip(names, parts, strict=True)]
                lines[node.lineno - 1 : node.end_lineno] = "\n\n\n".join(tests).split("\n")
    return "\n".join(lines)


def _assertions(node: ast.FunctionDef, text: str) -> list[str]:
    """The lines of each assertion; empty unless the test consists of them and they do not depend on each other."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    arguments = node.args.args or node.args.kwonlyargs or node.args.vararg or node.args.kwarg
    if arguments or node.decorator_list or not node.name.startswith("test") or not 2 <= len(body) <= _MOST:
        return []
    parts = [_source(statement, text) for statement in body]
    return parts if all(parts) else []


def _source(statement: ast.stmt, text: str) -> str:
    """An assertion in one line, or a call in a `with pytest.raises(...)` block; empty for all else."""
    if any(isinstance(node, ast.NamedExpr) for node in ast.walk(statement)):
        return ""
    match statement:
        case ast.Assert():
            source = ast.get_source_segment(text, statement) or ""
            return "" if "\n" in source else source
        case ast.With(items=[ast.withitem(ast.Call(func=raises), None)], body=[ast.Expr(ast.Call() as call)]):
            items = ast.get_source_segment(text, statement.items[0].context_expr)
            plain = ast.unparse(raises) in ("pytest.raises", "raises")
            return f"with {items}:\n        {ast.get_source_segment(text, call)}" if plain else ""
    return ""
