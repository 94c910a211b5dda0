"""What became of a project, for the person who comes back: its rounds, what they changed and cost, and what is next.

Read from the project's files; whatever is missing or damaged there is None here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .delivery import edited_by_hand, staged_hashes
from .difference import Change, changes
from .files import FileProblem, Folder
from .iterations import Facts, facts_of, files_of
from .project import Project
from .spending import Call, Sum, calls
from .status import Standing

AGENTS = ("architect", "engineer", "verifier")


@dataclass(frozen=True)
class Round:
    """One iteration."""

    iteration: int
    score: float
    green: bool
    accepted: bool
    """It became the best so far."""
    summary: str
    passed: int | None
    """Tests; None when the record of the iteration is gone."""
    failed: int | None
    lost: tuple[str, ...]
    """Tests that passed in the best round before and no longer did."""
    base: int | None
    """The iteration that it was built on and is compared with; None for the first."""
    changes: tuple[Change, ...] | None
    """None when the files of either were not kept."""
    spent: Sum


@dataclass(frozen=True)
class Digest:
    """One project."""

    standing: Standing
    rounds: tuple[Round, ...]
    agents: tuple[tuple[str, Sum], ...]
    spent: Sum
    edited: tuple[str, ...]
    """Staged files that a person changed."""
    wanted: str
    """The first line of the requirements."""

    def document(self) -> dict[str, Any]:
        """An element of `report --json`."""
        row = self.standing
        keys = ("project", "status", "quality_threshold", "best_iteration", "best_score", "scores", "error", "next")
        return {
            **{key: getattr(row, key) for key in keys},
            "rounds": [asdict(each) for each in self.rounds],
            "agents": {agent: asdict(spent) for agent, spent in self.agents},
            "spent": asdict(self.spent),
            "edited": list(self.edited),
        }


def digest(root: Path, standing: Standing, since: datetime | None = None) -> Digest:
    """The digest of the project at `root`; only calls from `since` on are counted."""
    made = [call for call in calls(root) if since is None or call.row.time >= since]
    try:
        with Folder.open(root) as folder:
            return _digest(folder, standing, made)
    except FileProblem:
        return Digest(standing, (), _by_agent(made), _sum(made), (), "")


def busy_since(found: Digest, since: datetime) -> bool:
    """Whether anything happened in the project from `since` on."""
    updated = found.standing.last_update
    return bool(found.spent.calls) or (updated is not None and datetime.fromisoformat(updated) >= since)


def _digest(folder: Folder, standing: Standing, made: Sequence[Call]) -> Digest:
    return Digest(
        standing=standing,
        rounds=tuple(_rounds(folder, standing, made)),
        agents=_by_agent(made),
        spent=_sum(made),
        edited=tuple(sorted(edited_by_hand(folder, staged_hashes(folder)))),
        wanted=_first_line(folder),
    )


def _rounds(folder: Folder, standing: Standing, made: Sequence[Call]) -> list[Round]:
    """Each is compared with the best before it, since that is what the Engineer started from."""
    found: list[Round] = []
    base: int | None = None
    for score in sorted(standing.scores, key=lambda score: int(score["iteration"])):
        iteration = int(score["iteration"])
        found.append(_round(folder, score, base, [call for call in made if call.row.iteration == iteration]))
        base = iteration if score.get("accepted") or base is None else base
    return found


def _round(folder: Folder, score: Mapping[str, Any], base: int | None, made: Sequence[Call]) -> Round:
    iteration = int(score["iteration"])
    facts: Facts | None = facts_of(folder, iteration)
    new, old = files_of(folder, iteration), {} if base is None else files_of(folder, base)
    return Round(
        iteration=iteration,
        score=float(score["score"]),
        green=bool(score.get("green")),
        accepted=bool(score.get("accepted")),
        summary=str(score.get("summary") or ""),
        passed=None if facts is None else len(facts.passed),
        failed=None if facts is None else len(facts.failed),
        lost=tuple(map(str, score.get("lost") or ())),
        base=base,
        changes=None if new is None or old is None else changes(old, new),
        spent=_sum(made),
    )


def _by_agent(made: Sequence[Call]) -> tuple[tuple[str, Sum], ...]:
    parts = ((agent, _sum([call for call in made if call.row.agent == agent])) for agent in AGENTS)
    return tuple((agent, part) for agent, part in parts if part.calls)


def _sum(made: Sequence[Call]) -> Sum:
    return Sum.of(call.row for call in made)


def _first_line(folder: Folder) -> str:
    try:
        text = (folder.read(Project.REQUIREMENTS, limit=1 << 20) or b"").decode("utf-8", "replace")
    except FileProblem:
        return ""
    return next((row.strip() for row in text.splitlines() if row.strip()), "")
