"""Files that the requirements name and the plan lists, and that are not there.

Engineers' tests are written with the program, so what the program lacks they often lack as well. A name alone may be
that of an input, an example or something not wanted; what the Architect has listed as a file of the project is none of
these, and a person can take it out of the plan.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

_KINDS = (frozenset({".py"}), frozenset({".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx"}))
"""Suffixes that stand for one another."""


def unkept(requirements: str, planned: Iterable[str], paths: Collection[str]) -> list[str]:
    """A sentence for each file of code that is absent. `planned`: paths in the plan, no tests; `paths`: what is there.

    One that lies in another folder, or is another kind of the same language, counts as there.
    """
    there = {_kind(path) for path in paths}
    asked = (path for path in planned if _kind(path)[1] and _is_named(path, requirements))
    return [
        f"Requirements and plan name the file {path}, which is not there" for path in asked if _kind(path) not in there
    ]


def _kind(path: str) -> tuple[str, frozenset[str]]:
    """Its name without the suffix, and the suffixes that would do as well; none for what is no code."""
    file = PurePosixPath(path)
    return file.stem.lower(), next((kind for kind in _KINDS if file.suffix in kind), frozenset())


def _is_named(path: str, requirements: str) -> bool:
    return bool(re.search(rf"(?<![\w.-]){re.escape(PurePosixPath(path).name)}(?![\w-])", requirements))
