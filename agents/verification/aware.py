"""Finds code that asks whether it is being tested: what the tests show of it may not be what users get. Pure.

A program that only starts itself when no test has loaded it (`if "pytest" not in sys.modules: main()`) is none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

_VARIABLES = frozenset({"PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_WORKER"})
_RUNNERS = frozenset({"pytest", "_pytest", "unittest"})
_ASKED = re.compile(r"\bsys\.(?:modules|argv)\b|\bargv\[0\]")
_NODE = re.compile(r"\bNODE_TEST_CONTEXT\b|\bexecArgv\b.*--test\b")
_COMMENT = re.compile(r"^\s*(?://|/?\*)")
_STARTS = re.compile(r"^if \(")
WHAT = "asks whether it is being tested, so that tests may see something else than users"


def asks_in_python(tree: ast.Module) -> bool:
    """Whether a module of code under test does."""
    starts = {id(inner) for node in tree.body if _only_starts(node) for inner in ast.walk(node)}
    return any(id(node) not in starts and _asks(node) for node in ast.walk(tree))


def _only_starts(node: ast.stmt) -> bool:
    """A condition of the module behind which functions are called and nothing else."""
    body = [*node.body, *node.orelse] if isinstance(node, ast.If) else []
    return bool(body) and all(isinstance(part, ast.Expr) and isinstance(part.value, ast.Call) for part in body)


def _asks(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=str(value)):
            return value in _VARIABLES
        case ast.Compare(left=ast.Constant(value=str(value)), ops=[ast.In() | ast.NotIn()], comparators=[where]):
            return value in _RUNNERS and bool(_ASKED.search(ast.unparse(where)))
        case ast.Call(func=ast.Attribute(attr="get", value=where), args=[ast.Constant(value=str(value)), *_]):
            return value in _RUNNERS and ast.unparse(where) == "sys.modules"
    return False


def asking_in_javascript(code: Mapping[str, str]) -> Iterator[str]:
    """A flag for each file of code under test that does."""
    for path, text in sorted(code.items()):
        rows = (row for row in text.splitlines() if _NODE.search(row))
        if any(not (_COMMENT.match(row) or _STARTS.match(row)) for row in rows):
            yield f"{path}: {WHAT}"
