"""Reads what a Python project says it depends on, from requirements files and pyproject.toml."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from agents.verification.text import line
from agents.verification.tree import Tree

BASE_TOOLS = ("pytest", "coverage", "pytest-asyncio", "pytest-mock", "ruff")
"""In every environment; versions that a project asks for do not matter."""

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
_REQUIREMENTS = re.compile(
    r"^(requirements[^/]*\.txt|requirements/[^/]+\.txt|dev-requirements\.txt|test-requirements\.txt)$"
)
_INCLUDES = re.compile(r"(?:-r|--requirement)[ =]?\s*(\S+)$")
_ELSEWHERE = re.compile(r"://|@|\$|\s--?\w")
"""A link or a path behind an @, a variable of the environment that uv would put in, an option behind the name."""
_TEST_EXTRAS = {"test", "tests", "testing", "dev"}


@dataclass(frozen=True)
class Manifest:
    """What is to be installed, and remarks on what is not."""

    requirements: tuple[str, ...] = ()
    """Requirement lines without base tools, sorted."""
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(normalised(requirement) for requirement in self.requirements)


def normalised(requirement: str) -> str:
    """The name of a requirement line as package indexes compare it."""
    found = _NAME.match(requirement.strip())
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def read_manifest(tree: Tree) -> Manifest:
    """All dependencies, those for tests included."""
    wanted: dict[str, None] = {}
    notes: list[str] = []
    for source, text in _lines(tree, notes):
        if problem := _refused(text):
            notes.append(f"{source}: ignored {line(text, 60)!r}: {problem}")
        elif normalised(text) not in BASE_TOOLS:
            wanted[text] = None
    return Manifest(tuple(sorted(wanted)), tuple(dict.fromkeys(notes)))


def _refused(text: str) -> str:
    name = normalised(text)
    if text.startswith(("-", ".", "/")) or _ELSEWHERE.search(text):
        return "only packages from the index are installed"
    if not name:
        return "not a requirement"
    if name.replace("-", "_") in sys.stdlib_module_names:
        return "it comes with Python"
    return ""


def _lines(tree: Tree, notes: list[str]) -> Iterator[tuple[str, str]]:
    """(file, requirement) pairs."""
    files = dict.fromkeys(path for path in sorted(tree.texts) if _REQUIREMENTS.match(path))
    todo = list(files)
    for path in todo:
        for entry in _requirements(tree.texts[path]):
            if included := _INCLUDES.match(entry):
                other = (PurePosixPath(path).parent / included[1]).as_posix()
                if other in tree.texts and other not in files:
                    files[other] = None
                    todo.append(other)
            else:
                yield path, entry
    text = tree.settings("pyproject.toml")
    if not text and tree.texts.get("pyproject.toml"):
        notes.append("pyproject.toml: ignored, because it or a row of it is too long; break its longest rows")
    elif text:
        try:
            for entry in _pyproject(tomllib.loads(text)):
                yield "pyproject.toml", entry
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            notes.append(f"pyproject.toml does not parse: {line(str(error))}")


def _requirements(text: str) -> Iterator[str]:
    for raw in text.replace("\\\n", " ").splitlines():
        entry = re.sub(r"(^|\s)#.*$", "", raw).strip().lstrip("\ufeff")
        entry = re.sub(r"(?<!\s)\s+--hash=\S+", "", entry)
        if entry:
            yield entry


def _pyproject(content: dict[str, Any]) -> Iterator[str]:
    project = content.get("project")
    project = project if isinstance(project, dict) else {}
    extras, groups = project.get("optional-dependencies"), content.get("dependency-groups")
    lists = [project.get("dependencies")]
    for table in (extras, groups):
        if isinstance(table, dict):
            lists += [entries for name, entries in table.items() if name.lower() in _TEST_EXTRAS]
    for entries in lists:
        if isinstance(entries, list):
            yield from (entry.strip() for entry in entries if isinstance(entry, str) and entry.strip())
