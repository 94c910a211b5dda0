"""Saves the tests of a reply that was cut off, or in which the model began to repeat itself.

Small models write right code, and then one assertion after the other until they are stopped. The tests that stand there
whole are good without those that would have followed. This is for tests alone: of a program nobody could say what is
missing.
"""

from __future__ import annotations

import ast
import re

from agents.answers.checks import checked_files
from agents.answers.contents import is_python
from agents.answers.fences import read_document
from agents.answers.rejection import Rejected

_EQUAL = 3
"""Equal lines in a row that are noise."""
_ALIKE = 10
"""Lines in a row that differ in their numbers only and are noise."""
_LONGEST_STATEMENT = 40
"""Lines that are given up at most, to come to the end of a statement."""
_NUMBER = re.compile(r"-?\d+")


def saved_tests(reply: str) -> dict[str, str]:
    """Path -> the Python tests that stand whole in the unfinished last block of `reply`.

    Empty when that block is no Python file, or what is left of it asserts nothing.
    """
    blocks = read_document(reply).blocks
    if not blocks or blocks[-1].closed or not (path := blocks[-1].name or "").endswith(".py"):
        return {}
    kept = _whole_statements(_without_noise(blocks[-1].body.rstrip("\n").split("\n")[:-1]))
    if not kept or not _tests(kept):
        return {}
    try:
        return checked_files([(path, kept)], "")
    except Rejected:
        return {}


def _without_noise(lines: list[str]) -> list[str]:
    """Without what a cycle of lines at the end repeats; the first round stays."""
    masked = [_NUMBER.sub("0", line) for line in lines]
    return lines[: min(_before_cycle(lines, _EQUAL), _before_cycle(masked, _ALIKE))]


def _before_cycle(lines: list[str], fewest: int) -> int:
    """How many lines there are up to the first round of the cycle at the end, which has `fewest` rounds at least."""
    for period in range(1, len(lines) // fewest + 1):
        rounds = 1
        while lines[-period * (rounds + 1) : -period * rounds] == lines[-period:]:
            rounds += 1
        if rounds >= fewest:
            return len(lines) - period * (rounds - 1)
    return len(lines)


def _whole_statements(lines: list[str]) -> str:
    """As many of the lines as are Python; empty when that is not nearly all of them."""
    for end in range(len(lines), max(0, len(lines) - _LONGEST_STATEMENT), -1):
        source = "\n".join(lines[:end]).rstrip() + "\n"
        if is_python(source):
            return source
    return ""


def _tests(source: str) -> bool:
    """Whether a function of a test's name asserts something."""
    tests = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]
    return any(isinstance(node, ast.Assert) for test in tests for node in ast.walk(test))
