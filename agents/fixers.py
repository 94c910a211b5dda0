"""Mends what needs no model: each fixer is a pure function of the delivered files and what stands in staging.

Small models often get the code right and forget an import in the test; a model call for that costs half a minute.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from pathlib import PurePosixPath

from agents.fixers_node import fix_javascript
from agents.plan import is_test
from agents.signatures import defined_names

Files = Mapping[str, str]

_STANDARD = frozenset({
    "argparse", "collections", "contextlib", "csv", "datetime", "functools", "io", "itertools", "json", "logging",
    "math", "os", "pathlib", "pytest", "random", "re", "shutil", "string", "subprocess", "sys", "tempfile",
    "time", "unittest",
})  # fmt: skip
_STANDARD_NAMES = {"Path": "pathlib", "patch": "unittest.mock", "Counter": "collections", "StringIO": "io"}


def fix(delivered: Files, staged: Files) -> Files:
    """The delivered files after all fixers, with files that they add."""
    for fixer in (unify_line_ends, add_imports, drop_unknown_imports, add_package_markers, fix_javascript):
        delivered = fixer(delivered, staged)
    return delivered


def unify_line_ends(delivered: Files, staged: Files) -> Files:  # noqa: ARG001  (the form of a fixer)
    """LF, no byte order mark, and a line end at the end."""
    return {path: _with_line_ends(content) for path, content in delivered.items()}


def _with_line_ends(content: str) -> str:
    plain = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return plain if not plain or plain.endswith("\n") else f"{plain}\n"


def add_imports(delivered: Files, staged: Files) -> Files:
    """Import a name that a Python file uses and binds nowhere, when there is one place only that it can come from."""
    sources = _modules({**staged, **delivered})
    return {path: _with_imports(path, content, sources) for path, content in delivered.items()}


def _with_imports(path: str, content: str, sources: Mapping[str, frozenset[str]]) -> str:
    tree = _parsed(path, content)
    if tree is None:
        return content
    lines: list[str] = []
    for name in sorted(_unbound(tree)):
        homes = [module for module, names in sources.items() if name in names] if is_test(path) else []
        if len(homes) == 1:
            lines.append(f"from {homes[0]} import {name}")
        elif name in _STANDARD or (name in sources and is_test(path) and not homes):
            lines.append(f"import {name}")
        elif name in _STANDARD_NAMES:
            lines.append(f"from {_STANDARD_NAMES[name]} import {name}")
    return _inserted(content, tree, lines)


def _unbound(tree: ast.Module) -> set[str]:
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


def _inserted(content: str, tree: ast.Module, new: list[str]) -> str:
    """`content` with the lines behind its last import at the top, or behind its docstring."""
    if not new:
        return content
    line = 0
    for node in tree.body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and line == 0
        if not (is_docstring or isinstance(node, ast.Import | ast.ImportFrom)):
            break
        line = node.end_lineno or line
    lines = content.split("\n")
    blank = [] if line or not lines[0].strip() else ["", ""]
    return "\n".join([*lines[:line], *new, *blank, *lines[line:]])


def drop_unknown_imports(delivered: Files, staged: Files) -> Files:
    """Take out of `from module import a, b` in a test what the module does not define and the test does not use."""
    sources = _modules({**staged, **delivered})
    return {
        path: _without_unknown(path, content, sources) if is_test(path) else content
        for path, content in delivered.items()
    }


def _without_unknown(path: str, content: str, sources: Mapping[str, frozenset[str]]) -> str:
    tree = _parsed(path, content)
    if tree is None:
        return content
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    lines = content.split("\n")
    for node in reversed(tree.body):
        if not isinstance(node, ast.ImportFrom) or not node.module or node.module not in sources:
            continue
        known = sources[node.module]
        kept = [
            alias
            for alias in node.names
            if alias.name in known or (alias.asname or alias.name) in used or alias.name == "*"
        ]
        if len(kept) < len(node.names):
            new = [ast.unparse(ast.ImportFrom(node.module, kept, node.level))] if kept else []
            lines[node.lineno - 1 : node.end_lineno] = new
    return "\n".join(lines)


def add_package_markers(delivered: Files, staged: Files) -> Files:
    """Add `__init__.py` to each folder that a test imports as a package, also under `src`."""
    files = {**staged, **delivered}
    folders = {str(PurePosixPath(path).parent) for path in files if path.endswith(".py") and "/" in path}
    added: dict[str, str] = {}
    for path, content in delivered.items():
        tree = _parsed(path, content) if is_test(path) else None
        for module in _imported(tree) if tree else ():
            name = module.partition(".")[0]
            for folder in (name, f"src/{name}"):
                if folder in folders and f"{folder}/__init__.py" not in files:
                    added[f"{folder}/__init__.py"] = ""
    return {**delivered, **added}


def _imported(tree: ast.Module) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module)
    return modules


def _modules(files: Files) -> dict[str, frozenset[str]]:
    """Import name -> what it defines, for the project's Python files that are no tests; `src` is on the path."""
    modules: dict[str, frozenset[str]] = {}
    for path, content in files.items():
        if path.endswith(".py") and not is_test(path) and PurePosixPath(path).name not in ("conftest.py", "setup.py"):
            name = path.removesuffix(".py").removeprefix("src/").removesuffix("/__init__").replace("/", ".")
            if all(part.isidentifier() for part in name.split(".")):
                modules[name] = defined_names(content)
    return modules


def _parsed(path: str, content: str) -> ast.Module | None:
    try:
        return ast.parse(content) if path.endswith(".py") else None
    except (SyntaxError, ValueError, RecursionError):
        return None
