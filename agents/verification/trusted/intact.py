"""Notices what a project changes in the machinery that tests it: pytest and unittest, their hooks, and its own files.

What is seen is told at once, so that nothing that is put back later goes unseen.
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

OUTCOME_HOOKS = (
    "pytest_runtest_makereport", "pytest_runtest_protocol", "pytest_pyfunc_call", "pytest_runtest_call",
    "pytest_report_teststatus", "pytest_collection_modifyitems", "pytest_ignore_collect",
    "pytest_cmdline_main", "pytest_collect_file", "pytest_pycollect_makeitem", "pytest_runtestloop",
    "pytest_itemcollected", "pytest_make_collect_report",
)  # fmt: skip
"""Hooks that can change which tests run and what they report."""

_MACHINERY = ("_pytest.", "pluggy.", "unittest.case", "unittest.async_case")
_METHODS = (types.FunctionType, staticmethod, classmethod, property)
_MOST = 20
_stat, _open, _read, _close, _tracer = os.stat, os.open, os.read, os.close, sys.gettrace
"""As they were before a test of the project's replaced them, as tests of error handling do."""
_INSTALLED = (sys.prefix, sys.base_prefix)


class Intact:
    """Compares with what was there before the first conftest.py was loaded."""

    def __init__(self, root: Path, sources: Iterable[str]) -> None:
        self._sources = {path: _Source(root / path) for path in sources}
        self._told: set[str] = set()
        self._parts: list[tuple[dict[str, Any], str, Any, str]] = []
        self._codes: list[tuple[types.FunctionType, types.CodeType]] = []
        self._plugins: Any = None
        self._known: list[tuple[Any, object]] = []
        """Implementations of hooks that may be there, with their functions."""
        self._tracer: object = None

    def begin(self, plugins: Any) -> None:
        """Nothing of the project has run yet; `plugins` is pytest's manager of them."""
        self._plugins, self._tracer = plugins, _tracer()
        for name, module in list(sys.modules.items()):
            if name.startswith(_MACHINERY):
                self._remember(vars(module), name)
        for owner in (plugins, plugins.hook):
            self._parts += [
                (vars(owner), name, value, "pluggy") for name, value in vars(owner).items() if callable(value)
            ]
        for _, implementation in self._implementations():
            self._know(implementation)

    def _implementations(self) -> Iterator[tuple[str, Any]]:
        for hook in OUTCOME_HOOKS:
            for implementation in getattr(self._plugins.hook, hook).get_hookimpls():
                yield hook, implementation

    def _know(self, implementation: Any) -> None:
        self._known.append((implementation, implementation.function))
        if function := _function(implementation.function):
            self._codes.append((function, function.__code__))

    def _remember(self, names: Any, where: str) -> None:
        for name, value in list(names.items()):
            if isinstance(value, type) and value.__module__ == where:
                self._remember(vars(value), f"{where}.{name}")
            elif isinstance(value, _METHODS):
                self._parts.append((names, name, value, where))
            if isinstance(value, types.FunctionType):
                self._codes.append((value, value.__code__))

    def news(self) -> list[str]:
        """What is not as it was, as far as it was not told before."""
        if self._plugins is None:
            return []
        found = [what for what in self._changes() if what not in self._told]
        self._told.update(found[:_MOST])
        return found[:_MOST]

    def _changes(self) -> Iterator[str]:
        for names, name, value, where in self._parts:
            if names.get(name) is not value:
                yield f"{where}.{name} was replaced"
        for function, code in self._codes:
            if function.__code__ is not code:
                yield f"the code of {function.__module__}.{function.__qualname__} was replaced"
        if _tracer() not in (None, self._tracer):
            yield "the tests run under a tracer of the project's"
        for path, source in self._sources.items():
            if source.changed():
                yield f"{path} was rewritten while the tests ran"
        for hook, implementation in self._implementations():
            if not self._is_known(implementation):
                yield f"{_origin(implementation.plugin)} hooks {hook}, which can change what tests report"

    def _is_known(self, implementation: Any) -> bool:
        """One that was there before, or is of pytest itself or of an installed package."""
        if any(implementation is one and implementation.function is function for one, function in self._known):
            return True
        function = _function(implementation.function)
        if function is None or not (any(function is one for one, _ in self._codes) or _is_installed(function)):
            return False
        self._know(implementation)
        return True


def _function(called: object) -> types.FunctionType | None:
    inner = called.__func__ if type(called) is types.MethodType else called
    return inner if type(inner) is types.FunctionType else None


def _is_installed(function: types.FunctionType) -> bool:
    """Whether its code stands in the installed file that it names."""
    file = function.__code__.co_filename
    if not file.startswith(_INSTALLED) or ".." in file:
        return False
    try:
        todo = [compile(_content(file), file, "exec", dont_inherit=True)]
    except (OSError, SyntaxError, ValueError):
        return False
    for code in todo:
        todo += [part for part in code.co_consts if type(part) is types.CodeType]
    return function.__code__ in todo


def _origin(plugin: object) -> str:
    file = getattr(plugin, "__file__", None)
    return Path(file).name if isinstance(file, str) else f"a plugin {type(plugin).__name__}"


class _Source:
    """One file; it is only read again when its times, which nobody can set back, say so."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._content, self._stamp = _content(self._path), self._now()

    def _now(self) -> tuple[int, int]:
        found = _stat(self._path)
        return found.st_ctime_ns, found.st_ino

    def changed(self) -> bool:
        try:
            stamp = self._now()
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            return _content(self._path) != self._content
        except OSError:
            return True


def _content(path: str) -> bytes:
    descriptor, parts = _open(path, os.O_RDONLY), []
    try:
        while part := _read(descriptor, 1 << 20):
            parts.append(part)
    finally:
        _close(descriptor)
    return b"".join(parts)
