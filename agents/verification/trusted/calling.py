"""Makes one call into a Python project, and says what came of it in values that no class of the project speaks for."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

_EXACT: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (bytearray, bytes),
)
_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes})
_UNTRACE = (sys.settrace, sys.setprofile, threading.settrace, threading.setprofile)
_import_module, _is_coroutine = importlib.import_module, inspect.iscoroutine


def answer(path: str, call: str, setup: Sequence[str]) -> dict[str, Any]:
    """`returns` with the value's text and whether that is a `literal`, `raises` with the names of the exception and its
    bases, or `problem` when it did not come so far.
    """
    try:
        names = dict(vars(_module(path)))
    except BaseException as error:
        return {"problem": f"{path} cannot be imported: {type(error).__name__}: {error}"[:400]}
    try:
        value = _value(call, setup, names)
    except BaseException as error:
        return {"raises": [str(kind.__name__) for kind in type(error).__mro__], "text": str(error)[:300]}
    finally:
        for off in _UNTRACE:  # a tracer of the project's would be handed the frames that write the answer
            off(None)
    try:
        value = plain(value)
        return {"returns": repr(value), "literal": _is_literal(value)}
    except BaseException as error:
        return {"problem": f"what it returned cannot be shown: {type(error).__name__}"}


def _module(path: str) -> Any:
    """The module of the file, imported as a test or a program beside it would."""
    here = Path.cwd()
    sys.path[:0] = [str(here / "src"), str(here)]
    sys.path.append(str((here / path).parent))
    if path != "__main__.py":
        return _import_module(path.removesuffix(".py").removeprefix("src/").removesuffix("/__init__").replace("/", "."))
    spec = importlib.util.spec_from_file_location("main", here / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _value(call: str, setup: Sequence[str], names: dict[str, Any]) -> Any:
    exec("\n".join(setup), names)  # noqa: S102  (this is the sandbox)
    value = eval(call, names)  # noqa: S307
    return _import_module("asyncio").run(value) if _is_coroutine(value) else value


def plain(value: Any, depth: int = 20) -> Any:
    """`value` with each part as the built-in one that has its content."""
    if depth == 0 or isinstance(value, bool):
        return value
    for kind, exact in _EXACT:
        if isinstance(value, kind):
            return exact(value)
    if isinstance(value, Mapping):
        items = dict.items(value) if isinstance(value, dict) else value.items()
        return {plain(key, depth - 1): plain(item, depth - 1) for key, item in items}
    if isinstance(value, tuple):
        return tuple([plain(item, depth - 1) for item in tuple.__iter__(value)])
    if isinstance(value, list):
        return [plain(item, depth - 1) for item in list.__iter__(value)]
    if isinstance(value, Set):
        return {plain(item, depth - 1) for item in value}
    return value


def _is_literal(value: Any) -> bool:
    """Whether its text can be read back as the same value."""
    if type(value) is dict:
        return all(_is_literal(key) and _is_literal(item) for key, item in value.items())
    if type(value) in (list, tuple, set):
        return all(map(_is_literal, value))
    return type(value) in _ATOMS
