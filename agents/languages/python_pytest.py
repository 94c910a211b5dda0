"""What a project's own configuration of pytest says, as far as it stays valid under our runner.

Options that choose tests or change how a run ends do not: they are how failing tests would be left out.
"""

from __future__ import annotations

import configparser
import fnmatch
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from agents.verification.source import is_test_file, parse, test_names
from agents.verification.tree import Tree

_INI_FILES = (("pytest.ini", "pytest"), (".pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest"))
_FILES = ("test_*.py", "*_test.py")
_FUNCTIONS = ("test",)
"""pytest's own patterns. A project's are added to them, so that no test is hidden by a narrower one."""
_UNITTEST = "tests.py"
"""What unittest and Django look for; taken when nothing else has tests."""
_FOLDER = re.compile(r"(?!/)[\w./-]+")
_PATTERN = re.compile(r"[\w.*?/\[\]-]+")
_TEST_FILES = re.compile(r"(?i)(?=.*(?:test|check|spec))[\w.*?/\[\]-]+")
"""Code must not become tests, which are not broken to see whether they notice, by a pattern such as `*.py`."""
_KEPT = re.compile(
    r"--import-mode=(?:prepend|append|importlib)|--asyncio-mode=(?:auto|strict)"
    r"|--doctest-modules|--doctest-glob=[\w.*-]+|--doctest-continue-on-failure"
)
"""Words of `addopts` without which honest tests are not found, or not run as they were meant."""
_DOCTEST = re.compile(r"^[ \t]*>>> ", re.MULTILINE)
_LONGEST, _MOST = 4000, 50
"""Characters of one setting, and words of all files together, that are read."""


@dataclass(frozen=True)
class PytestSettings:
    """Of one project."""

    pythonpath: tuple[str, ...] = (".", "src")
    files: tuple[str, ...] = _FILES
    functions: tuple[str, ...] = _FUNCTIONS
    words: tuple[str, ...] = ()
    """Of the command line."""

    def own_tests(self, tree: Tree) -> frozenset[str]:
        """Files that are tests by the project's word alone, and have some."""
        own = self.files[len(_FILES) :]
        named = (path for path in tree.ending(".py") if _matches(path, own) and not is_test_file(path))
        return frozenset(path for path in named if _has_tests(tree.texts[path]))


def read_settings(tree: Tree) -> PytestSettings:
    """What counts of all configuration files together."""
    tables = list(_tables(tree))
    said = {name: _words(table.get(name) for table in tables) for name in ("pythonpath", "python_files", "addopts")}
    functions = _words(table.get("python_functions") for table in tables)
    files = _merged(_FILES, filter(_TEST_FILES.fullmatch, said["python_files"]))
    return PytestSettings(
        pythonpath=_merged((".", "src"), (word for word in said["pythonpath"] if _is_folder(word))),
        files=_merged(files, _other_files(tree, files)),
        functions=_merged(_FUNCTIONS, filter(_PATTERN.fullmatch, functions)),
        words=_merged(filter(_KEPT.fullmatch, _joined(said["addopts"])), _doctests(tree, files)),
    )


def _tables(tree: Tree) -> Iterator[Mapping[str, Any]]:
    """The settings of each file that has some; one that cannot be read is pytest's to complain about."""
    for name, section in _INI_FILES:
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(tree.settings(name))
        except configparser.Error:
            continue
        if parser.has_section(section):
            yield dict(parser[section])
    try:
        tool = tomllib.loads(tree.settings("pyproject.toml")).get("tool", {}).get("pytest", {})
        yield from (table for table in (tool.get("ini_options"), tool) if isinstance(table, dict))
    except (tomllib.TOMLDecodeError, AttributeError, RecursionError):
        return


def _words(values: Iterable[Any]) -> list[str]:
    """Settings are words in one text, or a list of them."""
    found: list[str] = []
    for value in values:
        if isinstance(value, list):
            found += [str(word) for word in value[:_MOST]]
        elif isinstance(value, str):
            found += _split(value[:_LONGEST])
    return found[:_MOST]


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _joined(words: list[str]) -> Iterator[str]:
    """`--import-mode importlib` as one word."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        yield word if "=" in word or not _KEPT.fullmatch(f"{word}={following}") else f"{word}={following}"


def _merged(first: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *more)))


def _is_folder(word: str) -> bool:
    return bool(_FOLDER.fullmatch(word)) and ".." not in word


def _other_files(tree: Tree, patterns: tuple[str, ...]) -> tuple[str, ...]:
    tests = [path for path in tree.texts if PurePosixPath(path).name == _UNITTEST]
    if any(_matches(path, patterns) for path in tree.ending(".py")) or not tests:
        return ()
    return (_UNITTEST,)


def _doctests(tree: Tree, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The examples in docstrings are the tests of a project that has no others."""
    texts = tree.ending(".py")
    if any(_matches(path, (*patterns, _UNITTEST)) for path in texts):
        return ()
    return ("--doctest-modules",) if any(map(_DOCTEST.search, texts.values())) else ()


def _matches(path: str, patterns: Iterable[str]) -> bool:
    """As pytest does: a pattern without a slash is for the name alone."""
    name = PurePosixPath(path).name
    return any(
        fnmatch.fnmatch(f"/{path}" if "/" in one else name, f"*/{one}" if "/" in one else one) for one in patterns
    )


def _has_tests(text: str) -> bool:
    tree = parse(text)
    return tree is not None and any(True for _ in test_names(tree))
