"""Collects what an agent may know of a project, from the files as they are now."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from agents.base import Model, Work
from agents.tiers import profile
from providers import FinishReason

from . import intake
from .archive import staged
from .delivery import edited_by_hand, staged_hashes
from .files import DiskError, FileProblem, Folder
from .iterations import archive_of, facts_of, files_of, text_of
from .journal import Journal
from .project import Project
from .state import Score, State
from .triggers import manifest_of

_NEW_CODE = frozenset({"build", "candidate"})
"""Purposes of calls whose answers have not seen the best program."""


class Unreadable(Exception):
    """A file that the work needs cannot be used; the text says what, where and what to do."""

    def __init__(self, message: str, *, blank: bool = False) -> None:
        super().__init__(message)
        self.blank = blank
        """The file is only empty: somebody may be about to write it."""


@dataclass(frozen=True)
class Base:
    """What the Engineer starts from."""

    files: Mapping[str, bytes]
    hashes: Mapping[str, str]
    """Path -> SHA-256 of what is in staging now."""
    restored: Mapping[str, int]
    """Path -> iteration, for files that must come back because the last round was not kept."""
    dropped: tuple[str, ...]
    """Files of the last round that the kept one does not have."""
    edited: frozenset[str]


def digest(work: Work) -> str:
    """Hash of all that an agent is given: equal after a restart, unless somebody changed a file meanwhile."""
    given = {field.name: getattr(work, field.name) for field in fields(work) if field.name not in ("model", "snapshot")}
    return hashlib.sha256(json.dumps(given, sort_keys=True, default=sorted).encode()).hexdigest()


def required(folder: Folder, rel: str) -> str:
    """The text of a file that must be there and hold something. Raises Unreadable, and DiskError."""
    try:
        text = intake.read(folder, rel)
    except intake.Blank as problem:
        raise Unreadable(str(problem), blank=True) from problem
    except DiskError:
        raise
    except FileProblem as problem:
        raise Unreadable(str(problem)) from problem
    if text is None:
        raise Unreadable(f"{rel}: is missing; write it, and the work goes on from there", blank=True)
    return text


def _optional(folder: Folder, rel: str) -> str:
    """The text of a file, empty when it is absent or blank. Raises Unreadable."""
    try:
        return required(folder, rel)
    except Unreadable as problem:
        if problem.blank:
            return ""
        raise


def for_architect(folder: Folder, state: State, model: Model) -> Work:
    return Work(
        project=state.name,
        iteration=0,
        requirements=required(folder, Project.REQUIREMENTS),
        model=model,
        notes=_optional(folder, Project.NOTES),
    )


def for_engineer(folder: Folder, state: State, model: Model, base: Base) -> Work:
    judged = facts_of(folder, state.best_iteration)
    small = profile(model).drafts > 1
    return Work(
        project=state.name,
        iteration=state.iteration,
        requirements=required(folder, Project.REQUIREMENTS),
        model=model,
        plan=required(folder, Project.PLAN),
        acceptance=_optional(folder, Project.ACCEPTANCE),
        staged=text_of(base.files),
        report=_report_to_work_from(folder, state),
        edited=base.edited,
        notes=_optional(folder, Project.NOTES),
        feedback=_with_lessons(state.lessons, judged.feedback if judged else ""),
        fruitless=_fruitless(state),
        cause=judged.cause if judged else "",
        causes=tuple(score.cause for score in state.scores if score.cause),
        drafts=_drafts(folder, state) if small else (),
        replies=_replies(folder, state) if small else (),
        sources=frozenset(base.files),
    )


def _report_to_work_from(folder: Folder, state: State) -> str:
    """Of the best iteration so far; there is none before the second."""
    if state.iteration <= 1:
        return ""
    return _optional(folder, Project.report(state.best_iteration or state.iteration - 1))


def _with_lessons(lessons: Sequence[str], feedback: str) -> str:
    tried = "\n".join(f"- {line}" for line in lessons)
    return f"What was tried and dropped:\n{tried}\n\n{feedback}" if tried else feedback


def _drafts(folder: Folder, state: State) -> tuple[Mapping[str, str], ...]:
    """The first version and the new drafts, but for the one that the best iteration came from."""
    came_from = _origins(folder, state.scores)
    behind_the_best = came_from.get(state.best_iteration or 0)
    drafts = sorted(set(came_from.values()) - {behind_the_best})
    return tuple(text_of(files) for number in drafts if (files := files_of(folder, number)))


def _replies(folder: Folder, state: State) -> tuple[str, ...]:
    """The Engineer's whole answers to questions for new code, of the iterations that stand in `state`."""
    judged = (facts_of(folder, score.iteration) for score in state.scores)
    turns = {facts.turn - 1 for facts in judged if facts}
    entries = Journal.open(folder).completed("engineer", turns) if turns else ()
    new = (entry for entry in entries if entry.purpose in _NEW_CODE and entry.finish is FinishReason.STOP)
    return tuple(entry.text for entry in new)


