"""What names a Python file reads and binds, and what the modules of a project define."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import PurePosixPath

from agents.plan import is_test
from agents.signatures import defined_names


def parsed(path: str, content: str) -> ast.Module | None:
    try:
        return ast.parse(content) if path.endswith(".py") else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def unbound(tree: ast.Module) -> set[str]:
    """Names that are read but neither built in nor bound anywhere in the file, in whatever scope."""
    read: set[str] = set()
    bound = set(dir(builtins)) | {"__file__", "__name__"}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                if name == "*":
                    return set()
                bound.add(other or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                bound.update(names)
            case _:
                pass
    return read - bound


def inserted(content: str, tree: ast.Module, new: list[str]) -> str:
    """`content` with the lines behind its last import at the top, or behind its docstring or first comments."""
    if not new:
        return content
    line, lines = 0, content.split("\n")
    while lines[line].startswith(("#!", "# -*-", "# coding")):
        line += 1
    for node, following in zip_longest(tree.body, tree.body[1:]):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node is tree.body[0]
        shares_line = following is not None and following.lineno == node.end_lineno
        if shares_line or not (is_docstring or isinstance(node, ast.Import | ast.ImportFrom)):
            break
        line = node.end_lineno or line
    blank = [] if line or not lines[0].strip() else ["", ""]
    return "\n".join([*lines[:line], *new, *blank, *lines[line:]])


def project_modules(files: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Import name -> what it defines, for the project's Python files that are no tests; `src` is on the path."""
    modules: dict[str, frozenset[str]] = {}
    for path, content in files.items():
        if path.endswith(".py") and not is_test(path) and PurePosixPath(path).name not in ("conftest.py", "setup.py"):
            name = path.removesuffix(".py").removeprefix("src/").removesuffix("/__init__").replace("/", ".")
            if all(part.isidentifier() for part in name.split(".")):
                modules[name] = defined_names(content)
    return modules
