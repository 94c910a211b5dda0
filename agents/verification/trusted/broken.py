"""Breaks code under test: every function body raises. Tests that pass all the same cannot fail."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_KEPT_NAMES = {"__del__", "__init_subclass__", "__set_name__", "__class_getitem__", "__getattr__", "_missing_"}
"""Python calls these by itself, partly at import: broken, they would hide what the tests do."""


def is_test(path: str) -> bool:
    """Whether pytest takes `path` for part of the tests rather than of the code under test."""
    *folders, name = path.replace("\\", "/").split("/")
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name in {"conftest.py", "setup.py", "noxfile.py"}
        or any(folder in {"tests", "test", "testing"} for folder in folders)
    )


def break_source(text: str, name: str, decorators: frozenset[str] = frozenset()) -> tuple[str, int]:
    """`text` with every body replaced by a call of the builtin `name`, and how many were replaced.

    `decorators` are names defined in the project: broken, they would raise at import, so they are taken off.
    Text that does not parse comes back as it was.
    """
    try:
        tree = ast.parse(text)
        breaker = _Breaker(name, decorators)
        tree = breaker.module(tree)
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n", breaker.count
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text, 0


def functions(texts: Iterable[str]) -> frozenset[str]:
    """Names of all functions and methods that are defined in `texts`."""
    names: set[str] = set()
    for text in texts:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        names.update(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(names)


class _Breaker(ast.NodeTransformer):
    def __init__(self, name: str, decorators: frozenset[str]) -> None:
        self.name = name
        self.decorators = decorators
        self.count = 0

    def module(self, tree: ast.Module) -> ast.Module:
        has_functions = any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) for n in ast.walk(tree))
        tree.body = [self._statement(node, script=not has_functions) for node in tree.body]
        return tree

    def _statement(self, node: ast.stmt, *, script: bool) -> ast.stmt:
        """A statement of the module: the `__main__` guard and what prints is broken, definitions from inside."""
        if isinstance(node, ast.If) and _is_main_guard(node.test):
            self.count += 1
            node.body = [self._raise()]
            return node
        if isinstance(node, ast.Expr | ast.For | ast.While | ast.With | ast.Try | ast.If) and _acts(node, script):
            self.count += 1
            return self._raise()
        result = self.visit(node)
        assert isinstance(result, ast.stmt)
        return result

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.count += 1
        node.body = self._call()
        return node

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        if node.name in _KEPT_NAMES or _is_stub(node):
            return node
        self.count += 1
        node.body = [self._raise()]
        node.decorator_list = [d for d in node.decorator_list if _root(d) not in self.decorators]
        return node

    def _call(self) -> ast.expr:
        return ast.parse(f"__import__('builtins').{self.name}()", mode="eval").body

    def _raise(self) -> ast.stmt:
        return ast.Expr(self._call())


def _root(decorator: ast.expr) -> str:
    """`name` of `@name`, `@name(...)`; empty for attributes, whose owner may be anything."""
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return node.id if isinstance(node, ast.Name) else ""


def _is_main_guard(test: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(test))


def _is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A body of `...`, `pass` or a docstring alone does nothing that could be broken."""
    return all(
        isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in node.body
    )


def _acts(node: ast.stmt, script: bool) -> bool:
    """Whether a statement of a module is part of what the program does when it is started."""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    if script:
        return bool(calls) and not isinstance(node, ast.Try)
    names = {n.func.id if isinstance(n.func, ast.Name) else getattr(n.func, "attr", "") for n in calls}
    return bool(names & {"print", "input", "write"})
