"""Examples that stand in the requirements themselves: `rotate("Zebra!", 1) is "Afcsb!"` is the user's word.

They cost no model call, nobody can have guessed them wrong, and no code was written when they were. Only what can be
read in one way is taken: a call with literal arguments, a word such as *is* or *returns*, a literal, and the end of the
clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from agents.homes import Homes
from agents.literals import LONGEST, balanced, is_literal_call, literal
from agents.plain_words import is_plain
from agents.plan import PlannedFile
from agents.requirements import Requirement
from agents.stated_kinds import kinds
from agents.stated_runs import stated_runs
from agents.verification.examples import Call, Check

_NAME = re.compile(r"(?<![\w.\"'])(?P<name>[A-Za-z_]\w*)\(")
_GIVES = re.compile(
    r"`?\s{0,3},?\s{0,3}(?:(?:is|are|returns?|gives?|yields?|becomes|equals|(?:should|must) (?:be|return|give)|"
    r"evaluates to|results in|ist|ergibt|liefert)(?: again)?|->|=>|→|==?|=)\s{0,3}"
    r"(?:the (?:text|string|number|list|tuple|value|dict) )?`?",
    re.IGNORECASE,
)
_RAISES = re.compile(
    r"`?\s{0,3},?\s{0,3}(?:raises?|throws?|(?:should|must) (?:raise|throw))(?: an?)? `?(?P<name>[A-Z]\w+)`?",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(
    r"`?\s{0,3}(?:$|[,;:)](?=\s|$)|\.(?![\w.])|\n|(?:and|but|while|since|because|whereas|und|aber)\b|>>>)"
)
_PAIR = re.compile(r"`?\s{1,3}(?:gives|returns|yields|becomes)\s{1,3}`?|`?\s{0,3}(?:->|=>|→)\s{0,3}`?")
_MORE = re.compile(r"`?\s{0,3}(?:(?:,|and|but|und)\s{1,3}){1,2}`?")
_HEADING = re.compile(r"^(?!.*(?:examples?|\)):\s*$).*[:?]\s*$", re.MULTILINE | re.IGNORECASE)
"""What follows may be said to be wrong, asked, or true in one case only."""
_SIGNATURE = re.compile(
    r"(?<![\w.\"'])(?P<name>[A-Za-z_]\w*)\((?P<parameters>[a-z_]\w{0,40}(?:: ?\w{1,40})?(?:, ?\w{1,40}){0,9})\)"
)
_CLAUSE_BEGIN = re.compile(r"^|(?:[,;:.(]|\b(?:and|but|while|examples?:?|instance|so))\s+`?|\n|>>> ", re.IGNORECASE)
_OBJECTS = re.compile(r"\b(?:class(?:es)?|methods?|objects?|Klassen?|Methoden?)\b", re.IGNORECASE)
_PRINTS = re.compile(r"\bprint|\boutput|ausgeb|Ausgabe|\bgibt\b.{0,60}\baus\b", re.IGNORECASE)
_MOST_CALLS = 2000
"""Looked at in one requirement."""
_MOST_REQUIREMENTS = 2000
MOST_STATED = 20


def stated(requirements: Sequence[Requirement], files: Sequence[PlannedFile]) -> tuple[Check, ...]:
    """What the user says must come of a call or a run, at most 20. `files` tell where a function is to be found.

    What is said to have two results is left out.
    """
    found: dict[tuple[str, ...], list[Check]] = {}
    whole = "\n".join(requirement.text for requirement in requirements[:_MOST_REQUIREMENTS])
    only = _only_function(whole)
    homes = Homes(files, signed_only=any(_OBJECTS.search(requirement.text) for requirement in requirements))
    for requirement in requirements[:_MOST_REQUIREMENTS]:
        calls = chain(
            _calls(requirement, homes), _pairs(requirement, only, homes), _kinds(requirement, only, homes, whole)
        )
        for check in chain[Check](calls, stated_runs(requirement, files)):
            found.setdefault(check.question, []).append(check)
    return tuple(checks[0] for checks in found.values() if len(set(map(_result, checks))) == 1)[:MOST_STATED]


def _result(check: Check) -> str:
    return check.expected if isinstance(check, Call) else str(check.stdout)


def _calls(requirement: Requirement, homes: Homes) -> Iterator[Call]:
    text = requirement.text
    for start in islice(_NAME.finditer(text), _MOST_CALLS):
        call = balanced(text, start.start())
        if not call or not (home := homes.of(start["name"], text)) or not is_literal_call(call, home):
            continue
        end = start.start() + len(call)
        if is_plain(text, start.start(), end):
            returns, raises = _outcome(text, start.start(), end, home)
            if returns or raises:
                yield _call(call, home, requirement, returns=returns or None, raises=raises)


def _outcome(text: str, start: int, end: int, home: str) -> tuple[str, str]:
    """What the call from `start` to `end` gives, and what it raises; both empty where nothing clear is said."""
    rest = text[end : end + 2 * LONGEST]
    if (raises := _RAISES.match(rest)) and _CLAUSE_END.match(rest, raises.end()):
        return "", raises["name"]
    if gives := _GIVES.match(rest):
        return _value_at(rest, gives.end(), home), ""
    in_a_session = text.endswith(">>> ", 0, start) and not _PRINTS.search(text)
    return _echoed(rest, home) if in_a_session else "", ""


def _value_at(text: str, start: int, home: str) -> str:
    """The literal at `start`, when nothing follows that belongs to it; empty otherwise."""
    value = literal(text[start:], home)
    end = start + len(value)
    if not value or not _CLAUSE_END.match(text, end):
        return ""
    more = _MORE.match(text, end)
    following = literal(text[more.end() :], home) if more else ""
    if more and following and not _PAIR.match(text, more.end() + len(following)):
        return ""
    return value


def _echoed(rest: str, home: str) -> str:
    """The one line that an interpreter answers."""
    _, first, *more = *rest.split("\n", 2), ""
    value, following = first.strip(), more[0].lstrip(" ") if more else ""
    whole = not following or following.startswith((">>>", "\n", "```", "~~~"))
    return value if rest.startswith("\n") and whole and literal(value, home) == value else ""


def _only_function(whole: str) -> str:
    """The function that all requirements are about, when there is one and it takes one value."""
    signatures = {match["name"]: match["parameters"] for match in _SIGNATURE.finditer(whole)}
    names = {match["name"] for match in _NAME.finditer(whole)}
    if len(names) != 1 or names != signatures.keys() or "," in "".join(signatures.values()):
        return ""
    return names.pop()


def _pairs(requirement: Requirement, only: str, homes: Homes) -> Iterator[Call]:
    """`0 gives "0s", 60 gives "1m"`, where it can only be said of one function."""
    text = requirement.text
    home = homes.of(only, text) if only else ""
    for gives in islice(_PAIR.finditer(text), _MOST_CALLS) if home else ():
        given = _literal_before(text[max(0, gives.start() - LONGEST) : gives.start()], home)
        value = _value_at(text[gives.end() : gives.end() + 2 * LONGEST], 0, home) if given else ""
        if value and not _is_rule(given, value) and is_plain(text, gives.start() - len(given), gives.end()):
            yield _call(f"{only}({given})", home, requirement, returns=value)


def _kinds(requirement: Requirement, only: str, homes: Homes, whole: str) -> Iterator[Call]:
    """`"59" is valid, "0" is not`, where there is one function, `is_valid`."""
    home = homes.of(only, requirement.text) if only else ""
    for given, yes in kinds(requirement.text, only, home, whole) if home and not _HEADING.search(whole) else ():
        value, call = str(yes) if home.endswith(".py") else str(yes).lower(), f"{only}({given})"
        if is_literal_call(call, home):
            yield _call(call, home, requirement, returns=value)


def _is_rule(given: str, value: str) -> bool:
    """Whether a letter becomes another: that is said of letters inside of a text, too."""
    return given[:1] in "\"'" and value[:1] in "\"'" and len(given) <= len("'ab'")


def _literal_before(text: str, home: str) -> str:
    """The literal that `text` ends with, when it begins a clause; the longest when there are several."""
    for match in _CLAUSE_BEGIN.finditer(text):
        found = text[match.end() :]
        if found and literal(found, home) == found:
            return found
    return ""


def _call(call: str, home: str, requirement: Requirement, *, returns: str | None = None, raises: str = "") -> Call:
    return Call(home, call, returns, raises, name=call[:80], requirement=requirement.id, stated=True)
