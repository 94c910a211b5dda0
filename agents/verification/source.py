"""What a Python project's text says about itself: its tests, its imports, and hooks that can change results.

Nothing is imported or executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from .harmless import is_harmless
from .imported import imported
from .suspicious import suspicious
from .walking import TooLongError, walk, within
from .written_down import written_down

_EXPECTED_FAILURE = re.compile(r"xfail|expectedFailure")
_SHADOWS = frozenset({"sitecustomize.py", "usercustomize.py", "pytest.py"})


@dataclass(frozen=True)
class Scan:
    """What the text of a project says."""

    tests: frozenset[str] = frozenset()
    """Ids of the tests that must be collected: `path::name` or `path::Class::name`, without parameters."""
    by_title: bool = False
    """Ids of the run are `path::suite > title`, of which the source tells only path and title."""
    flags: tuple[str, ...] = ()
    """Things with which a project could make results look better than they are."""
    expects_failures: frozenset[str] = frozenset()
    """Files that speak of expected failures."""
    harmless: frozenset[str] = frozenset()
    """Hooks that could change results and do not: `conftest.py hooks pytest_runtest_makereport`."""
    imports: Mapping[str, str] = field(default_factory=dict)
    """Top-level module that must be importable -> a file that imports it."""

    def key(self, name: str) -> str:
        """An id of the run as `tests` would have it."""
        if not self.by_title:
            return name.partition("[")[0]
        path, _, title = name.partition("::")
        while " > " in title and f"{path}::{title}" not in self.tests:
            title = title.partition(" > ")[2]  # a suite, unless the title has the mark in itself
        return f"{path}::{title}"


def parse(text: str) -> ast.Module | None:
    """The syntax tree, or None for text that does not parse."""
    try:
        return ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def is_test_file(path: str) -> bool:
    """Whether pytest collects tests from `path` by its default patterns."""
    name = path.rsplit("/", 1)[-1]
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def scan(texts: Mapping[str, str], own: Collection[str] = (), seconds: float = 20.0) -> Scan:
    """Read all Python files, in `seconds` of processor time; `own` are tests by the project's configuration alone."""
    try:
        with within(seconds):
            return _scan(texts, own)
    except TooLongError:
        return Scan(flags=("the code is nested or repeated so that it takes too long to be read: write it plainly",))


def _scan(texts: Mapping[str, str], own: Collection[str]) -> Scan:
    tests: set[str] = set()
    flags: list[str] = []
    imports: dict[str, str] = {}
    harmless: set[str] = set()
    trees: dict[str, ast.Module] = {}
    for path, text in sorted(texts.items()):
        if path.rsplit("/", 1)[-1] in _SHADOWS:
            flags.append(f"{path}: shadows a module that Python or pytest loads by itself")
        if not path.endswith(".py") or (tree := parse(text)) is None:
            continue
        trees[path] = tree
        flags += [f"{path}: {what}" for what in suspicious(path, tree)]
        hooks = (node.name for node in tree.body if isinstance(node, ast.FunctionDef) and is_harmless(node))
        harmless.update(f"{path.rsplit('/', 1)[-1]} hooks {hook}" for hook in hooks)
        if is_test_file(path) or path in own:
            tests.update(f"{path}::{name}" for name in test_names(tree))
        for module in imported(tree):
            imports.setdefault(module, path)
    expecting = frozenset(path for path, text in texts.items() if _EXPECTED_FAILURE.search(text))
    flagged = tuple(dict.fromkeys((*flags, *written_down(trees))))
    return Scan(
        frozenset(tests), flags=flagged, expects_failures=expecting, harmless=frozenset(harmless), imports=imports
    )


def test_names(tree: ast.Module) -> Iterator[str]:
    """`name` or `Class::name` of each test that the module defines outside of conditions."""
    heirs = _heirs_of_deleted(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            if not _is_fixture(node):
                yield node.name
        elif isinstance(node, ast.ClassDef):
            for name in _methods(node, ""):
                _, _, method = name.partition("::")
                yield from [f"{heir}::{method}" for heir in heirs[node.name]] if node.name in heirs else [name]


def _heirs_of_deleted(tree: ast.Module) -> dict[str, list[str]]:
    """Class that is deleted once others have inherited its tests -> those, in which the tests must be collected."""
    deleted = {_name(target) for node in tree.body if isinstance(node, ast.Delete) for target in node.targets}
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    heirs: dict[str, list[str]] = {}
    for node in classes:
        for base in deleted.intersection(map(_name, node.bases)):
            heirs.setdefault(base, []).append(node.name)
    return heirs


def _methods(node: ast.ClassDef, outer: str) -> Iterator[str]:
    unit = any(_name(base).endswith("TestCase") for base in node.bases)
    if not (unit or node.name.startswith("Test")):
        return
    functions = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    constructed = not unit and (_is_record(node) or any(f.name in {"__init__", "__new__"} for f in functions))
    for function in functions:
        if function.name.startswith("test") and not _is_fixture(function) and (not constructed or _asserts(function)):
            yield f"{outer}{node.name}::{function.name}"
    for inner in node.body:
        if isinstance(inner, ast.ClassDef) and not unit and not constructed:
            yield from _methods(inner, f"{outer}{node.name}::")


def _asserts(function: ast.AST) -> bool:
    """pytest takes no tests from a class with a constructor; what asserts there was meant to be one all the same."""
    return any(isinstance(node, ast.Assert) for node in walk(function))


def _is_record(node: ast.ClassDef) -> bool:
    """A dataclass or a named tuple has a constructor, so pytest takes no tests from it."""
    marks = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return any(_name(mark) == "dataclass" for mark in marks) or any(_name(base) == "NamedTuple" for base in node.bases)


def _is_fixture(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(_name(d.func if isinstance(d, ast.Call) else d).endswith("fixture") for d in node.decorator_list)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
