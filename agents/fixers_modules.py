"""A test that imports a module and calls it means the function of the same name: `import slugify; slugify("a")`."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from agents.plan import is_test
from agents.python_names import parsed, project_modules

Files = Mapping[str, str]


def import_functions(delivered: Files, staged: Files) -> Files:
    """`from NAME import NAME` in tests that call the module NAME, which defines such a function, and use it for nothing
    else."""
    sources = project_modules({**staged, **delivered})
    eponymous = {module for module, names in sources.items() if module in names}
    return {
        path: _with_functions(path, content, eponymous) if is_test(path) and path.endswith(".py") else content
        for path, content in delivered.items()
    }


def _with_functions(path: str, content: str, modules: set[str]) -> str:
    tree = parsed(path, content)
    if tree is None:
        return content
    called = modules & (_names(tree, called=True) - _names(tree, called=False))
    lines = content.split("\n")
    for node in tree.body:
        match node:
            case ast.Import(names=[ast.alias(name=name, asname=None)]) if name in called and _fills(node, lines):
                lines[node.lineno - 1] = f"from {name} import {name}"
    return "\n".join(lines)


def _names(tree: ast.Module, *, called: bool) -> set[str]:
    """Names that are called, or that are used in any other way."""
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and (id(node) in functions) == called}


def _fills(node: ast.stmt, lines: list[str]) -> bool:
    """Whether nothing else stands in its line."""
    return lines[node.lineno - 1].partition("#")[0].strip() == ast.unparse(node)
