"""What must hold for any text, and for damaged replies with real source files in them."""

from __future__ import annotations

import ast
import contextlib
import json
import random
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.answers import Rejected, fenced_files, read_json, read_reply
from agents.answers.paths import parents
from tests.agents.answers.damage import DAMAGES, Files

_FUZZ = settings(derandomize=True, max_examples=150, deadline=None, database=None)
_MODULES = (
    "bisect",
    "colorsys",
    "fnmatch",
    "sched",
    "keyword",
    "linecache",
    "json/scanner",
    "quopri",
    "shlex",
    "genericpath",
)
_PIECES = [
    '{"files": [',
    '{"path": "a.py", "content": "',
    "```",
    "```python a.py\n",
    "### FILE: a.py\n",
    "<file path='a'>",
    "</file>",
]
_PIECES += [
    "<think>",
    "</think>",
    '"',
    "'",
    "\\",
    "\\n",
    "\n",
    "{",
    "[",
    "}",
    "]",
    ":",
    ",",
    '"""',
    "x = 1",
    "files:\n  - ",
    "[[files]]\n",
]
_PIECES += ["<|channel|>", "--- /dev/null\n", "&quot;", "DELETE: a", "~~~", "//", "/*", "\ud800", "\0", "“"]
_NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}\.(py|js|txt|html|css|md)", fullmatch=True)
_LINES = st.lists(
    st.one_of(
        st.sampled_from(["x = 1", "```", "````js", "~~~", '"', "\\n", "\t'", "<think>", "é€", ""]),
        st.text(st.characters(codec="utf-8", exclude_characters="\0\n"), max_size=12),
    ),
    max_size=8,
)
_CONTENTS = st.one_of(st.just(""), _LINES.map(lambda lines: "".join(f"{line}\n" for line in ["start", *lines, "end"])))
_FILES = st.dictionaries(_NAMES, _CONTENTS, min_size=1, max_size=4)


@_FUZZ
@given(
    st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=6)), max_size=25).map("".join),
    st.sampled_from(["stop", "length"]),
)
def test_any_text_is_an_answer_or_rejected(text: str, finish: str) -> None:
    for read in (read_reply, read_json):
        with contextlib.suppress(Rejected):
            read(text, finish=finish)


@_FUZZ
@given(_FILES)
def test_our_format_and_strict_json_give_back_the_files_exactly(files: Files) -> None:
    answer = json.dumps({"files": [{"path": path, "content": content} for path, content in files.items()]})
    for reply in (fenced_files(files), answer):
        if _is_no_project(files):
            with pytest.raises(Rejected):
                read_reply(reply)
        else:
            assert read_reply(reply).files == files


def _is_no_project(files: Files) -> bool:
    """Refused whatever the format: nothing in it, or a file that is also a folder."""
    folders = {folder for path in files for folder in parents(path)}
    return not any(content.strip() for content in files.values()) or bool(folders & set(files))


def _sources() -> list[str]:
    folder = Path(sysconfig.get_path("stdlib"))
    return [(folder / f"{name}.py").read_text(encoding="utf-8") for name in _MODULES]


def _strict(reply: str) -> Files | None:
    """What the strictest reader of the same notation makes of it: json.loads, or Python for a Python literal."""
    read = ast.literal_eval if reply.startswith("{'") else json.loads
    try:
        return {str(file["path"]): str(file["content"]) for file in read(reply)["files"]}
    except (ValueError, SyntaxError, KeyError, TypeError):
        return None


def _ours(reply: str) -> Files | None:
    try:
        return dict(read_reply(reply).files)
    except Rejected:
        return None


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_read_wrongly_only_where_it_leaves_valid_json(kind: str) -> None:
    """A character missing inside a string may leave valid JSON: no reader can see it, the syntax gate has to."""
    rng = random.Random(kind)
    sources = _sources()
    for number in range(8):
        chosen = rng.sample(sources, 1 + number % 3)
        files = {f"module{index}.py": source for index, source in enumerate(chosen)}
        reply = DAMAGES[kind](files, rng)
        ours, strict = _ours(reply), _strict(reply)
        assert ours in (None, files) or ours == strict, (kind, number)
        if strict == files and reply.startswith('{"'):
            assert ours == files
