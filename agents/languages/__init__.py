"""One module a language: how it is recognised, prepared, built, tested and linted."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from agents.verification.settings import VerificationSettings
from agents.verification.tree import Tree

from .base import Bench, Language, Linted, Prepared, Suite
from .node import Node
from .python import Python
from .unsupported import Unsupported

__all__ = ["Bench", "Language", "Languages", "Linted", "Prepared", "Suite"]


class Languages:
    """All that can be verified, and the one that stands for all that cannot."""

    def __init__(self, settings: VerificationSettings) -> None:
        self._known: tuple[Language, ...] = (Python(settings), Node(settings), *_added(), Unsupported())

    def of(self, tree: Tree) -> Language:
        """What the project is written in: has its tests in, else most of its files; the first of equals."""
        recognised = [language for language in self._known if language.recognises(tree)]
        return max(recognised, key=lambda language: _share(language, tree))


def _share(language: Language, tree: Tree) -> tuple[bool, int, int]:
    """Whether it has tests, and how many files and characters of it there are."""
    code = [path for path in tree.texts if language.is_code(path)]
    return any(map(language.is_test, code)), len(code), sum(len(tree.texts[path]) for path in code)


def _added() -> Iterator[Language]:
    """The `LANGUAGE` of every module here that has one."""
    for found in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        if hasattr(module, "LANGUAGE"):
            yield module.LANGUAGE
