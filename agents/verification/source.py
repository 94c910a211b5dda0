"""What a Python project's text says about itself: its tests, its imports, and hooks that can change results.

Nothing is imported or executed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .aware import WHAT, asks_in_python
from .harmless import is_harmless
from .spelled import spelled
from .trusted.broken import is_test
from .trusted.intact import OUTCOME_HOOKS
from .walking import TooLongError, walk, within
from .written_down import written_down

_EXPECTED_FAILURE = re.compile(r"xfail|expectedFailure")
_OBJECTS = frozenset({"get_objects", "get_referrers"})
_REACH = {False: _OBJECTS, True: _OBJECTS | {"_getframe", "_current_frames"}}
"""In code under test, which may ask who called it, and in tests."""
_PARTS = {False: {"__code__"}, True: {"__code__", "__defaults__", "__kwdefaults__"}}
"""Of functions, in code under test and in tests: named tuples were given their defaults by hand once."""
_RESULTS = frozenset({"obj", "_obj", "runtest", "longrepr", "outcome"})
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
        flags += [f"{path}: {what}" for what in _flags(path, tree)]
        hooks = (node.name for node in tree.body if isinstance(node, ast.FunctionDef) and is_harmless(node))
        harmless.update(f"{path.rsplit('/', 1)[-1]} hooks {hook}" for hook in hooks)
        if is_test_file(path) or path in own:
            tests.update(f"{path}::{name}" for name in test_names(tree))
        for module in _imports(tree):
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


def _flags(path: str, tree: ast.Module) -> Iterator[str]:
    conftest = path.rsplit("/", 1)[-1] == "conftest.py"
    inside = set() if is_test(path) else _inside_functions(tree)
    if not is_test(path) and asks_in_python(tree):
        yield WHAT
    for node in walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "_exit" and node not in inside:
            yield "calls os._exit, which leaves the test runner"
        elif isinstance(node, ast.FunctionDef) and node.name in OUTCOME_HOOKS and not is_harmless(node):
            yield f"defines {node.name}, which can change which tests run and what they report"
        elif conftest and isinstance(node, ast.Attribute) and node.attr in _RESULTS and isinstance(node.ctx, ast.Store):
            yield f"assigns .{node.attr} of a test or its report"
        elif isinstance(node, ast.Attribute | ast.alias) and _called(node) in _REACH[is_test(path)]:
            yield "looks into the interpreter's other frames or objects"
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in _PARTS[is_test(path)]:
            yield "replaces the code of a function"
        elif _touches_memory(node):
            yield "reaches into the interpreter's memory"
        elif not is_test(path) and _equals_all(node):
            yield "makes values that are equal to whatever they are compared with"


def _called(node: ast.Attribute | ast.alias) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.name


def _inside_functions(tree: ast.Module) -> set[ast.AST]:
    """A program may end so, say in a child that it has forked; the runner itself is seen to end early then."""
    functions = (n for n in walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node for function in functions for node in walk(function)}


def _touches_memory(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and "/proc/self/mem" in node.value
    return isinstance(node, ast.Attribute) and node.attr in {"memmove", "memset", "from_address", "pythonapi"}


def _equals_all(node: ast.AST) -> bool:
    """`ANY` of unittest.mock, or an `__eq__` that is put into a class by its name."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "unittest.mock" and any(alias.name == "ANY" for alias in node.names)
    if isinstance(node, ast.Attribute):
        return node.attr == "ANY" and "mock" in spelled(node.value)
    return isinstance(node, ast.Dict) and any(isinstance(k, ast.Constant) and k.value == "__eq__" for k in node.keys)


def _imports(tree: ast.Module) -> Iterator[str]:
    """Modules imported outside of `try` and `if TYPE_CHECKING`."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Try) or (isinstance(node, ast.If) and "TYPE_CHECKING" in spelled(node.test)):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]
        todo.extend(ast.iter_child_nodes(node))


def local_modules(paths: Iterable[str]) -> frozenset[str]:
    """Names under which the project's own files can be imported from its root, `src` or beside a test."""
    names: set[str] = set()
    for path in paths:
        names.update(part.removesuffix(".py") for part in path.split("/"))
    return frozenset(names)


_DISTRIBUTIONS = {
    "attr": "attrs", "bs4": "beautifulsoup4", "crypto": "pycryptodome", "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil", "discord": "discord.py", "docx": "python-docx", "dotenv": "python-dotenv",
    "fitz": "pymupdf", "git": "gitpython", "jose": "python-jose", "jwt": "pyjwt", "magic": "python-magic",
    "mysqldb": "mysqlclient", "openssl": "pyopenssl", "pil": "pillow", "pptx": "python-pptx",
    "psycopg2": "psycopg2-binary", "serial": "pyserial", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "slugify": "python-slugify", "socks": "pysocks", "telegram": "python-telegram-bot", "usb": "pyusb",
    "websocket": "websocket-client", "yaml": "pyyaml", "zmq": "pyzmq",
}  # fmt: skip


def distribution(module: str) -> str:
    """The package that most likely provides `module`."""
    return _DISTRIBUTIONS.get(module.lower(), module.lower().replace("_", "-"))


def foreign_imports(scanned: Scan, paths: Iterable[str]) -> dict[str, str]:
    """Imports that neither the standard library nor the project itself provides -> a file that has them."""
    own = local_modules(paths)
    return {m: path for m, path in scanned.imports.items() if m not in sys.stdlib_module_names and m not in own}


def plugins_wanted(texts: Mapping[str, str]) -> list[str]:
    """Plugins of the base environment that these tests need; loading costs time, so only then."""
    sources = [t for p, t in texts.items() if is_test(p) or p.endswith((".ini", ".toml", ".cfg"))]
    wanted = {"pytest_asyncio.plugin": r"asyncio|async def test", "pytest_mock": r"\bmocker\b|pytest_mock"}
    return [plugin for plugin, word in wanted.items() if any(re.search(word, text) for text in sources)]
