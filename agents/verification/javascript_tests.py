"""Where the tests of a JavaScript file begin, by its text alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

_JS_TESTS = re.compile(
    r"""(?<![\w.$/])(?:it|test)(?:\.(?:only|skip|todo))?\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])*+)\1(?=\s*[,)])"""
)
"""A title behind which something else stands than a comma is the beginning of a computed one."""


def javascript_blocks(text: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first test, and each test's title with the lines up to the next one."""
    starts = [(text.rfind("\n", 0, match.start()) + 1, match[2]) for match in _JS_TESTS.finditer(text)]
    if not starts:
        return text, []
    ends = [*(start for start, _ in starts[1:]), len(text)]
    blocks = [(title, text[start:end]) for (start, title), end in zip(starts, ends, strict=True)]
    return text[: starts[0][0]], blocks


def javascript_titles(texts: Mapping[str, str]) -> frozenset[str]:
    """`path::title` of each test with a fixed title."""
    found = ((path, match[2]) for path, text in texts.items() for match in _JS_TESTS.finditer(text))
    return frozenset(f"{path}::{title}" for path, title in found if "${" not in title and "\\" not in title)
