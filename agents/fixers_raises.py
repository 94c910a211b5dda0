"""`assert f(x) == pytest.raises(E)`, which small models write and which never holds, becomes what it means."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from agents.plan import is_test
from agents.python_names import parsed

Files = Mapping[str, str]


def expect_raises(delivered: Files, staged: Files) -> Files:  # noqa: ARG001  (the form of a fixer)
    """Turn each such comparison in a test, alone on its line, into a `with` block."""
    return {path: _mended(path, content) if is_test(path) else content for path, content in delivered.items()}


def _mended(path: str, content: str) -> str:
    tree = parsed(path, content)
    if tree is None:
        return content
    lines = content.split("\n")
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Assert | ast.Expr)]
    for node in sorted(found, key=lambda node: node.lineno, reverse=True):
        line = lines[node.lineno - 1]
        indent = line[: node.col_offset]
        alone = indent.isspace() and node.end_lineno == node.lineno and node.end_col_offset == len(line.encode())
        if alone and (parts := _expected(node)):
            call, raises = (ast.get_source_segment(content, part) for part in parts)
            lines[node.lineno - 1 : node.lineno] = [f"{indent}with {raises}:", f"{indent}    {call}"]
    return "\n".join(lines)


def _expected(node: ast.Assert | ast.Expr) -> tuple[ast.Call, ast.Call] | None:
    """The call and the `raises(...)` that it is compared with."""
    match node.test if isinstance(node, ast.Assert) else node.value:
        case ast.Compare(left=ast.Call() as left, ops=[ast.Eq() | ast.Is()], comparators=[ast.Call() as right]):
            if _is_raises(right) and not _is_raises(left):
                return left, right
            if _is_raises(left) and not _is_raises(right):
                return right, left
    return None


def _is_raises(call: ast.Call) -> bool:
    """`pytest.raises(E)` or `raises(E)`, without anything to call."""
    name = ast.unparse(call.func)
    return name in ("pytest.raises", "raises") and len(call.args) == 1
