"""Says what is wrong in a settings file, where, and what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticUndefined

from .yaml_source import Document, Path_, Place

MOST = 10
"""More problems than this are only counted."""


_SECRET = re.compile(r"api.?key|secret|passw|authoriz|bearer|sk-", re.IGNORECASE)
_EXCERPT = re.compile(r" +\d* \| ")
_STAND_INS = {"\t": "\N{RIGHTWARDS ARROW}"}


@dataclass(frozen=True)
class Problem:
    """One thing to mend."""

    message: str
    path: Path_ = ()
    place: Place | None = None
    advice: str = ""
    """What to write instead, a sentence without its full stop; empty when we do not know."""


class ConfigError(Exception):
    """Settings that cannot be used. The text is ready to print: file, line, column, key and advice for each problem."""

    @classmethod
    def listing(cls, source: str, problems: Sequence[Problem], lines: Sequence[str]) -> Self:
        """The problems in `source`, in the order of the file; `lines` are the file's."""
        ordered = sorted(problems, key=lambda problem: problem.place.line if problem.place else 0)
        texts = [_paragraph(source, problem, lines) for problem in ordered[:MOST]]
        if len(ordered) > MOST:
            texts.append(f"... and {len(ordered) - MOST} more")
        return cls("\n".join(texts))

    @property
    def brief(self) -> str:
        """The same in one line, without the lines of the file."""
        return "; ".join(row for row in str(self).splitlines() if not _EXCERPT.match(row))


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean X?`, or nothing when no known word is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.55)
    return f"did you mean `{near[0]}`?" if near else ""


def explain(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Pydantic's errors as problems with their place in the document."""
    return [_problem(detail, model, document) for detail in error.errors(include_url=False)]


def _paragraph(source: str, problem: Problem, lines: Sequence[str]) -> str:
    place = problem.place
    head = f"{source}, line {place.line}, column {place.column}" if place else source
    dotted = ".".join(str(part) for part in problem.path)
    text = f"{head}: {dotted + ' ' if dotted else ''}{problem.message}"
    if problem.advice:
        text += f"; {problem.advice}"
    if place and place.line <= len(lines):
        line = _shown(lines[place.line - 1])
        text += f"\n    {place.line:>4} | {line}\n         | {' ' * (place.column - 1)}^" if line else ""
    return text


def _shown(line: str) -> str:
    """The line as it can be printed; none when it is long or may hold a secret, which belongs in no terminal or log."""
    if len(line) > 200 or _SECRET.search(line):
        return ""
    return "".join(character if character.isprintable() else _STAND_INS.get(character, " ") for character in line)


def _problem(detail: ErrorDetails, model: type[BaseModel], document: Document) -> Problem:
    path = _in_document(detail["loc"], document)
    place = _nearest_place(path, document)
    if detail["type"] == "extra_forbidden":
        known = list(_fields(model, path[:-1]))
        advice = nearest(str(path[-1]), known) or "known here: " + ", ".join(known)
        return Problem("is not a known key", path, place, advice)
    field = _fields(model, path[:-1]).get(str(path[-1])) if path else None
    return Problem(_message(detail), path, place, _example(path, field))


def _in_document(loc: tuple[int | str, ...], document: Document) -> Path_:
    """`loc` without the parts that pydantic adds for unions, which no reader of the file has written."""
    path: Path_ = ()
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        if (*path, part) in document.places or last or not any(p[: len(path)] == path for p in document.places):
            path = (*path, part)
    return path


def _nearest_place(path: Path_, document: Document) -> Place | None:
    for length in range(len(path), 0, -1):
        if path[:length] in document.places:
            return document.places[path[:length]]
    return None


def _message(detail: ErrorDetails) -> str:
    given = detail["input"]
    match detail["type"]:
        case "missing":
            return "is missing"
        case "string_type" if isinstance(given, int | float):
            return f"must be text; put {given} in quotes"
        case "model_type" | "dict_type" | "model_attributes_type":
            return "must be a list of `key: value` lines, indented below it"
        case "value_error" if isinstance(given, str):
            return str(detail["ctx"]["error"])
        case "value_error":
            message = str(detail["ctx"]["error"])
        case "too_short":
            message = "needs at least one entry"
        case "path_type":
            message = "must be a path"
        case _:
            message = detail["msg"].replace("Input should be", "must be").replace("valid boolean", "true or false")
    if given is None:
        return f"{message}, but is empty"
    return f"{message}, not {given!r}" if isinstance(given, int | float) or _short(given) else message


def _short(given: object) -> bool:
    return isinstance(given, str) and len(given) <= 60 and not _SECRET.search(given)


def _example(path: Path_, field: FieldInfo | None) -> str:
    if field is None or not path:
        return ""
    value: Any = (field.examples or [field.default])[0]
    if value is PydanticUndefined or value is None or isinstance(value, BaseModel):
        return ""
    shown = yaml.safe_dump(value if isinstance(value, str | int | float | list) else str(value)).splitlines()[0]
    return f"for example `{path[-1]}: {shown}`"


def _fields(model: type[BaseModel], path: Path_) -> dict[str, FieldInfo]:
    """The keys that are known at `path`."""
    return {name: field for each in _inside(model, path) for name, field in each.model_fields.items()}


def _inside(annotation: Any, path: Path_) -> Iterator[Any]:
    """What is annotated at `path` below `annotation`; for an empty path the models that it may be."""
    if _is_model(annotation):
        if not path:
            yield annotation
        elif path[0] in annotation.model_fields:
            yield from _inside(annotation.model_fields[path[0]].annotation, path[1:])
    elif get_origin(annotation) is dict:
        if path:
            yield from _inside(get_args(annotation)[1], path[1:])
    else:
        for inner in get_args(annotation):
            yield from _inside(inner, path)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
