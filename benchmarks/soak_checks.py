"""What must hold of a workspace at any moment, even when the daemon has just been killed, and what at the end."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.soak_person import MANIFEST, PLAN, REQUIREMENTS, Person

OURS = re.compile(
    r"01_input/requirements\.txt|02_plan/(PLAN(\.generated)?|ACCEPTANCE(\.before)?)\.md|03_staging/(\.manifest\.json|main\.py|tests/test_main\.py)"
    r"|04_feedback/(REPORT_iter\d+(\.generated)?|DIAGNOSIS)\.md|05_final/[^/]+\.zip|\.tumbler/(state|usage)\.json(\.corrupt-\d+)?"
    r"|\.tumbler/(journal|logs|iterations|edited)/.+"
)
"""All that may be in a project of the soak once it is at rest."""
INPUTS = {"engineering": PLAN, "verifying": MANIFEST}
AT_REST = ("completed", "exhausted")
PATIENCE = 240.0
"""Seconds for all projects to end once there is peace."""


class Watchdog:
    """Remembers the journals between checks."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._entries: dict[Path, str] = {}

    def at_any_moment(self) -> list[str]:
        """Violations of I1 to I4 while no daemon runs."""
        return [
            *(wrong for name in self._person.wanted for wrong in _whole(self._person, name)),
            *self._journals_only_grow(),
        ]

    def _journals_only_grow(self) -> list[str]:
        """I4. A project that was renamed or deleted took its journal with it."""
        now = {path: _sha256(path) for path in self._person.workspace.glob("*/.tumbler/journal/*.json")}
        wrong = [
            f"I4: {path} changed or vanished"
            for path, digest in self._entries.items()
            if path.parents[2] not in self._person.gone and now.get(path) != digest
        ]
        self._entries = now
        return wrong


def at_the_end(person: Person) -> list[str]:
    """Violations once every project is at rest: I1 to I5, I7 to I10, and nothing a person wrote was lost."""
    wrong = [wrong for name in sorted(person.wanted) for wrong in (*_whole(person, name), *_finished(person, name))]
    strangers = {path.name for path in person.workspace.iterdir()} - set(person.wanted)
    return [*wrong, *(f"I8: {name} is in the workspace" for name in strangers if not name.startswith(".tumbler"))]


def _whole(person: Person, name: str) -> list[str]:
    root = person.workspace / name
    wrong = []
    for path in [*root.glob(".tumbler/*.json"), *root.glob(".tumbler/journal/*.json"), root / MANIFEST]:
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except ValueError:
            wrong.append(f"I1: {path} is no JSON")
    for path in root.glob("05_final/*.zip"):
        with zipfile.ZipFile(path) as archive:
            wrong += [f"I1: {path} is broken"] if archive.testzip() else []
    needed = INPUTS.get(state(root).get("status", ""))
    if needed and not (root / needed).exists():
        wrong.append(f"I2: {name} is {state(root)['status']} without {needed}")
    return [*wrong, *_as_its_manifest_says(root, edited=name in person.edited)]


def _as_its_manifest_says(root: Path, *, edited: bool) -> list[str]:
    """I3. The person edits only main.py."""
    rows = _json(root / MANIFEST).get("files", [])
    return [
        f"I3: {root.name}/{row['path']} is not as its manifest says"
        for row in rows
        if _sha256(root / "03_staging" / row["path"]) != row["sha256"] and not (edited and row["path"] == "main.py")
    ]


def _finished(person: Person, name: str) -> list[str]:
    root = person.workspace / name
    entries = [_json(path) for path in sorted(root.glob(".tumbler/journal/*.json"))]
    tokens = sum((entry["tokens"]["input"] or 0) + (entry["tokens"]["output"] or 0) for entry in entries)
    wrong = []
    if _json(root / ".tumbler/usage.json").get("total_tokens") != tokens:
        wrong.append(f"I5: {name}: usage.json is not the sum of the journal")
    paid = Counter(_step(entry) for entry in entries if entry["outcome"] == "ok")
    wrong += [f"I7: {name}: {step} was paid {times} times" for step, times in paid.items() if times > 1]
    for path in (path for path in root.rglob("*") if path.is_file()):
        rel = path.relative_to(root).as_posix()
        if not OURS.fullmatch(rel):
            wrong.append(f"I8, I9: {name}/{rel} was left")
    if (root / REQUIREMENTS).read_text(encoding="utf-8") != person.wanted[name]:
        wrong.append(f"I10: the requirements of {name} changed")
    return [*wrong, *_taken_up(person, name)]


def _step(entry: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(entry.get(key) for key in ("agent", "turn", "call", "work_sha256"))


def _taken_up(person: Person, name: str) -> list[str]:
    """The last thing that the person wrote is what was worked on."""
    plan = (person.workspace / name / PLAN).read_text(encoding="utf-8")
    wanted = person.planned.get(name)
    if wanted is not None and plan != wanted:
        return [f"lost: the plan of {name} is not the one that a person wrote last"]
    if wanted is None and person.wanted[name] not in plan and name not in person.unordered:
        return [f"lost: the plan of {name} is not for its last requirements"]
    return []


def state(root: Path) -> dict[str, Any]:
    """state.json; empty when there is none."""
    return _json(root / ".tumbler/state.json")


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
