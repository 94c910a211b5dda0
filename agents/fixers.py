"""Mends what needs no model: each fixer is a pure function of the delivered files and what stands in staging.

Small models often get the code right and forget an import in the test; a model call for that costs half a minute.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import PurePosixPath

from agents.fixers_exceptions import define_exceptions
from agents.fixers_modules import import_functions
from agents.fixers_node import fix_javascript
from agents.fixers_raises import expect_raises
from agents.plan import is_test
from agents.python_names import inserted, parsed, project_modules, unbound
from agents.standard_names import import_line

Files = Mapping[str, str]


def fix(delivered: Files, staged: Files, requirements: str | None = None) -> Files:
    """The delivered files after all fixers, with files that they add.

    Without `requirements` no class is defined: while files are still missing, it may stand in one of these.
    """
    for fixer in (unify_line_ends, expect_raises, import_functions, add_imports):
        delivered = fixer(delivered, staged)
    if requirements is not None:
        delivered = define_exceptions(delivered, staged, requirements)
    for fixer in (add_imports, drop_unknown_imports, add_package_markers, fix_javascript):
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
    files = {**staged, **delivered}
    sources = project_modules(files)
    return {
        path: _with_imports(path, content, _importable(path, files, sources)) for path, content in delivered.items()
    }


def _importable(path: str, files: Files, sources: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """A test may import every module; a program at the root those beside it that do not import it themselves."""
    if is_test(path):
        return sources
    beside = {module: parsed(file, files[file]) for module in sources if (file := f"{module}.py") in files}
    own = path.removesuffix(".py")
    free = {module for module, tree in beside.items() if tree is not None and own not in _imported(tree)}
    return {module: sources[module] for module in free - {own}} if "/" not in path else {}


def _with_imports(path: str, content: str, sources: Mapping[str, frozenset[str]]) -> str:
    tree = parsed(path, content)
    if tree is None:
        return content
    lines: list[str] = []
    for name in sorted(unbound(tree)):
        homes = [module for module, names in sources.items() if name in names]
        if len(homes) == 1:
            lines.append(f"from {homes[0]} import {name}")
        elif name in sources and not homes:
            lines.append(f"import {name}")
        elif not homes and (line := import_line(name, tree)):
            lines.append(line)
    return inserted(content, tree, lines)


def drop_unknown_imports(delivered: Files, staged: Files) -> Files:
    """Take out of `from module import a, b` in a test what the module does not define and the test does not use."""
    sources = project_modules({**staged, **delivered})
    return {
        path: _without_unknown(path, content, sources) if is_test(path) else content
        for path, content in delivered.items()
    }


def _without_unknown(path: str, content: str, sources: Mapping[str, frozenset[str]]) -> str:
    tree = parsed(path, content)
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
        alone = sum(node.lineno <= other.lineno <= (node.end_lineno or 0) for other in tree.body) == 1
        if len(kept) < len(node.names) and alone:
            new = [ast.unparse(ast.ImportFrom(node.module, kept, node.level))] if kept else []
            lines[node.lineno - 1 : node.end_lineno] = new
    return "\n".join(lines)


def add_package_markers(delivered: Files, staged: Files) -> Files:
    """Add `__init__.py` to each folder that a test imports as a package, also under `src`."""
    files = {**staged, **delivered}
    folders = {str(PurePosixPath(path).parent) for path in files if path.endswith(".py") and "/" in path}
    added: dict[str, str] = {}
    for path, content in delivered.items():
        tree = parsed(path, content) if is_test(path) else None
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
