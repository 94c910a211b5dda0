"""Saves the tests of a reply in which the model began to repeat itself.

Small models write right code, and then the same assertion until they are stopped. What stands before that is whole
lines, and what follows adds nothing. This is for tests alone: of a program nobody could say what is missing.
"""

from __future__ import annotations

import ast

from agents.answers.checks import checked_files
from agents.answers.contents import is_python
from agents.answers.fences import read_document
from agents.answers.rejection import Rejected

_FEWEST = 3
"""Equal lines in a row that are noise."""


def tests_before_noise(reply: str) -> dict[str, str]:
    """Path -> the Python tests that stand in the unfinished last block of `reply`, up to where it repeats itself.

    Empty when that block is no test file, or what is left of it does not parse or asserts nothing.
    """
    blocks = read_document(reply).blocks
    if not blocks or blocks[-1].closed or not (path := blocks[-1].name or "").endswith(".py"):
        return {}
    kept = _without_noise(blocks[-1].body)
    if not is_python(kept) or not _tests(kept):
        return {}
    try:
        return checked_files([(path, kept)], "")
    except Rejected:
        return {}


def _without_noise(body: str) -> str:
    """Without the last line, which is cut, and what a cycle of lines at the end repeats; the first round stays."""
    lines = body.rstrip("\n").split("\n")[:-1]
    for period in range(1, len(lines) // _FEWEST + 1):
        rounds = 1
        while lines[-period * (rounds + 1) : -period * rounds] == lines[-period:]:
            rounds += 1
        if rounds >= _FEWEST:
            lines = lines[: len(lines) - period * (rounds - 1)]
            break
    return "\n".join(lines) + "\n"


def _tests(source: str) -> bool:
    """Whether a function of a test's name asserts something."""
    tests = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]
    return any(isinstance(node, ast.Assert) for test in tests for node in ast.walk(test))
