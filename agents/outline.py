"""Finds in any PLAN.md, ours or a person's, the files it plans, and adds the sections it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from agents.answers.paths import looks_like_path
from agents.plan import PlannedFile, complete_criteria, is_test, render_criteria, tidy
from agents.requirements import Requirement

_LISTED = re.compile(
    r"^\s*(?:[-*+]|\d+[.)]|#{2,6})\s+(?:\d+[.)]\s+)?\**(?P<tick>`?)(?P<path>[\w./+@-]+)(?P=tick)\**(?P<purpose>.*)$"
)
_TREE = re.compile(r"^(?P<lead>[│|\s]*)[├└+`|]\s*[─-]+\s*(?P<name>[\w.+@-]+)(?P<folder>/?)(?P<purpose>\s.*)?$")
_LEADERS = " #:*-\u2013\u2014"
_SIGNATURE = re.compile(r"^\s{2,}[-*+]\s+`(?P<signature>[^`]+)`")
_CRITERIA = re.compile(r"^#{1,6}.*\bacceptance criteria\b", re.IGNORECASE | re.MULTILINE)
_SOURCE_SUFFIXES = frozenset({
    ".py", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".go", ".rs", ".java", ".rb", ".c", ".h", ".cpp", ".sh",
    ".html",
})  # fmt: skip
_MANIFESTS = frozenset({"requirements.txt", "package.json", "pyproject.toml", "go.mod", "Cargo.toml"})


def read_plan(markdown: str) -> tuple[PlannedFile, ...]:
    """The files that a plan names: in lists and headings, else in a drawn tree. Empty for free text that names none."""
    return tidy(list(_listed(markdown)) or list(_drawn(markdown)))


def is_source(path: str) -> bool:
    """Whether the Engineer writes a file of this name; others may be made by the program when it runs."""
    pure = PurePosixPath(path)
    return pure.suffix in _SOURCE_SUFFIXES or pure.name in _MANIFESTS


def complete(markdown: str, requirements: Sequence[Requirement]) -> str:
    """The plan as it stands, with acceptance criteria and a test file below it where it has none."""
    added = [markdown.strip()]
    if not _CRITERIA.search(markdown):
        added.append(render_criteria(complete_criteria((), requirements)))
    tests = [file for file in read_plan(markdown) if is_test(file.path) and file.path not in markdown]
    if tests:
        added.append("## Tests\n\n" + "\n".join(f"- `{file.path}`: {file.purpose}" for file in tests))
    return "\n\n".join(added) + "\n"


def _listed(markdown: str) -> Iterator[PlannedFile]:
    found: PlannedFile | None = None
    for line in markdown.splitlines():
        if found and (signature := _SIGNATURE.match(line)) and not looks_like_path(signature["signature"]):
            found = PlannedFile(found.path, found.purpose, (*found.signatures, signature["signature"]))
        elif (match := _LISTED.match(line)) and looks_like_path(match["path"]):
            if found:
                yield found
            found = PlannedFile(match["path"], match["purpose"].strip(_LEADERS))
    if found:
        yield found


def _drawn(markdown: str) -> Iterator[PlannedFile]:
    """Files of a tree drawn with lines; the four columns of each level give the folder."""
    folders: list[str] = []
    for line in markdown.splitlines():
        if not (match := _TREE.match(line)):
            continue
        depth = len(match["lead"]) // 4
        path = "/".join([*folders[:depth], match["name"]])
        if match["folder"] or not looks_like_path(match["name"]):
            folders[depth:] = [match["name"]]
        else:
            yield PlannedFile(path, (match["purpose"] or "").strip(_LEADERS))
