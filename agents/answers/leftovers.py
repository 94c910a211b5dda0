"""Whether what is not taken of a JSON answer holds a file, which would be lost without a word."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from agents.answers.file_entry import PATH_KEYS, is_one_file
from agents.answers.paths import looks_like_path
from agents.answers.strict_json import inner_json

QUOTE = r"\\?[\"'\u201c-\u201f]"
IS = r"\s*(?:=>?|[:\uff1a])\s*"
"""Patterns for a quote and a colon as careless JSON has them."""
_NAMES_A_FILE = re.compile(
    rf"\b(?:contents?|code|source|file_?(?:content|text)){QUOTE}?{IS}(?:{QUOTE}|[`\[])|"
    rf"path{QUOTE}?{IS}{QUOTE}[^{{}}]{{0,300}}?\b(?:text|body){QUOTE}?{IS}{QUOTE}|"
    rf"\bfiles{QUOTE}?{IS}[\[{{]|{QUOTE}[^\s\"'\u201c-\u201f]+\.[A-Za-z]\w{{0,7}}{QUOTE}{IS}(?:{QUOTE}|\{{)",
    re.IGNORECASE,
)
_DEEPEST = 8


def names_a_file(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether JSON that cannot be read was about a file, as far as its keys tell."""
    return bool(_NAMES_A_FILE.search(text, start, len(text) if end is None else end))


def holds_file(value: Any, taken: Collection[str] = (), depth: int = 0) -> bool:
    """Whether a file lies anywhere in the value. Text under a path of `taken` is a remark about that file."""
    if depth > _DEEPEST:
        return True
    if isinstance(value, str):
        inner = inner_json(value)
        return names_a_file(value) if inner is None else holds_file(inner, taken, depth + 1)
    if isinstance(value, list):
        return any(holds_file(item, taken, depth + 1) for item in value)
    if not isinstance(value, dict):
        return False
    return (
        _is_file({key.lower(): member for key, member in value.items()})
        or any(_is_file_name(key) and key not in taken and isinstance(member, str) for key, member in value.items())
        or any(holds_file(member, taken, depth + 1) for member in value.values())
    )


def _is_file(members: dict[str, Any]) -> bool:
    """Its path is a path, and not the schema of one."""
    return is_one_file(members) and not any(isinstance(members.get(key), dict) for key in PATH_KEYS)


def _is_file_name(key: str) -> bool:
    """`version` and `license` are file names in a list of files only."""
    return looks_like_path(key) and not (key.islower() and key.isidentifier())
