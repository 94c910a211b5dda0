"""The model's part of a verification: yes or no to each acceptance criterion, with a quotation that our code checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .text import line

MIN_QUOTE = 6
_SECTION = re.compile(r"(?ims)^#{1,6}\s*acceptance criteria\b[^\n]*\n(.*?)(?=^#{1,6}\s|\Z)")
_BULLET = r"(?:[-*+]|\d+[.)])\s+"
_NUMBER = r"(?:\[[ xX]?\]\s*)?[*_`]*(?P<id>R\d+(?:\.\d+)?)[*_`]*\s*(?:[:.)\u2013\u2014-][*_]*|\s)\s*"
_CRITERION = re.compile(rf"^\s*(?:{_BULLET})?{_NUMBER}(?P<text>\S.*)$")
_ITEM = re.compile(rf"^\s*{_BULLET}(?P<text>\S.*)$")
MAX_CRITERIA = 20


@dataclass(frozen=True)
class Criterion:
    """One thing that must hold."""

    id: str
    text: str


@dataclass(frozen=True)
class Answer:
    """The model's answer, after our check of its quotation."""

    criterion: Criterion
    met: bool | None
    """None: unproven, the quotation stands nowhere in what the model was shown; it does not count."""
    quote: str = ""


@dataclass(frozen=True)
class Review:
    """What the model said of the project."""

    answers: tuple[Answer, ...] = ()
    unmeasured: str = ""
    """Why there is no review; empty when there is one."""
    provider: str = ""
    model: str = ""

    @property
    def proven(self) -> tuple[Answer, ...]:
        return tuple(answer for answer in self.answers if answer.met is not None)


def criteria_of(plan: str, requirements: str) -> tuple[Criterion, ...]:
    """The plan's acceptance criteria; without any, the lines of the requirements. Ids are unique, at most 20."""
    section = _SECTION.search(plan.replace("\r\n", "\n") + "\n")
    found: list[tuple[str, str]] = []
    for raw in section[1].splitlines() if section else ():
        if match := _CRITERION.match(raw):
            found.append((match["id"], match["text"]))
        elif match := _ITEM.match(raw):
            found.append(("", match["text"]))
    return tuple(_numbered(found or [("", text) for text in _requirement_lines(requirements)])[:MAX_CRITERIA])


def _requirement_lines(requirements: str) -> Iterable[str]:
    """Numbered or bulleted lines when there are any, else every line that says something."""
    lines = [text for text in requirements.splitlines() if text.strip()]
    items = [match["text"] for text in lines if (match := _ITEM.match(text))]
    return items or [text.strip() for text in lines]


def _numbered(found: list[tuple[str, str]]) -> list[Criterion]:
    seen: dict[str, int] = {}
    criteria = []
    for number, (name, text) in enumerate(found, start=1):
        base = name or f"R{number}"
        seen[base] = seen.get(base, 0) + 1
        criteria.append(Criterion(base if seen[base] == 1 else f"{base}/{seen[base]}", line(text.strip(), 300)))
    return criteria


def schema(criteria: tuple[Criterion, ...]) -> Mapping[str, Any]:
    """The JSON schema of an answer."""
    answer = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "enum": [criterion.id for criterion in criteria]},
            "quote": {"type": "string", "maxLength": 300},
            "met": {"type": "boolean"},
        },
        "required": ["id", "quote", "met"],
        "additionalProperties": False,
    }
    answers = {"type": "array", "items": answer, "minItems": 1, "maxItems": len(criteria)}
    return {
        "type": "object",
        "properties": {"criteria": answers},
        "required": ["criteria"],
        "additionalProperties": False,
    }


def read_answers(content: Any, criteria: tuple[Criterion, ...], shown: str) -> tuple[Answer, ...] | str:
    """The answers of a parsed reply, or what is wrong with it. Criteria without an answer are unproven."""
    entries = content.get("criteria") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        return 'the answer is no object with a list "criteria"'
    given: dict[str, tuple[bool, str]] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        name, met, quote = str(entry.get("id", "")).strip(), _boolean(entry.get("met")), entry.get("quote")
        if met is not None and isinstance(quote, str):
            given.setdefault(name.upper(), (met, quote))
    if not any(criterion.id.upper() in given for criterion in criteria):
        return 'no entry has one of the ids, "met" true or false, and "quote"'
    haystack = squeezed(shown)
    return tuple(_checked(criterion, given.get(criterion.id.upper()), haystack) for criterion in criteria)


def _checked(criterion: Criterion, given: tuple[bool, str] | None, haystack: str) -> Answer:
    if given is None:
        return Answer(criterion, None)
    met, quote = given
    needle = squeezed(quote).strip("`\"'. ")
    proven = len(needle) >= MIN_QUOTE and needle in haystack
    return Answer(criterion, met if proven else None, line(quote, 200))


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"yes": True, "true": True, "no": False, "false": False}.get(str(value).strip().lower())


def squeezed(text: str) -> str:
    """`text` with every run of white space as one space, and without the line numbers a model may have copied."""
    return " ".join(text.split())
