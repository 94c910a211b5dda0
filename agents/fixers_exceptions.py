"""Defines the exceptions that a program raises and that nobody has defined: small models name one and go on."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain

from agents.plan import is_test
from agents.python_names import inserted, parsed, project_modules, unbound

Files = Mapping[str, str]

_BASES = frozenset({
    "ArithmeticError", "AttributeError", "ConnectionError", "Exception", "FileNotFoundError", "IndexError", "KeyError",
    "LookupError", "NotImplementedError", "OSError", "PermissionError", "RuntimeError", "TimeoutError", "TypeError",
    "ValueError", "ZeroDivisionError",
})  # fmt: skip
"""Those that are raised with a text alone."""

_LIKE = r"\b{name}\b[^.;\n]*?\b(?:is|as|an?|of|from|extends)\s+(?:an?\s+)?`?(?P<base>[A-Z]\w+)"
"""In words: `ShopClosed, which is a ValueError`; `ShopClosed (a subclass of KeyError)`."""


def define_exceptions(delivered: Files, staged: Files, requirements: str) -> Files:
    """Each with the base that the requirements name, else Exception, in the one program that raises it."""
    defined = frozenset[str]().union(*project_modules({**staged, **delivered}).values())
    wanted = {path: names - defined for path, names in _undefined(delivered)}
    times = Counter(chain.from_iterable(wanted.values()))
    once = {path: sorted(name for name in names if times[name] == 1) for path, names in wanted.items()}
    return {path: _with_classes(path, content, once.get(path, []), requirements) for path, content in delivered.items()}


def _undefined(files: Files) -> Iterator[tuple[str, frozenset[str]]]:
    for path, content in files.items():
        tree = None if is_test(path) else parsed(path, content)
        if tree is not None:
            yield path, _raised(tree) & unbound(tree)


def _raised(tree: ast.Module) -> frozenset[str]:
    """Names that look like a class and stand behind `raise`; what is only caught may be a library's."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name))):
                found.add(name)
            case _:
                pass
    return frozenset(name for name in found if name[:1].isupper())


def _with_classes(path: str, content: str, names: list[str], requirements: str) -> str:
    tree = parsed(path, content)
    if tree is None or not names:
        return content
    lines = [f"\n\nclass {name}({_base(name, requirements)}):\n    pass" for name in names]
    return inserted(content, tree, lines).lstrip("\n")


def _base(name: str, requirements: str) -> str:
    for found in re.finditer(_LIKE.format(name=re.escape(name)), requirements):
        if found["base"] in _BASES and not re.search(r"\bnot\b|\binstead\b", found[0]):
            return found["base"]
    return "Exception"
