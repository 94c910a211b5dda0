"""Knows the code that stands in the files of a project, and whether a test runs it."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

_MOST = 60
"""Functions that are looked at below the decorators of one test."""


class AsWritten:
    """Compares with what the files were compiled to before the first conftest.py was loaded."""

    def __init__(self, root: Path, sources: Iterable[str]) -> None:
        self._paths = {source: root / source for source in sources}
        self._codes: set[Any] = set()
        self._names: set[tuple[str, str]] = set()
        """File and name of each function in it."""

    def begin(self, config: Any) -> None:
        """Nothing of the project has run yet; `config` is pytest's, by which it rewrites assertions."""
        try:
            from _pytest.assertion.rewrite import _rewrite_test
        except ImportError:  # a pytest that has it elsewhere: nothing can be compared
            return
        for source, path in self._paths.items():
            for code in _compiled(path, lambda path: _rewrite_test(path, config)[1]):
                for part in _parts(code):
                    self._codes.add(_content(part))
                    self._names.add((source, part.co_name))

    def holds(self, name: str, called: object) -> bool:
        """Whether a test of this id, which calls `called`, runs what its file has under its name, if it has that."""
        file, _, inside = name.partition("[")[0].partition("::")
        if (file, inside.rpartition("::")[2]) not in self._names:
            return True
        return any(_content(function.__code__) in self._codes for function in _layers(called))


def _compiled(path: Path, rewritten: Callable[[Path], types.CodeType]) -> Iterator[types.CodeType]:
    """The code of a file as Python has it, and as pytest has it for tests."""
    try:
        yield compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        yield rewritten(path)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return


def _parts(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for part in code.co_consts:
        if type(part) is types.CodeType:
            yield from _parts(part)


def _content(value: object) -> Any:
    """What makes two codes or constants the same; Python's own comparison changes once a code has run often."""
    if type(value) is types.CodeType:
        names = value.co_names, value.co_varnames, value.co_freevars
        return value.co_name, value.co_firstlineno, value.co_code, names, _content(value.co_consts)
    return tuple([_content(part) for part in value]) if type(value) is tuple else (type(value), value)


def _layers(called: object) -> Iterator[types.FunctionType]:
    """A function and those that it wraps, however its decorators keep them."""
    todo, seen = [called], 0
    while todo and seen < _MOST:
        inner, seen = todo.pop(0), seen + 1
        if type(inner) is types.MethodType:
            todo.append(inner.__func__)
        elif type(inner) is functools.partial:
            todo.append(inner.func)
        elif type(inner) is types.FunctionType:
            yield inner
            todo += [*vars(inner).values(), *(_held(cell) for cell in inner.__closure__ or ())]


def _held(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return None
