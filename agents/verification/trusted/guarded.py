"""Rewrites tests so that each can be told to fail where it would not be heard, if there is such a place in it."""

from __future__ import annotations

import ast
from typing import TypeGuard


def guard_tests(text: str, name: str) -> str:
    """`text` with every test beginning with an assertion that fails when the builtin `name` says so.

    A block of its that asserts and lets no failure out begins with it instead, since that is what has to be heard.
    """
    try:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_test_function(node):
                body = next((part.body for part in node.body if _swallows(part)), node.body)
                body[:0] = ast.parse(f"assert not {name}('fail')").body
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text


def _is_test_function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return node.name.startswith("test") and not any("fixture" in ast.dump(d) for d in node.decorator_list)


_ALL = {"BaseException"}
_WIDE = {"AssertionError", "Exception"}
"""What `pytest.fail` and `pytest.raises` raise is neither of them."""
_RAISES = {"raises", "assertRaises", "assertRaisesRegex"}


def _swallows(node: ast.stmt) -> TypeGuard[ast.Try | ast.With]:
    """Whether a block with assertions catches those that fail, and neither raises nor asserts then."""
    if isinstance(node, ast.Try):
        caught = [_names(h.type) if h.type else _ALL for h in node.handlers if not _speaks(h.body)]
        return _unheard(node.body, caught) and not _speaks([*node.orelse, *node.finalbody])
    if isinstance(node, ast.With):
        calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        caught = [_names(call) for call in calls if "suppress" in _names(call.func)]
        return _unheard(node.body, caught) or _is_welcome(node.body, calls)
    return False


def _unheard(body: list[ast.stmt], caught: list[set[str]]) -> bool:
    """Whether all that the body can say is caught."""
    if any(names & _ALL for names in caught):
        return _speaks(body)
    return any(names & _WIDE for names in caught) and _speaks(body) and not _speaks_to_pytest(body)


def _is_welcome(body: list[ast.stmt], calls: list[ast.Call]) -> bool:
    """Whether the block has to fail, and with an assertion of its own it does: `pytest.raises(Exception)`."""
    asked = any(_names(call.func) & _RAISES and _names(call) & (_ALL | _WIDE) for call in calls)
    return asked and any(_asserts(node) for statement in body for node in ast.walk(statement))


def _asserts(node: ast.AST) -> bool:
    """`assert`, or a method of unittest; others of such a name are the code under test."""
    match node:
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
            return name.startswith("assert") and name not in _RAISES
    return isinstance(node, ast.Assert)


def _names(node: ast.AST) -> set[str]:
    return {
        n.id if isinstance(n, ast.Name) else n.attr for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute)
    }


def _speaks(body: list[ast.stmt]) -> bool:
    """Whether it raises or asserts anything."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    return any(isinstance(n, ast.Assert | ast.Raise) for n in nodes) or any(
        name.startswith("assert") or name in {"fail", "raises"} for call in _calls(body) for name in _names(call.func)
    )


def _speaks_to_pytest(body: list[ast.stmt]) -> bool:
    """Whether it calls `pytest.fail` or `pytest.raises`."""
    called = [_names(call.func) for call in _calls(body)]
    return any(names & {"fail", "raises"} and not names & {"self", "cls"} for names in called)


def _calls(body: list[ast.stmt]) -> list[ast.Call]:
    return [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)]
