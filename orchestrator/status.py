"""How every project of a workspace stands, read from its files and nothing else; writes nothing.

`document` is what `status --json` prints, `schema_version` 1. Per project: `project`, `status`, `phase`, `iteration`,
`max_iterations`, `quality_threshold`, `last_score`, `best_score`, `best_iteration`, `scores` (one row an iteration),
`tokens`, `cost` (USD, null when the price of any call is unknown), `calls`, `provider`, `model`, `start_time`,
`last_update`, `error` and `next`, a sentence. `status` is one of state.json's, or `unreadable`. What is not known is
null.
"""

from __future__ import annotations

import json
import math
import os
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from . import store
from .files import FileProblem, Folder
from .outlook import outlook
from .project import Project
from .state import State
from .workspace_lock import holder

SCHEMA_VERSION = 1
UNREADABLE = "unreadable"
_LARGEST_USAGE = 64 << 20


@dataclass(frozen=True)
class Usage:
    """The totals of usage.json; None where the file is missing, damaged, or does not know."""

    tokens: int | None = None
    cost: float | None = None
    calls: int | None = None


@dataclass(frozen=True)
class Standing:
    """One row of `status`; field by field as in the module's docstring."""

    project: str
    status: str
    phase: str | None = None
    iteration: int | None = None
    max_iterations: int | None = None
    quality_threshold: float | None = None
    last_score: float | None = None
    best_score: float | None = None
    best_iteration: int | None = None
    scores: tuple[dict[str, Any], ...] = ()
    tokens: int | None = None
    cost: float | None = None
    calls: int | None = None
    provider: str | None = None
    model: str | None = None
    start_time: str | None = None
    last_update: str | None = None
    error: str | None = None
    next: str = ""


def document(workspace: Path) -> dict[str, Any]:
    """`status --json`. Raises OSError when the workspace cannot be read."""
    return {
        "schema_version": SCHEMA_VERSION,
        "workspace": str(workspace),
        "daemon": daemon(workspace),
        "projects": [asdict(standing) for standing in standings(workspace)],
    }


def standings(workspace: Path) -> list[Standing]:
    """Every project folder, by name; none when the workspace does not exist. Raises OSError when it cannot be read."""
    running = daemon(workspace)["running"]
    return [standing(workspace / name, running=running) for name in names(workspace)]


def names(workspace: Path) -> list[str]:
    """The project folders: real ones, not hidden."""
    if not workspace.exists():
        return []
    with os.scandir(workspace) as entries:
        return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False) and not e.name.startswith("."))


def standing(root: Path, *, running: bool | None = None) -> Standing:
    """How the project at `root` stands; whatever is wrong with its files is part of the answer.

    `running`: whether a daemon works there; None when that is not known.
    """
    try:
        with Folder.open(root) as folder:
            state = store.load(folder, root.name)
            return _standing(folder, state, outlook(folder, state, running=running))
    except (FileProblem, store.StateProblem) as error:
        damaged = isinstance(error, store.StateDamaged)
        following = "the daemon sets the file aside and rebuilds it when it next looks" if damaged else str(error)
        return Standing(root.name, UNREADABLE, error=str(error).removeprefix(f"{root.name}: "), next=following)


def usage(folder: Folder) -> Usage:
    """What usage.json says; nothing is made up for what it does not say."""
    try:
        data = json.loads(folder.read(Project.USAGE, limit=_LARGEST_USAGE) or b"{}")
        history = data.get("history")
        calls = len(history) if isinstance(history, list) else None
        return Usage(_count(data.get("total_tokens")), _amount(data.get("total_cost")), calls)
    except (FileProblem, ValueError, AttributeError, RecursionError):
        return Usage()


def daemon(workspace: Path) -> dict[str, Any]:
    """`running` (None when it cannot be known) and `pid` of the daemon that works in `workspace`."""
    pid = holder(workspace).get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return {"running": False, "pid": None}
    if sys.platform == "win32":
        return {"running": None, "pid": pid}
    running = _runs(pid)
    return {"running": running, "pid": pid if running else None}


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _amount(value: object) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if number else None  # type: ignore[arg-type]


def _standing(folder: Folder, state: State, following: str) -> Standing:
    spent = usage(folder)
    return Standing(
        project=folder.path.name,
        status=state.status.value,
        phase=state.current_phase.value,
        iteration=state.iteration,
        max_iterations=state.max_iterations,
        quality_threshold=state.quality_threshold,
        last_score=state.last_score,
        best_score=state.best_score,
        best_iteration=state.best_iteration,
        scores=tuple(score.model_dump(mode="json") for score in state.scores),
        tokens=spent.tokens,
        cost=spent.cost,
        calls=spent.calls,
        provider=state.provider,
        model=state.model,
        start_time=_time(state.start_time),
        last_update=_time(state.last_update),
        error=state.error,
        next=following,
    )


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
