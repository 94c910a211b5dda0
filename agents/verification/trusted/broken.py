"""Rewrites code under test so that every function first asks `breaking` what to do instead of its work."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_KEPT_NAMES = {
    "__del__", "__init_subclass__", "__set_name__", "__class_getitem__", "__getattr__", "_missing_",
    "_generate_next_value_",
}  # fmt: skip
"""Python calls these by itself, partly at import: broken, they would hide what the tests do."""

_MUST_RETURN = {
    "nothing": "init post_init setattr delattr setitem delitem exit aexit set delete",
    "text": "str repr format fspath",
    "number": "len hash int index length_hint",
    "fraction": "float",
    "truth": "bool",
    "iterator": "iter reversed",
    "end": "next",
    "end of all": "anext",
    "thing": "eq ne lt le gt ge contains getitem call add sub mul truediv floordiv mod pow matmul divmod and or xor "
    "neg pos abs invert radd rsub rmul rtruediv rfloordiv rmod rpow rand ror rxor iadd isub imul round enter aenter",
}  # fmt: skip
_DUNDERS = {f"__{name}__": kind for kind, names in _MUST_RETURN.items() for name in names.split()}
"""What Python insists on getting from them; all others, like `__new__`, do their work unless they have to raise."""

_PRELUDE = """
def {name}(kind):
    import builtins, os
    ask = getattr(builtins, {name!r}, None)
    if ask is None:
        os._exit(0 if os.path.exists({mark!r}) else {code})
    return ask(kind)
getattr(__import__('builtins'), {name!r}, str)('enter')
"""
_LEAVE = "getattr(__import__('builtins'), {name!r}, str)('leave')"
EXIT_CODE = 97
"""Of a program that a test starts; with nothing on stderr, so that no test for errors takes it for the right one."""


def is_test(path: str) -> bool:
    """Whether pytest takes `path` for part of the tests rather than of the code under test."""
    *folders, name = path.replace("\\", "/").split("/")
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name in {"tests.py", "conftest.py", "setup.py", "noxfile.py"}
        or any(folder in {"tests", "test", "testing"} for folder in folders)
    )


def break_source(text: str, name: str, mark: str = "") -> tuple[str, int]:
    """`text` with every body behind a question to the builtin `name`, and how many there are.

    The answer None lets the body run; a tuple of one is returned instead. In a process of its own there is nobody to
    ask: it ends at once, with 0 while the file `mark` exists and else with EXIT_CODE. Text that does not parse comes
    back as it was.
    """
    try:
        tree = ast.parse(text)
        breaker = _Breaker(name)
        breaker.module(tree, mark)
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n", breaker.count
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text, 0


class _Breaker(ast.NodeTransformer):
    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0

    def module(self, tree: ast.Module, mark: str) -> None:
        script = not any(isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) for n in ast.walk(tree))
        body = [self._statement(node, script=script) for node in tree.body]
        start = next((n for n, node in enumerate(tree.body) if not _is_opening(node)), len(body))
        prelude = _PRELUDE.format(name=self.name, mark=mark, code=EXIT_CODE)
        tree.body = [*body[:start], *_parsed(prelude), *body[start:], *_parsed(_LEAVE.format(name=self.name))]

    def _statement(self, node: ast.stmt, *, script: bool) -> ast.stmt:
        """A statement of the module: the `__main__` guard and what prints is broken, definitions from inside."""
        acts = isinstance(node, ast.Expr | ast.For | ast.While | ast.With | ast.Try | ast.If) and _acts(node, script)
        result: ast.stmt = self.visit(node)
        if isinstance(result, ast.If) and _is_main_guard(result.test):
            result.body = [self._guarded(result.body)]
        elif acts:
            return self._guarded([result])
        return result

    def _guarded(self, body: list[ast.stmt]) -> ast.stmt:
        self.count += 1
        guard = _parsed(f"if {self.name}('statement') is None: pass")[0]
        assert isinstance(guard, ast.If)
        guard.body = body
        return guard

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.generic_visit(node)
        self.count += 1
        found = ast.parse(f"{self.name}_now[0] if {self._asked('thing')} else 0", mode="eval").body
        assert isinstance(found, ast.IfExp)
        found.orelse = node.body
        node.body = found
        return node

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        if node.name in _KEPT_NAMES or _is_stub(node):
            return node
        self.generic_visit(node)
        self.count += 1
        start = int(isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant))
        node.body[start:start] = _parsed(f"if {self._asked(_kind(node))}:\n    {self._answer(node)}")
        return node

    def _asked(self, kind: str) -> str:
        return f"({self.name}_now := {self.name}({kind!r})) is not None"

    def _answer(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        now = f"{self.name}_now"
        if not _yields(node):
            return f"return {now}[0]"
        if isinstance(node, ast.AsyncFunctionDef):
            return f"for {now} in {now}[0]: yield {now}\n    return"
        return f"yield from {now}[0]\n    return"


def _parsed(text: str) -> list[ast.stmt]:
    return ast.parse(text).body


def _kind(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """What the function is to give when it does not do its work, in a word that `breaking` knows."""
    if _yields(node):
        return "one" if any("contextmanager" in ast.dump(d) for d in node.decorator_list) else "items"
    if node.name.startswith("__") and node.name.endswith("__"):
        return _DUNDERS.get(node.name, "work")
    return "thing"


def _yields(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in _own(node))


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What lies in a function and not in one inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from _own(child)


def _is_opening(node: ast.stmt) -> bool:
    """The docstring and imports from `__future__` stay first."""
    return (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) or (
        isinstance(node, ast.ImportFrom) and node.module == "__future__"
    )


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
