"""YAML text as plain values plus the place of each; what the values mean is for others to say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

Path_ = tuple[str | int, ...]
"""Keys and list positions from the top of the document down to a value."""

MAX_BYTES = 1 << 20
MAX_VALUES = 10_000
"""Values of one document with every alias written out; a settings file has a few hundred."""


@dataclass(frozen=True)
class Place:
    """Where something stands in a file, both counted from 1."""

    line: int
    column: int


class YamlError(Exception):
    """The text is no YAML that we read; says why, and where if that is known."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Document:
    """One YAML mapping."""

    values: dict[str, Any]
    lines: tuple[str, ...] = ()
    places: dict[Path_, Place] = field(default_factory=dict)
    """Path -> where its key stands, or the item itself in a list."""


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2: `off`, `1:30` and `2026-01-01` are text, `1e6` is a number."""


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^(?:<<)$"), ["<"])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^(?:[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?"
               r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"),
    list("-+.0123456789"),
)  # fmt: skip


def decode(raw: bytes) -> str:
    """The text of a settings file: UTF-8, or UTF-16 with its mark; a leading mark is dropped."""
    if len(raw) > MAX_BYTES:
        raise YamlError(f"is {len(raw):,} bytes long; a settings file has at most {MAX_BYTES:,}")
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        place = Place(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise YamlError("is not UTF-8 text; save it as UTF-8", place) from error


def parse(text: str) -> Document:
    """`text` as one mapping; empty text is an empty mapping. Raises YamlError."""
    lines = tuple(text.splitlines())
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return Document({}, lines)
        places = dict(_places(node))
        values = loader.construct_document(node)
    except RecursionError as error:
        raise YamlError("is nested too deeply") from error
    except yaml.YAMLError as error:
        raise _translated(error, text, lines) from error
    except ValueError as error:
        raise YamlError(f"holds a value that cannot be read: {error}") from error
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(values, dict):
        raise YamlError("must be a list of `key: value` lines", Place(1, 1))
    return Document(values, lines, places)


def _places(root: yaml.Node) -> Iterator[tuple[Path_, Place]]:
    """Every value's path and place, aliases written out; refuses duplicate keys, loops and bombs."""
    count = 0
    stack: list[tuple[yaml.Node, Path_, frozenset[int]]] = [(root, (), frozenset())]
    while stack:
        node, path, above = stack.pop()
        count += 1
        if count > MAX_VALUES:
            raise YamlError(f"holds more than {MAX_VALUES:,} values once its aliases are written out", _place(node))
        if id(node) in above:
            raise YamlError("has an alias inside the value it stands for", _place(node))
        for key, child, place in _children(node):
            yield (*path, key), place
            stack.append((child, (*path, key), above | {id(node)}))


def _children(node: yaml.Node) -> Iterator[tuple[str | int, yaml.Node, Place]]:
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield position, item, _place(item)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, Place] = {}
        for key, value in node.value:
            place = _place(key)
            name = _key(key, place)
            if name in seen:
                raise YamlError(f"`{name}` is there twice, first in line {seen[name].line}; keep one", place)
            seen[name] = place
            yield name, value, place


def _key(node: yaml.Node, place: Place) -> str:
    text_like = isinstance(node, yaml.ScalarNode) and node.tag in (
        "tag:yaml.org,2002:str",
        "tag:yaml.org,2002:merge",
    )
    if not text_like:
        raise YamlError("a key must be text; put it in quotes", place)
    return str(node.value)


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _translated(error: yaml.YAMLError, text: str, lines: tuple[str, ...]) -> YamlError:
    """PyYAML's complaint in words for somebody who never read the YAML specification."""
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        place = Place(before.count("\n") + 1, error.position - before.rfind("\n"))
        return YamlError("holds a control character; delete it", place)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return YamlError(f"is not valid YAML: {error}")
    place = Place(mark.line + 1, mark.column + 1)
    for number in {place.line, place.line - 1} & set(range(1, len(lines) + 1)):
        line = lines[number - 1]
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return YamlError("is indented with a tab; YAML wants spaces", Place(number, line.index("\t") + 1))
    problem = getattr(error, "problem", None) or getattr(error, "context", None) or "it cannot be read"
    return YamlError(f"is not valid YAML: {problem}", place)
