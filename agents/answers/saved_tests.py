"""Saves the tests of a reply that was cut off, or in which the model began to repeat itself.

Small models write right code, and then one assertion after the other until they are stopped. The tests that stand there
whole are good without those that would have followed. This is for tests alone: of a program nobody could say what is
missing.
"""

from __future__ import annotations

import ast
import re

from agents.answers.checks import Check
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
_JAVASCRIPT = (".js", ".mjs", ".cjs", ".ts")
_MARGIN = re.compile(r"\}\)?;?\s*$")
_CHECK = re.compile(r"\bassert\b[.\w]*\(|\bexpect\(")


def saved_tests(reply: str) -> dict[str, str]:
    """Path -> the tests that stand whole in the unfinished last block of `reply`.

    Empty when that block is no Python or JavaScript file, or what is left of it asserts nothing.
    """
    blocks = read_document(reply).blocks
    if not blocks or blocks[-1].closed:
        return {}
    path, lines = blocks[-1].name or "", blocks[-1].body.rstrip("\n").split("\n")[:-1]
    if path.endswith(".py"):
        kept = _whole_statements(_without_noise(lines))
    elif path.endswith(_JAVASCRIPT):
        kept = _whole_blocks(lines)
    else:
        return {}
    if not kept:
        return {}
    try:
        return Check().files([(path, kept)])
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
            return source if _asserts(source) else ""
    return ""


def _whole_blocks(lines: list[str]) -> str:
    """JavaScript up to the last block that ends at the margin; empty when that is not nearly all, or checks nothing."""
    ends = [number for number, line in enumerate(lines, 1) if _MARGIN.match(line)]
    if not ends or len(lines) - ends[-1] > _LONGEST_STATEMENT:
        return ""
    source = "\n".join(lines[: ends[-1]]) + "\n"
    return source if _CHECK.search(source) else ""


def _asserts(source: str) -> bool:
    """Whether a function of a test's name asserts something."""
    tests = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    ]
    return any(isinstance(node, ast.Assert) for test in tests for node in ast.walk(test))
