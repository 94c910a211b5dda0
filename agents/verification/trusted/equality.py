"""Finds classes of a project that are equal to things that are not equal to each other."""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Collection, Iterator
from typing import Any

_BASES = (int, str, float, complex, bytes, tuple, list, dict, set, frozenset, BaseException, object)
_PAIRS: tuple[tuple[Any, Any], ...] = (
    (object(), object()), (1000, 11007), ("Tumbler", "7 of 9, or fewer"), (0.25, 1003.7), (b"Tumbler", b"7 of 9"),
    ([1000], ["Tumbler", 7]), ((1000,), ("Tumbler", 7)), ({"Tumbler": 7}, {1000: "a"}), ({1000}, {"Tumbler", 7}),
)  # fmt: skip
"""Of each type two; the numbers are a prime apart, so that they are not the same on any dial."""
_ANSWERS = (bool, int, float, str, list, tuple, dict)
"""Of other types are the expressions that a language for queries makes of a comparison."""
_INSTALLED = (sys.prefix, sys.base_prefix)
_MOST = 10
"""Instances of one class that are asked, and attributes that one is lent."""
_objects, _sub, _names, _line = gc.get_objects, type.__subclasses__, vars(type)["__dict__"], vars(type)["__mro__"]


def always_equal(tests: Collection[str]) -> list[str]:
    """Names of such classes. Those of `tests`, paths of files, may stand for any value of one type: it is their word
    that counts."""
    asked = {kind: file in tests for kind in _kinds(object) if (file := _file(kind)) is not None}
    living: dict[type, list[object]] = {kind: [] for kind in asked}
    for thing in _objects():
        if type(thing) in living:
            living[type(thing)].append(thing)
    return sorted(
        kind.__qualname__
        for kind, is_test in asked.items()
        if any(_says_yes(thing, _PAIRS[: 1 if is_test else None]) for thing in (*living[kind][:_MOST], _blank(kind)))
    )[:20]


def _kinds(base: type) -> Iterator[type]:
    seen: set[type] = {base}
    todo = [base]
    while todo:
        kinds: list[type] = _sub(todo.pop())
        for kind in kinds:
            if kind not in seen:
                seen.add(kind)
                todo.append(kind)
                yield kind


def _file(kind: type) -> str | None:
    """Of the function that compares, whatever the class says of itself; None for one of C or an installed package."""
    compare = next(_names.__get__(base)["__eq__"] for base in _line.__get__(kind) if "__eq__" in _names.__get__(base))
    if type(compare) is types.WrapperDescriptorType:
        return None
    file = compare.__code__.co_filename if type(compare) is types.FunctionType else ""
    return None if file.startswith(_INSTALLED) else file


def _blank(kind: type) -> object:
    """An instance that was never told what it is."""
    try:
        return next(base for base in _BASES if issubclass(kind, base)).__new__(kind)
    except BaseException:
        return None


def _says_yes(thing: object, pairs: tuple[tuple[Any, Any], ...]) -> bool:
    return any(all(_is_equal(thing, value) for value in pair) for pair in pairs)


def _is_equal(thing: object, value: object) -> bool:
    for _ in range(_MOST):
        try:
            answer = thing == value
            return type(answer) in _ANSWERS and bool(answer)
        except AttributeError as error:
            if error.obj is not thing or not _lend(thing, str(error.name)):
                return False  # an honest comparison misses them in the other one
        except BaseException:
            return False
    return False


def _lend(thing: object, name: str) -> bool:
    """An attribute that equals nothing else, to an instance that was never told what it is."""
    try:
        object.__setattr__(thing, name, object())
    except BaseException:
        return False
    return True
