"""Examples such as `"59" is valid, "0" is not`, where all is about one function `is_valid` that says yes or no."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from agents.literals import LONGEST, literal
from agents.plain_words import is_plain

_ASKS = re.compile(r"is_(?P<snake>[a-z][a-z0-9_]*)|is(?P<camel>[A-Z]\w*)")
_BEGIN = re.compile(
    r"(?:^|(?<=\.)\s|\n|\):\s)\s{0,3}(?:[-*]\s)?(?:(?:examples?|for example|e\.g\.)[,:]?\s+)?`?", re.IGNORECASE
)
"""Of a sentence: in its middle, who knows what was said before."""
_AND = re.compile(r"`?\s{0,3}(?:(?:,|;|and|but|und)\s{1,3}){1,2}`?")
_END = re.compile(r"`?\s{0,3}(?:$|[;)](?=\s|$)|\.(?![\w.])|\n)")
_ANSWERS_OTHERWISE = re.compile(
    r"\b(?:raises?|throws?|prints?|printed|outputs?|messages?|mistakes?|wrong(?:ly)?)\b|"
    r"\b(?:returns?|gives?|answers?|replies|responds?)\b(?!:?\s+(?:a\s)?(?:bool|true|false|whether|if)\b)|"
    r"\b(?:true|false)\b[^.\n]{0,80}\bor\s(?!true|false)",
    re.IGNORECASE,
)
"""Anywhere in the requirements: the function may do more than say True and False."""
_OF_TEXT = re.compile(
    r"\b(?:str|texts?|strings?|words?|names?|sentences?|lines?|letters?|characters?|digits?|pins?|codes?|isbns?|ids?|"
    r"passwords?|phones?|emails?|dates?)\b",
    re.IGNORECASE,
)
_MOST = 2000
"""Sentences that are looked at in one text."""
_MOST_CLAUSES = 20


def kinds(text: str, function: str, home: str, requirements: str) -> Iterator[tuple[str, bool]]:
    """Literals in the language of the file `home`, each with whether `function` says yes to it.

    `requirements` are all of them: they may tell that the function answers in another way, or takes texts alone.
    """
    asks = _ASKS.fullmatch(function)
    if asks is None or _ANSWERS_OTHERWISE.search(requirements):
        return
    words = (asks["snake"] or re.sub(r"(?<=.)(?=[A-Z])", "_", asks["camel"])).lower().replace("_", r"\s")
    says = re.compile(
        rf"`?\s{{1,3}}(?:is|are)(?P<no>\s(?:not|no))?(?:\san?)?(?P<word>\s{words})?(?![\w-])", re.IGNORECASE
    )
    of_text = bool(_OF_TEXT.search(requirements))
    for begin in islice(_BEGIN.finditer(text), _MOST):
        yield from _chain(text, begin.end(), home, says, of_text=of_text)


def _chain(text: str, start: int, home: str, says: re.Pattern[str], *, of_text: bool) -> list[tuple[str, bool]]:
    """What the clauses from `start` on say, to the end of the sentence; empty when one says something else as well."""
    found, at, named = list[tuple[str, bool]](), start, False
    for _ in range(_MOST_CLAUSES):
        value = literal(text[at : at + LONGEST], home)
        said = says.match(text, at + len(value)) if value else None
        if not said or not (said["no"] or said["word"]) or (of_text and value[0] not in "\"'"):
            return []
        found.append((value, not said["no"]))
        named = named or bool(said["word"])
        more = _AND.match(text, said.end())
        if not more:
            whole = named and _END.match(text, said.end()) and is_plain(text, start, said.end())
            return found if whole else []
        at = more.end()
    return []
