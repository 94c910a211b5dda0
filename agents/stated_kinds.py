"""Examples such as `"59" is valid, "0" is not`, where all is about one function `is_valid`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from agents.literals import literal
from agents.plain_words import is_plain

_ASKS = re.compile(r"is_(?P<snake>[a-z][a-z0-9_]*)|is(?P<camel>[A-Z]\w*)")
_BEGIN = re.compile(r"^|(?:[,;:.(]|\b(?:examples?:?|instance|so))\s+`?|\n", re.IGNORECASE)
_AND = re.compile(r"`?\s{0,3}(?:(?:,|;|and|but|und)\s{1,3}){1,2}`?")
_END = re.compile(r"`?\s{0,3}(?:$|[;:)](?=\s|$)|\.(?![\w.])|\n)")
_MOST = 2000
"""Beginnings of clauses that are looked at in one text."""


def kinds(text: str, function: str, home: str) -> Iterator[tuple[str, bool]]:
    """Literals in the language of the file `home`, each with whether `function` says yes to it."""
    asks = _ASKS.fullmatch(function)
    if asks is None:
        return
    words = (asks["snake"] or re.sub(r"(?<=.)(?=[A-Z])", "_", asks["camel"])).lower().replace("_", r"\s")
    says = re.compile(
        rf"`?\s{{1,3}}(?:is|are)(?P<no>\s(?:not|no))?(?:\san?)?(?P<word>\s{words})?(?![\w-])", re.IGNORECASE
    )
    for begin in islice(_BEGIN.finditer(text), _MOST):
        yield from _chain(text, begin.end(), home, says)


def _chain(text: str, start: int, home: str, says: re.Pattern[str]) -> list[tuple[str, bool]]:
    """What the clauses from `start` on say, to the end of the sentence; empty when one says something else as well."""
    found, at, named = list[tuple[str, bool]](), start, False
    while value := literal(text[at:], home):
        said = says.match(text, at + len(value))
        if not said or not (said["no"] or said["word"]):
            return []
        found.append((value, not said["no"]))
        named = named or bool(said["word"])
        more = _AND.match(text, said.end())
        at = more.end() if more else said.end()
        if not more:
            break
    return found if named and _END.match(text, at) and is_plain(text, start, at) else []
