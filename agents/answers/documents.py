"""Replies that are one YAML or TOML document with a list of files; read only where the format keeps text as it is."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from agents.answers.contents import is_python
from agents.answers.shapes import Pairs, files_in
from agents.answers.strict_json import unique_keys

_YAML_START = re.compile(r"\s*(?:---\s*\n)?files:\s*\n\s*-\s+\w+:", re.IGNORECASE)
_TOML_START = re.compile(r"\s*\[\[files\]\]", re.IGNORECASE)
_WHOLE_FENCE = re.compile(
    r"\s*(?P<marks>`{3,})(?:ya?ml|toml)?[ \t]*\n(?P<body>.*\n)(?P=marks)\s*", re.DOTALL | re.IGNORECASE
)
_LONGEST = 256_000


def files_in_document(text: str) -> Pairs | None:
    """The files, None when the reply is no such document or its text could have been altered on the way."""
    if len(text) > _LONGEST:
        return None
    if fence := _WHOLE_FENCE.fullmatch(text):
        text = fence["body"]
    pairs = None
    if _YAML_START.match(text):
        pairs = _files_in_yaml(text)
    elif _TOML_START.match(text):
        pairs = _files_in_toml(text)
    return pairs if pairs and all(_is_plausible(path, content) for path, content in pairs) else None


def _files_in_yaml(text: str) -> Pairs | None:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return files_in(_plain(node)) if node and _tells_all(text, node) else None
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def _tells_all(text: str, root: yaml.Node) -> bool:
    """There are no comments: one could be meant for the content before it, indented too little or not quoted."""
    lines = text.split("\n")
    told: set[int] = set()
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.ScalarNode):
            start, end = node.start_mark, node.end_mark
            told.update(range(start.line, end.line + (node.style not in ("|", ">"))))
            if node.style is None and lines[end.line][end.column :].lstrip().startswith("#"):
                return False
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            nodes += [part for pair in node.value for part in pair]
    return not any(line.lstrip().startswith("#") for number, line in enumerate(lines) if number not in told)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return unique_keys([(_plain(key), _plain(value)) for key, value in node.value])
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    if node.style != "|" and node.start_mark.line != node.end_mark.line:
        raise ValueError("folded text, in which line ends become spaces")
    return str(node.value)


def _files_in_toml(text: str) -> Pairs | None:
    if "\\" in text:
        return None  # escapes in a multi-line string: meant for TOML or for the code?
    try:
        return files_in(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _is_plausible(path: str, content: str) -> bool:
    """A cut does not show in these formats, so Python has to compile at least."""
    return not path.endswith(".py") or is_python(content)
