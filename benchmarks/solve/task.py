"""A task of the benchmark: requirements, hidden tests, a reference solution and changes that break it.

Each is a Markdown file in `benchmarks/tasks/`, so that it can be read at a glance. What counts are its first lines
(`size: M`) and its fenced blocks, named by the words after the fence:

    text requirements        what the user drops into the project
    python hidden            tests of which no agent ever learns; `js hidden` for Node
    python reference PATH    a right solution, file by file
    python tests PATH        its own good tests, where defects are planted
    json examples            black-box examples of a plan
    edit wrong: TITLE        a near miss that the hidden tests must refuse
    edit defect KIND: TITLE  a change to solution and tests that the Verifier should see
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "tasks"
SIZES = ("S", "M", "L")

_BLOCK = re.compile(r"(?ms)^```(?P<info>\w+ [^\n]+)\n(?P<body>.*?)^```$")
_SETTING = re.compile(r"(?m)^(size|language): (\w+)$")


@dataclass(frozen=True)
class Edit:
    """One passage of one file, replaced."""

    path: str
    old: str
    """Empty: the whole file."""
    new: str


@dataclass(frozen=True)
class Change:
    """What makes a right solution wrong."""

    title: str
    edits: tuple[Edit, ...]
    kind: str = ""
    """Of a defect: wrong result, missing requirement, missing error handling, hard-coded answer, weakened or empty
    test."""

    def applied(self, files: Mapping[str, str]) -> dict[str, str]:
        """`files`, changed. Raises ValueError when a passage does not stand there exactly once."""
        changed = dict(files)
        for edit in self.edits:
            old = edit.old or changed.get(edit.path, "")
            if changed.get(edit.path, "").count(old) != 1:
                raise ValueError(f"{self.title}: this passage is not once in {edit.path}:\n{old}")
            changed[edit.path] = changed[edit.path].replace(old, edit.new)
        return changed


@dataclass(frozen=True)
class Task:
    """One thing that a user might ask for."""

    name: str
    size: str
    """S: one function. M: a module with edge cases. L: a small program or library of 2 to 4 files."""
    language: str
    requirements: str
    hidden: str
    reference: Mapping[str, str]
    tests: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Mapping[str, Any], ...] = ()
    wrong: tuple[Change, ...] = ()
    defects: tuple[Change, ...] = ()


def read_tasks(folder: Path = FOLDER) -> tuple[Task, ...]:
    """All tasks, small ones first."""
    tasks = [read_task(path.stem, path.read_text(encoding="utf-8")) for path in folder.glob("*.md")]
    return tuple(sorted(tasks, key=lambda task: (SIZES.index(task.size), task.name)))


def read_task(name: str, text: str) -> Task:
    """Raises ValueError for a block that is none of the known ones."""
    settings = {match[1]: match[2] for match in _SETTING.finditer(text.partition("```")[0])}
    blocks: dict[str, str] = {}
    files: dict[str, dict[str, str]] = {"reference": {}, "tests": {}}
    changes: list[Change] = []
    for block in _BLOCK.finditer(text):
        _, kind, *rest = block["info"].split(" ", 2)
        match kind.rstrip(":"):
            case "requirements" | "hidden" | "examples":
                blocks[kind] = block["body"]
            case "reference" | "tests":
                files[kind][rest[0]] = block["body"]
            case "wrong" | "defect":
                changes.append(_change(block["info"].removeprefix("edit "), block["body"]))
            case _:
                raise ValueError(f"{name}: unknown block {block['info']!r}")
    return Task(
        name=name,
        size=settings["size"],
        language=settings.get("language", "python"),
        requirements=blocks["requirements"],
        hidden=blocks["hidden"],
        reference=files["reference"],
        tests=files["tests"],
        examples=tuple(json.loads(blocks.get("examples", "[]"))),
        wrong=tuple(change for change in changes if not change.kind),
        defects=tuple(change for change in changes if change.kind),
    )


def _change(heading: str, body: str) -> Change:
    kind, _, title = heading.partition(": ")
    edits = []
    for part in re.split(r"(?m)^@ ", body)[1:]:
        path, _, passage = part.partition("\n")
        old, _, new = f"\n{passage}".partition("\n=======\n")
        edits.append(Edit(path, old[1:], new.removesuffix("\n")))
    return Change(title, tuple(edits), kind.removeprefix("wrong").removeprefix("defect "))
