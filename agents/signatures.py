"""The outside of a source file: what another file may use of it, without its bodies."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_SMALL = 40
"""Lines up to which a file that is not Python is shown whole."""


def signatures(path: str, content: str) -> str:
    """Definitions of a Python file; of any other file the beginning, or all of it when it is small."""
    if path.endswith(".py"):
        try:
            return "\n".join(_definitions(ast.parse(content).body, ""))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    lines = content.splitlines()
    return "\n".join(lines if len(lines) <= _SMALL else [*lines[:_SMALL], f"[{len(lines) - _SMALL} more lines]"])


def defined_names(content: str) -> frozenset[str]:
    """Names that a Python module binds at its top level and that others may import; empty when it does not parse."""
    try:
        body = ast.parse(content).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
    return frozenset(names)


def _definitions(body: list[ast.stmt], indent: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in node.bases)
            yield f"{indent}class {node.name}{f'({bases})' if bases else ''}:"
            yield from _definitions(node.body, indent + "    ")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            yield f"{indent}{start} {node.name}({ast.unparse(node.args)}){returns}"
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not indent:
            yield ast.unparse(node).split("\n")[0][:120]
