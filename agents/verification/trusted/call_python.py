"""Evaluates one expression over a module of the project: `call_python.py PATH CALL STATEMENT...`.

The last line of stdout is JSON: `returns` with the value's literal, `raises` with the names of the exception and its
bases, or `problem` when it did not come to the call. What is expected is not known in here.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any


def main(path: str, call: str, *setup: str) -> None:
    sys.path[:1] = [str(Path.cwd() / "src"), str(Path.cwd())]
    sys.argv[:] = [path]
    answer = evaluate(path, call, setup)
    sys.stdout.write("\n" + json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # what the project registered for the end has nothing to add


def evaluate(path: str, call: str, setup: Sequence[str]) -> dict[str, Any]:
    try:
        names = dict(vars(importlib.import_module(module_of(path))))
    except BaseException as error:
        return {"problem": f"{path} cannot be imported: {type(error).__name__}: {error}"[:400]}
    try:
        exec("\n".join(setup), names)  # noqa: S102  (this is the sandbox)
        return {"returns": repr(plain(eval(call, names)))}  # noqa: S307
    except BaseException as error:
        return {"raises": [kind.__name__ for kind in type(error).__mro__], "text": str(error)[:300]}


def module_of(path: str) -> str:
    return path.removesuffix(".py").removeprefix("src/").removesuffix("/__init__").replace("/", ".")


def plain(value: Any, depth: int = 20) -> Any:
    """`value` with containers as the built-in ones that it equals, so that its text can be read back."""
    if depth == 0 or isinstance(value, str | bytes):
        return value
    if isinstance(value, Mapping):
        return {plain(key, depth - 1): plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(item, depth - 1) for item in value)
    if isinstance(value, list):
        return [plain(item, depth - 1) for item in value]
    if isinstance(value, Set):
        return set(value)
    return value


if __name__ == "__main__":
    main(*sys.argv[1:])