def _origins(folder: Folder, scores: Iterable[Score]) -> dict[int, int]:
    """Iteration -> the draft it came from, itself when it is one; a repair comes from the best iteration before it."""
    came_from: dict[int, int] = {}
    best = None
    for score in sorted(scores, key=lambda score: score.iteration):
        judged = facts_of(folder, score.iteration)
        afresh = judged is not None and judged.afresh
        came_from[score.iteration] = score.iteration if best is None or afresh else came_from[best]
        best = score.iteration if score.accepted or best is None else best
    return came_from


def _fruitless(state: State) -> int:
    """How many of the newest rounds were dropped, one after the other."""
    dropped = 0
    for score in sorted(state.scores, key=lambda score: score.iteration, reverse=True):
        if score.accepted:
            break
        dropped += 1
    return dropped


def for_verifier(folder: Folder, state: State, model: Model, snapshot: Path, files: Mapping[str, bytes]) -> Work:
    own_tests = state.best_iteration == state.iteration or is_afresh(folder)
    best = None if own_tests else state.best_iteration
    judged = facts_of(folder, best)
    return Work(
        project=state.name,
        iteration=state.iteration,
        requirements=required(folder, Project.REQUIREMENTS),
        model=model,
        plan=_optional(folder, Project.PLAN),
        acceptance=_optional(folder, Project.ACCEPTANCE),
        staged=text_of(files),
        snapshot=snapshot,
        edited=edited_by_hand(folder, staged_hashes(folder)),
        sources=frozenset(files),
        previous_tests=text_of(files_of(folder, best) or {}),
        previous_passed=frozenset(judged.passed) if judged else frozenset(),
        failed_before=_failed_before(folder, state),
    )


def _failed_before(folder: Folder, state: State) -> dict[str, int]:
    """Id of an example -> how many other programs of this plan than the one in this iteration failed it before."""
    now = hashlib.sha256(archive_of(folder, state.iteration) or b"").hexdigest()
    others = (score.iteration for score in state.scores if score.iteration != state.iteration)
    programs: dict[str, set[str]] = defaultdict(set)
    for judged in filter(None, (facts_of(folder, number) for number in others)):
        for example in (test for test in judged.failed if test.startswith("example: ")):
            programs[example] |= {judged.program} - {"", now}
    return {example: len(different) for example, different in programs.items() if different}


def is_afresh(folder: Folder) -> bool:
    """Whether what is staged is a new draft that has not seen the best iteration."""
    return manifest_of(folder).get("afresh") is True


def base_for(folder: Folder, state: State) -> Base:
    """What the Engineer starts from: staging as it is, or the best iteration when the last one was not kept."""
    if state.best_iteration in (None, state.iteration - 1):
        return staging(folder)
    return best_of(folder, state)


def best_of(folder: Folder, state: State) -> Base:
    """The best iteration with the person's edits on top; staging as it is when that iteration was not kept."""
    now = staging(folder)
    best = files_of(folder, state.best_iteration)
    if best is None or state.best_iteration is None:
        return now
    theirs = {path: now.files[path] for path in now.edited if path in now.files}
    dropped = tuple(sorted(path for path in now.files if path not in best and path not in now.edited))
    back = [path for path in best if now.files.get(path) != best[path] and path not in now.edited]
    return Base({**best, **theirs}, now.hashes, dict.fromkeys(back, state.best_iteration), dropped, now.edited)


def staging(folder: Folder) -> Base:
    """What is in staging now, as the author of a next version sees it. Raises FileProblem, TooLarge among them."""
    files = dict(staged(folder))
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    return Base(files, hashes, {}, (), edited_by_hand(folder, hashes))
