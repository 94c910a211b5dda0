"""Where the names of Python's standard library come from that models use and forget to import."""

from __future__ import annotations

import ast
import sys

_NAMES = {
    "abc": "ABC abstractmethod",
    "collections": "Counter OrderedDict defaultdict deque namedtuple",
    "contextlib": "contextmanager redirect_stderr redirect_stdout suppress",
    "dataclasses": "asdict dataclass",
    "datetime": "date timedelta timezone",
    "decimal": "Decimal InvalidOperation ROUND_HALF_EVEN ROUND_HALF_UP",
    "enum": "Enum IntEnum StrEnum",
    "fractions": "Fraction",
    "functools": "cached_property lru_cache partial reduce total_ordering wraps",
    "io": "BytesIO StringIO",
    "itertools": "combinations groupby permutations zip_longest",
    "pathlib": "Path",
    "textwrap": "dedent",
    "typing": "Any Callable Dict Iterable Iterator List Mapping Optional Sequence Set Tuple Union",
    "unittest.mock": "MagicMock Mock patch",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
_MODULES = sys.stdlib_module_names | {"pytest"}
_IN_DATETIME = frozenset({"date", "datetime", "time", "timedelta", "timezone"})


def import_line(name: str, tree: ast.Module) -> str:
    """The import that binds `name` as the module uses it; empty when that is not certain."""
    if name in _HOMES:
        return f"from {_HOMES[name]} import {name}"
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is(node.value, name)}
    if name == "datetime" and not attributes & _IN_DATETIME:
        return "from datetime import datetime"
    uses = sum(_is(node, name) for node in ast.walk(tree))
    as_module = sum(isinstance(node, ast.Attribute) and _is(node.value, name) for node in ast.walk(tree))
    return f"import {name}" if name in _MODULES and uses == as_module else ""


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
