"""Finds literals of Python and JavaScript at a place in a text."""

from __future__ import annotations

import ast
import re

LONGEST = 300
"""Characters of a call or a value."""
_UNREADABLE = (SyntaxError, ValueError, TypeError, MemoryError, RecursionError)


def balanced(text: str, start: int) -> str:
    """What begins at `start`, up to the bracket that closes its first one; empty without one nearby."""
    depth, quote = 0, ""
    for at in range(start, min(len(text), start + LONGEST)):
        letter = text[at]
        if quote:
            quote = "" if letter == quote and text[at - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if depth == 0:
                return text[start : at + 1]
    return ""


def is_literal_call(call: str, home: str) -> bool:
    """Whether it is one call with arguments, all of them literals in the language of the file `home`."""
    try:
        tree = ast.parse(call, mode="eval").body
    except _UNREADABLE:
        return False
    if not isinstance(tree, ast.Call) or (tree.keywords and not home.endswith(".py")):
        return False
    arguments = [*tree.args, *(keyword.value for keyword in tree.keywords)]
    return bool(arguments) and all(_is_value(argument, home) for argument in arguments)


def literal(text: str, home: str) -> str:
    """The literal that `text` begins with; empty when it begins with none."""
    if text[:1] in ("'", '"'):
        match = re.match(r"(['\"])(?:(?!\1)[^\\\n]|\\.)*\1", text)
        return match[0] if match and _evaluates(match[0], home) else ""
    if text.startswith(("(", "[", "{")):
        whole = balanced(text, 0)
        return whole if whole and _evaluates(whole, home) else ""
    match = re.match(r"-?\d+(?:\.\d+)?(?![\w.]*\d)|(?:True|False|None|true|false|null)\b", text)
    return match[0] if match else ""


def _evaluates(text: str, home: str) -> bool:
    try:
        return _is_value(ast.parse(text, mode="eval").body, home, words=True)
    except _UNREADABLE:
        return False


def _is_value(tree: ast.expr, home: str, *, words: bool = False) -> bool:
    """Whether it is a literal in the language of `home`; with `words`, the other one's for true and null will do."""
    python = home.endswith(".py")
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="true" | "false" | "null" | "undefined"):
                if python and not words:
                    return False
            case ast.Constant(value=True | False | None):
                if not (python or words):
                    return False
            case ast.Constant(value=str() | int() | float()) | ast.List() | ast.Dict():
                pass
            case ast.Constant(value=bytes()) | ast.Tuple() | ast.Set():
                if not python:
                    return False
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
                pass
            case ast.USub() | ast.Load():
                pass
            case _:
                return False
    return True
