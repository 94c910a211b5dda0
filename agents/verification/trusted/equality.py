"""Finds classes of the code under test that are equal to whatever they are compared with."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

_BASES = (int, str, float, complex, bytes, tuple, list, dict, set, frozenset, BaseException, object)


def always_equal(root: str, sources: Iterable[str]) -> list[str]:
    """Names of classes that come from one of `sources` below `root` and say yes to an object they cannot know."""
    files = {os.path.join(root, source) for source in sources}  # noqa: PTH118 - of strings only
    return sorted({kind.__qualname__ for kind in _kinds(object) if _file(kind) in files and _says_yes(kind)})[:20]


def _kinds(base: type) -> Iterator[type]:
    seen: set[type] = {base}
    todo = [base]
    while todo:
        kinds: list[type] = type.__subclasses__(todo.pop())
        for kind in kinds:
            if kind not in seen:
                seen.add(kind)
                todo.append(kind)
                yield kind


def _file(kind: type) -> str | None:
    return getattr(sys.modules.get(str(kind.__module__)), "__file__", None)


def _says_yes(kind: type) -> bool:
    base = next(base for base in _BASES if issubclass(kind, base))
    try:
        return kind.__eq__(base.__new__(kind), object()) is True  # type: ignore[call-arg]
    except BaseException:
        # An honest comparison misses its attributes.
        return False
