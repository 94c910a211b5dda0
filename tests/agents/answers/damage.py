"""Eighteen ways in which replies get damaged; each takes files and a random generator, and gives a reply."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

Files = dict[str, str]
Damage = Callable[[Files, random.Random], str]


def _answer(files: Files, indent: int | None = None) -> str:
    return json.dumps({"files": [{"path": path, "content": content} for path, content in files.items()]}, indent=indent)


def _drop(text: str, rng: random.Random, pattern: str, replacement: str = "") -> str:
    """The text with one random match of the pattern replaced."""
    matches = list(re.finditer(pattern, text))
    if not matches:
        return text
    match = rng.choice(matches)
    return text[: match.start()] + replacement + text[match.end() :]


def _insert(text: str, rng: random.Random, piece: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + piece + text[at:]


DAMAGES: dict[str, Damage] = {
    "whole": lambda files, rng: _answer(files),
    "fence and prose": lambda files, rng: f"Sure {{here}}:\n```json\n{_answer(files, 2)}\n```\nDone [1].",
    "trailing commas": lambda files, rng: re.sub(r'(?<!\\)"}(?=[,\]])', '",}', _answer(files)),
    "raw line ends": lambda files, rng: re.sub(r"(?<!\\)((?:\\\\)*)\\n", r"\1" + "\n", _answer(files)),
    "bare quotes": lambda files, rng: _answer(files).replace('\\"', '"'),
    "one bare quote": lambda files, rng: _drop(_answer(files), rng, r'\\"', '"'),
    "one quote dropped": lambda files, rng: _drop(_answer(files), rng, '"'),
    "one quote added": lambda files, rng: _insert(_answer(files), rng, '"'),
    "one backslash dropped": lambda files, rng: _drop(_answer(files), rng, r"\\"),
    "one backslash added": lambda files, rng: _insert(_answer(files), rng, "\\"),
    "backslashes halved": lambda files, rng: _answer(files).replace("\\\\", "\\"),
    "escaped apostrophes": lambda files, rng: _answer(files).replace("'", "\\'"),
    "python literal": lambda files, rng: str(json.loads(_answer(files))),
    "python literal, one quote dropped": lambda files, rng: _drop(str(json.loads(_answer(files))), rng, "'"),
    "cut": lambda files, rng: (text := _answer(files))[: rng.randrange(1, len(text))],
    "one character dropped": lambda files, rng: _drop(_answer(files), rng, r"(?s)."),
    "one bracket dropped": lambda files, rng: _drop(_answer(files, 1), rng, r"[\[\]{},:]"),
    "no closers": lambda files, rng: _answer(files)[: -rng.randrange(1, 4)],
}
