"""Programs as files without their tests, and which of them are the same but for their looks."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from agents.plan import is_test
from agents.verification.examples import CALLABLE

Files = Mapping[str, str]


def program_of(files: Files) -> dict[str, str]:
    """What is no test."""
    return {path: text for path, text in files.items() if not is_test(path)}


def tests_of(files: Files) -> dict[str, str]:
    return {path: text for path, text in files.items() if is_test(path)}


def kind(files: Files) -> str:
    """Equal for programs that differ in layout, comments, docstrings and annotations at most: it is one opinion."""
    code = {path: text for path, text in program_of(files).items() if path.endswith(CALLABLE)}
    return repr(sorted((path, _plain(path, text)) for path, text in code.items()))


def _plain(path: str, text: str) -> str:
    if not path.endswith(".py"):
        lines = (line.strip() for line in text.split("\n"))
        return "\n".join(line for line in lines if line and not line.startswith(("//", "/*", "*")))
    try:
        return ast.dump(_Bare().visit(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text


class _Bare(ast.NodeTransformer):
    """Takes docstrings and annotations away."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)
