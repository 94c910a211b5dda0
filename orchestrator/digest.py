"""What became of a project, for the person who comes back: its rounds, what they changed and cost, and what is next.

Read from the project's files; whatever is missing or damaged there is None here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from . import store
from .difference import Change, changes
from .edits import Edit, edits
from .files import FileProblem, Folder
from .iterations import Facts, facts_of, files_of, judged_at
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
    judged: datetime | None
    """None when nobody noted it."""
    edited: tuple[str, ...]
    """Files in it that a person had changed."""


@dataclass(frozen=True)
class Digest:
    """One project."""

    standing: Standing
    rounds: tuple[Round, ...]
    earlier: int
    """Rounds left out because they were judged before the time that was asked for."""
    agents: tuple[tuple[str, Sum], ...]
    spent: Sum
    edits: tuple[Edit, ...]
    """What a person changed and still stands."""
    wanted: str
    """The first line of the requirements."""

    def document(self) -> dict[str, Any]:
        """An element of `report --json`."""
        row = self.standing
        keys = ("project", "status", "start_time", "last_update", "quality_threshold", "best_iteration", "best_score")
        more = ("scores", "error", "next")
        return {
            **{key: getattr(row, key) for key in (*keys, *more)},
            "rounds": [{**asdict(each), "judged": _iso(each.judged)} for each in self.rounds],
            "earlier_rounds": self.earlier,
            "agents": {agent: asdict(spent) for agent, spent in self.agents},
            "spent": asdict(self.spent),
            "edits": [{**asdict(edit), "when": _iso(edit.when)} for edit in self.edits],
        }


def digest(root: Path, standing: Standing, since: datetime | None = None) -> Digest:
    """The digest of the project at `root`; only calls made, and rounds judged, from `since` on are in it."""
    made = [call for call in calls(root) if since is None or call.row.time >= since]
    try:
        with Folder.open(root) as folder:
            return _digest(folder, standing, made, since)
    except FileProblem:
        return Digest(standing, (), 0, _by_agent(made), _sum(made), (), "")


def busy_since(found: Digest, since: datetime) -> bool:
    """Whether anything happened in the project from `since` on."""
    updated = found.standing.last_update
    return bool(found.spent.calls or found.rounds) or (updated is not None and datetime.fromisoformat(updated) >= since)


def _digest(folder: Folder, standing: Standing, made: Sequence[Call], since: datetime | None) -> Digest:
    rounds = _rounds(folder, standing, made)
    shown = [each for each in rounds if since is None or each.judged is None or each.judged >= since]
    return Digest(
        standing=standing,
        rounds=tuple(shown),
        earlier=len(rounds) - len(shown),
        agents=_by_agent(made),
        spent=_sum(made),
        edits=_edits(folder, [each.iteration for each in rounds]),
        wanted=_first_line(folder),
    )


def _edits(folder: Folder, iterations: Sequence[int]) -> tuple[Edit, ...]:
    try:
        return edits(folder, store.load(folder, folder.path.name), iterations)
    except store.StateProblem:
        return ()


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


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
        summary="; ".join(str(score[key]) for key in ("summary", "cause") if score.get(key)),
        passed=None if facts is None else len(facts.passed),
        failed=None if facts is None else len(facts.failed),
        lost=tuple(map(str, score.get("lost") or ())),
        base=base,
        changes=None if new is None or old is None else changes(old, new),
        spent=_sum(made),
        judged=judged_at(folder, iteration),
        edited=() if facts is None else facts.edited,
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
