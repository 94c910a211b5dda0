"""Out of a reply that stopped too early: the files that are complete beyond doubt."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator

from agents.answers.blocks import certain_files
from agents.answers.fences import read_document
from agents.answers.rejection import Rejected
from agents.answers.shapes import Pairs, files_in
from agents.answers.strict_json import value_at
from agents.answers.tags import complete_files_in_tags

Check = Callable[[Pairs], dict[str, str]]
"""`checked_files` with the project already given."""

_LIST = re.compile(r"(?:[\"']files[\"']\s*:\s*)?\[\s*(?=\{)", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*,?\s*")


def complete_files(text: str, check: Check) -> dict[str, str]:
    """Path -> content, empty when nothing is certain."""
    try:
        document = read_document(text)
        if document.named:
            return check(certain_files(text, document))
        return check(complete_files_in_tags(text) or list(_json_items(text)))
    except Rejected as rejected:
        return dict(rejected.salvage)


def _json_items(text: str) -> Iterator[tuple[str, str]]:
    """The items of the first list of objects, up to the one that is cut."""
    start = _LIST.search(text)
    at = start.end() if start else len(text)
    while text.startswith("{", at):
        try:
            item, at = value_at(text, at)
        except (json.JSONDecodeError, Rejected):
            return
        with contextlib.suppress(Rejected):
            yield from files_in([item]) or ()
        between = _BETWEEN.match(text, at)
        at = between.end() if between else at
