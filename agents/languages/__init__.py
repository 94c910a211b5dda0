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
    """All that can be verified; the first that recognises a project takes it: Python, Node, the others by name."""

    def __init__(self, settings: VerificationSettings) -> None:
        self._known: tuple[Language, ...] = (Python(settings), Node(settings), *_added(), Unsupported())

    def of(self, tree: Tree) -> Language:
        return next(language for language in self._known if language.recognises(tree))


def _added() -> Iterator[Language]:
    """The `LANGUAGE` of every module here that has one."""
    for found in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        if hasattr(module, "LANGUAGE"):
            yield module.LANGUAGE
