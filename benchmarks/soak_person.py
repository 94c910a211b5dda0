"""Somebody who cannot leave the files alone while the daemon works."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

REQUIREMENTS, PLAN, MANIFEST = "01_input/requirements.txt", "02_plan/PLAN.md", "03_staging/.manifest.json"
STAGED = "03_staging/main.py"


def write(path: Path, text: str) -> None:
    """As `echo > file`: in place."""
    path.write_text(text, encoding="utf-8")


def replace(path: Path, text: str) -> None:
    """As most editors save: a new file is renamed over the old one."""
    new = path.with_name(f"{path.name}~")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def touch(path: Path) -> None:
    path.touch()


@dataclass
class Person:
    """Does things to the projects in `workspace`, and remembers what must be true of them in the end."""

    workspace: Path
    dice: random.Random
    wanted: dict[str, str] = field(default_factory=dict)
    """Project -> its requirements, as they were last written."""
    planned: dict[str, str] = field(default_factory=dict)
    """Project -> its plan, where a person wrote that after the requirements."""
    unordered: set[str] = field(default_factory=set)
    """Projects whose plan and requirements changed, or were touched, in so short a time that either may win."""
    edited: set[str] = field(default_factory=set)
    """Projects whose code was edited."""
    gone: set[Path] = field(default_factory=set)
    """Folders that were deleted or renamed."""
    did: Counter[str] = field(default_factory=Counter)
    _count: int = 0

    def drop(self, name: str) -> None:
        """A new project."""
        path = self.workspace / name / REQUIREMENTS
        path.parent.mkdir(parents=True)
        self._rewrite(name, write)

    def act(self) -> None:
        """One thing, to one project."""
        name = self.dice.choice(sorted(self.wanted))
        actions: list[tuple[int, str, Callable[[str], None]]] = [
            (30, "touches", self._touch),
            (12, "plans edited", self._edit_plan),
            (12, "code edited", self._edit_code),
            (8, "requirements rewritten in place", lambda name: self._rewrite(name, write)),
            (8, "requirements replaced by renaming", lambda name: self._rewrite(name, replace)),
            (2, "projects deleted and made anew", self._delete),
            (1, "projects renamed", self._rename),
        ]
        _, what, action = self.dice.choices(actions, weights=[weight for weight, _, _ in actions])[0]
        with suppress(FileNotFoundError, NotADirectoryError):  # the daemon has not got that far, or is replacing it
            action(name)
            self.did[what] += 1

    def _touch(self, name: str) -> None:
        trigger = self.dice.choice((REQUIREMENTS, PLAN, MANIFEST))
        if not (self.workspace / name / trigger).exists():
            return
        touch(self.workspace / name / trigger)
        if trigger == REQUIREMENTS:
            self.planned.pop(name, None)
            self.unordered.add(name)

    def _rewrite(self, name: str, save: Callable[[Path, str], None]) -> None:
        self._count += 1
        text = f"{name}, version {self._count}\n"
        save(self.workspace / name / REQUIREMENTS, text)
        self.wanted[name] = text
        self.planned.pop(name, None)
        self.unordered.discard(name)

    def _taken_up(self, name: str) -> bool:
        """Whether the daemon works on the requirements as they were last written."""
        state = json.loads((self.workspace / name / ".tumbler/state.json").read_text(encoding="utf-8"))
        digest = hashlib.sha256(self.wanted[name].encode()).hexdigest()
        mark = f"{(self.workspace / name / REQUIREMENTS).stat().st_mtime_ns}:{digest}"
        return bool(state["taken"].get("requirements") == mark)

    def _edit_plan(self, name: str) -> None:
        path = self.workspace / name / PLAN
        if not path.exists():
            return
        self._count += 1
        text = f"# My own plan {self._count}\n"
        ordered = self._taken_up(name)
        self.dice.choice((write, replace))(path, text)
        if ordered:
            self.planned[name] = text
        else:
            self.planned.pop(name, None)
            self.unordered.add(name)

    def _edit_code(self, name: str) -> None:
        """Only where the Engineer has been; a file that he has just taken away comes back as a person's."""
        path = self.workspace / name / STAGED
        if path.exists():
            self._count += 1
            write(path, f"print('mine {self._count}')\n")
            self.edited.add(name)

    def _delete(self, name: str) -> None:
        self._forget(name)
        folder = self.workspace / name
        while folder.exists():  # the daemon may be writing into it
            shutil.rmtree(folder, ignore_errors=True)
        self._count += 1
        self.drop(f"{name.split('-')[0]}-{self._count}")

    def _rename(self, name: str) -> None:
        self._count += 1
        new = f"{name.split('-')[0]}-{self._count}"
        os.rename(self.workspace / name, self.workspace / new)  # noqa: PTH104 - as mv
        for kept in (self.wanted, self.planned):
            if name in kept:
                kept[new] = kept[name]
        for marked in (self.edited, self.unordered):
            if name in marked:
                marked.add(new)
        self._forget(name)

    def _forget(self, name: str) -> None:
        self.wanted.pop(name)
        self.planned.pop(name, None)
        self.gone.add(self.workspace / name)
