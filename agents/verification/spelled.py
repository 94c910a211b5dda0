"""A piece of parsed Python as text, whatever it is."""

from __future__ import annotations

import ast


def spelled(node: ast.AST) -> str:
    """The source of `node`; empty where it is too deep, or a number in it too long, to be written."""
    try:
        return ast.unparse(node)
    except (ValueError, RecursionError, MemoryError):
        return ""
