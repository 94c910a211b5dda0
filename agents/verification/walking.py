"""Looks through the syntax trees of hostile code, and gives up on what was made to be looked at for ever."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import thread_time

_EVERY = 64
_until: ContextVar[float] = ContextVar("until", default=inf)


class TooLongError(Exception):
    """The processor's time for looking is used up."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """A bound for all walks inside, in seconds of this thread's processor time."""
    token = _until.set(thread_time() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """As ast.walk. Raises TooLongError, which code around it that takes long between two nodes only delays."""
    until = _until.get()
    for number, found in enumerate(ast.walk(node)):
        if number % _EVERY == 0 and thread_time() > until:
            raise TooLongError
        yield found
