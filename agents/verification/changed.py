"""Which tests are in other words than before: by their own lines, or by what they stand on. Pure."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping

from .javascript_tests import javascript_blocks
from .source import parse


def key_of(test: str) -> str:
    """An id without the values of its parameters."""
    return test.partition("[")[0] if test.partition("::")[0].endswith(".py") else test


def changed(keys: Iterable[str], before: Mapping[str, str], now: Mapping[str, str]) -> frozenset[str]:
    """Those of `keys` whose test is not as it was. `before` and `now` are the files of tests and what helps them.

    A change of what all tests of a file, or all files, have in common changes them all.
    """
    keys = frozenset(keys)
    own = {key.partition("::")[0] for key in keys}
    if any(before.get(path) != now.get(path) for path in (before.keys() | now.keys()) - own):
        return keys
    parts = {path: (_parts(path, before[path]), _parts(path, now.get(path, ""))) for path in own & before.keys()}
    return frozenset(key for key in keys if _differs(key, *parts.get(key.partition("::")[0], ({}, {}))))


_COMMON = ""


def _differs(key: str, before: Mapping[str, Collection[str]], now: Mapping[str, Collection[str]]) -> bool:
    if any(part not in now.get(_COMMON, ()) for part in before.get(_COMMON, ())):
        return True
    name = key.partition("::")[2]
    names = (name, name.partition("::")[0], name.rpartition(" > ")[2])
    found = next((one for one in names if one in before), None)
    return found is not None and before[found] != now.get(found)


def _parts(path: str, text: str) -> dict[str, list[str]]:
    """Name of each test, or class of them -> what it says; under no name what is none."""
    if not path.endswith(".py"):
        head, blocks = javascript_blocks(text)
        return {_COMMON: [head], **{title: [block.rstrip()] for title, block in blocks}}
    found: dict[str, list[str]] = {_COMMON: []}
    for node in getattr(parse(text), "body", []):
        name = getattr(node, "name", "")
        test = name if name.lower().startswith("test") and isinstance(node, ast.stmt) else _COMMON
        found.setdefault(test, []).append(_said(node, text))
    return found


def _said(node: ast.AST, text: str) -> str:
    """Without its layout; all of the file where it is too deep or too long for that."""
    try:
        return ast.dump(node)
    except (RecursionError, ValueError, MemoryError):
        return text
