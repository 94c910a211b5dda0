"""A reply that is the repr of a Python value. What Python would join, convert or ignore without a word is refused."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from typing import Any

from agents.answers.strict_json import unique_keys

_START = re.compile(r"[{\[]\s*(?:\{\s*)?'")
_LONGEST = 1_000_000


def python_value(text: str) -> Any:
    """The value between the first bracket with a single-quoted key behind it and the last bracket.

    Raises ValueError when there is none, or it is doubtful. Double-quoted keys are JSON, with other escapes.
    """
    start = _START.search(text)
    if len(text) > _LONGEST or start is None:
        raise ValueError("no Python value")
    source = text[start.start() : max(text.rfind("}"), text.rfind("]")) + 1]
    try:
        _refuse_doubtful_strings(source)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an invalid escape is only a warning: the string was under-escaped
            return _value(ast.parse(source, mode="eval").body)
    except (SyntaxError, MemoryError, RecursionError, Warning, tokenize.TokenError) as error:
        raise ValueError(str(error)) from error


def _refuse_doubtful_strings(source: str) -> None:
    """`'print('' )'` is two strings that Python joins, and a model's unescaped quotes."""
    previous = -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT):
            continue
        if token.type == previous == tokenize.STRING:
            raise ValueError("two strings side by side")
        if token.type == tokenize.STRING and _is_altered(token.string):
            raise ValueError("a string that Python reads otherwise than it looks")
        previous = token.type


def _is_altered(string: str) -> bool:
    """Line ends are joined or converted in it, or escapes between raw line ends may be meant for the code."""
    is_raw = string.lower().startswith("r")
    return "\r" in string or (not is_raw and ("\\\n" in string or ("\n" in string and "\\" in string)))


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Dict(keys=keys, values=values):
            return unique_keys([(_key(key), _value(value)) for key, value in zip(keys, values, strict=True)])
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item) for item in items]
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case _:
            raise ValueError(f"{type(node).__name__} is no plain value")


def _key(key: ast.expr | None) -> str:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return key.value
    raise ValueError("a key that is no string")
