"""What agents are told: of earlier programs, and of what is staged now."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from orchestrator import gather, iterations
from orchestrator.archive import MAX_BYTES
from orchestrator.files import Folder, TooLarge
from orchestrator.journal import Entry, Journal
from orchestrator.project import Project
from orchestrator.state import Score, State
from tests.fakes.model import ScriptedModel

EXAMPLE = "example: f(2)"


def archive(text: str) -> bytes:
    """A zip with one file, the same bytes for the same text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(zipfile.ZipInfo("a.py"), text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("programs", "failed"),
    [("abc", 2), ("aba", 1), ("aab", 1), ("aaa", 0), ("a", 0)],
)
def test_a_program_that_comes_again_does_not_fail_a_check_again(tmp_path: Path, programs: str, failed: int) -> None:
    newest = len(programs)
    with Folder.open(tmp_path) as folder:
        folder.mkdir(Project.STAGING)
        folder.write(Project.REQUIREMENTS, "Write f.")
        for number, text in enumerate(programs, 1):
            packed = archive(text)
            iterations.keep_files(folder, number, packed)
            program = hashlib.sha256(packed).hexdigest()
            facts = iterations.Facts(
                iteration=number, turn=number, score=1, green=False, failed=(EXAMPLE, "t::x"), program=program
            )
            if number < newest:
                iterations.keep_facts(folder, facts)
        state = State(name="x", iteration=newest, scores=tuple(Score(iteration=n, score=1) for n in range(1, newest)))
        work = gather.for_verifier(folder, state, ScriptedModel(), tmp_path, {})
    assert work.failed_before.get(EXAMPLE, 0) == failed
    assert "t::x" not in work.failed_before


@pytest.mark.parametrize(
    ("rounds", "best", "drafts"),
    [
        ("D", 1, []),
        ("Drr", 1, []),
        ("DdD", 1, [2, 3]),
        ("DdD", 3, [1, 2]),
        ("DDr", 2, [1]),
        ("DDR", 3, [1]),
        ("DdRd", 3, [2, 4]),
    ],
)
def test_the_engineer_gets_the_drafts_that_its_program_does_not_come_from(
    tmp_path: Path, rounds: str, best: int, drafts: list[int]
) -> None:
    """Each round is a draft or a repair; a capital became the best."""
    with Folder.open(tmp_path) as folder:
        folder.mkdir(Project.STAGING)
        folder.write(Project.REQUIREMENTS, "Write f.")
        folder.write(Project.PLAN, "# Plan: x")
        for number, kind in enumerate(rounds, 1):
            iterations.keep_files(folder, number, archive(f"x = {number}\n"))
            afresh = kind in "Dd" and number > 1
            facts = iterations.Facts(iteration=number, turn=number, score=1, green=False, afresh=afresh)
            iterations.keep_facts(folder, facts)
        scores = tuple(Score(iteration=n, score=1, accepted=kind.isupper()) for n, kind in enumerate(rounds, 1))
        state = State(name="x", iteration=len(rounds) + 1, scores=scores, best_iteration=best)
        work = gather.for_engineer(folder, state, ScriptedModel(name="coder-1.5b"), gather.staging(folder))
    assert [dict(draft) for draft in work.drafts] == [{"a.py": f"x = {number}\n"} for number in drafts]


def test_a_model_that_writes_one_draft_is_not_given_others(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        folder.mkdir(Project.STAGING)
        folder.write(Project.REQUIREMENTS, "Write f.")
        folder.write(Project.PLAN, "# Plan: x")
        for number in (1, 2):
            iterations.keep_files(folder, number, archive(f"x = {number}\n"))
            iterations.keep_facts(folder, iterations.Facts(iteration=number, turn=1, score=1, green=False, afresh=True))
        scores = tuple(Score(iteration=number, score=1, accepted=number == 1) for number in (1, 2))
        state = State(name="x", iteration=3, scores=scores, best_iteration=1)
        work = gather.for_engineer(folder, state, ScriptedModel(name="coder-7b"), gather.staging(folder))
    assert work.drafts == ()


def test_a_small_model_gets_its_whole_answers_of_the_rounds_that_count(tmp_path: Path) -> None:
    calls = [
        (2, "build", "ok", "stop"),
        (2, "candidate", "ok", "length"),
        (2, "candidate", "failed", None),
        (4, "build", "ok", "stop"),
        (4, "candidate", "ok", "stop"),
        (5, "review", "ok", "stop"),
        (6, "repair", "ok", "stop"),
        (8, "build", "ok", "stop"),
    ]
    with Folder.open(tmp_path) as folder:
        folder.mkdir(Project.STAGING)
        folder.write(Project.REQUIREMENTS, "Write f.")
        folder.write(Project.PLAN, "# Plan: x")
        for number, (turn, purpose, outcome, finish) in enumerate(calls, 1):
            folder.mkdir(Project.JOURNAL)
            Journal.open(folder).append(entry(number, turn, purpose, outcome, finish))
        for number, turn in ((1, 5), (2, 7)):
            iterations.keep_facts(folder, iterations.Facts(iteration=number, turn=turn, score=1, green=False))
        scores = (Score(iteration=1, score=1, accepted=True), Score(iteration=2, score=1))
        state = State(name="x", iteration=3, scores=scores, best_iteration=1)
        works = [
            gather.for_engineer(folder, state, ScriptedModel(name=name), gather.staging(folder))
            for name in ("coder-1.5b", "coder-7b")
        ]
    assert [work.replies for work in works] == [("reply 4", "reply 5"), ()]


def entry(number: int, turn: int, purpose: str, outcome: str, finish: str | None) -> Entry:
    """As the journal keeps it; of a review the Verifier's, else the Engineer's."""
    return Entry.model_validate(
        {
            "id": number,
            "turn": turn,
            "call": number,
            "agent": "verifier" if purpose == "review" else "engineer",
            "iteration": turn // 2,
            "purpose": purpose,
            "outcome": outcome,
            "finish": finish,
            "provider": "fake",
            "model": "fake",
            "request_sha256": "",
            "started": "2026-01-01T00:00:00Z",
            "seconds": 1.0,
            "text": f"reply {number}",
        }
    )


def test_staging_that_is_larger_than_any_source_is_not_read_into_memory(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        folder.write("03_staging/main.py", "x = 1\n")
        with (tmp_path / "03_staging/data.bin").open("wb") as file:
            file.truncate(MAX_BYTES)
        with pytest.raises(TooLarge, match="remove what is not source"):
            gather.staging(folder)
