"""One module a language: how it is recognised, prepared, built, tested and linted."""

from agents.verification.settings import VerificationSettings
from agents.verification.tree import Tree

from .base import Bench, Language, Linted, Prepared, Suite
from .node import Node
from .python import Python
from .unsupported import Unsupported

__all__ = ["Bench", "Language", "Languages", "Linted", "Prepared", "Suite"]


class Languages:
    """All that can be verified; the first that recognises a project takes it."""

    def __init__(self, settings: VerificationSettings) -> None:
        self._known: tuple[Language, ...] = (Python(settings), Node(settings), Unsupported())

    def of(self, tree: Tree) -> Language:
        return next(language for language in self._known if language.recognises(tree))
