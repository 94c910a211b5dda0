"""Out of a reply that stopped too early: the files that are complete beyond doubt."""

from __future__ import annotations

import contextlib
import re

from agents.answers.blocks import certain_files
from agents.answers.checks import Check
from agents.answers.fences import read_document
from agents.answers.file_entry import ENCODING_KEYS, FOLDER_KEYS
from agents.answers.formats import first_format
from agents.answers.json_scan import answer_start
from agents.answers.rejection import Rejected
from agents.answers.shapes import Pairs, files_in
from agents.answers.strict_json import value_at
from agents.answers.tags import complete_files_in_tags
from agents.answers.wholeness import CUT_KEYS

_LIST = re.compile(r"(?:[\"']files[\"']\s*:\s*)?\[\s*(?=\{)", re.IGNORECASE)
_ABOUT_ALL = re.compile(rf"[\"'](?:is_)?(?:{'|'.join((*FOLDER_KEYS, *ENCODING_KEYS, *CUT_KEYS, 'complete'))})[\"']\s*:")
_BETWEEN = re.compile(r"\s*(?:,\s*|(?=[\]{])|\Z)")


def complete_files(text: str, check: Check) -> dict[str, str]:
    """Path -> content, empty when nothing is certain."""
    try:
        document = read_document(text)
        match first_format(text, document):
            case "fences":
                return check.files(certain_files(text, document))
            case "tags":
                return check.files(complete_files_in_tags(text))
            case _:
                return check.files(_json_items(text))
    except Rejected as rejected:
        return dict(rejected.salvage)


def _json_items(text: str) -> Pairs:
    """The items of the first list of objects, up to the one that is cut.

    None when another answer follows, or when a member beside the list says where they lie, how they are encoded or
    whether they are whole.
    """
    pairs: Pairs = []
    start = _LIST.search(text)
    at = start.end() if start and not _ABOUT_ALL.search(text, 0, start.start()) else len(text)
    while text.startswith("{", at):
        try:
            item, end = value_at(text, at)
        except (ValueError, Rejected):
            return pairs
        between = _BETWEEN.match(text, end)
        if between is None:
            return pairs
        with contextlib.suppress(Rejected):
            pairs += files_in([item]) or ()
        at = between.end()
    return [] if _ABOUT_ALL.search(text, at) or answer_start(text[at:]) is not None else pairs
