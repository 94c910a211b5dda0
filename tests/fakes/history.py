"""A project with a past, as the daemon leaves one: iterations, calls, usage, state and staging."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from orchestrator import store
from orchestrator.delivery import Delivery, apply
from orchestrator.files import Folder
from orchestrator.iterations import Facts, archive_path, keep_facts
from orchestrator.journal import Entry, Journal, Tokens
from orchestrator.ledger import Ledger
from orchestrator.project import Project
from orchestrator.state import Phase, Score, State, Status
from orchestrator.triggers import fingerprints
from orchestrator.usage import Today
from providers import FinishReason

BEGAN = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)

MAIN = "import sys\n\n\ndef main() -> None:\n    print('hello')\n"
ROUNDS: Sequence[Mapping[str, str]] = (
    {"main.py": "print('helo')\n", "tests/test_main.py": "def test_a(): assert 0\n"},
    {"main.py": MAIN, "tests/test_main.py": "def test_a(): assert 1\n"},
    {"main.py": MAIN + "\n\nmain()\n", "tests/test_main.py": "def test_a(): assert 1\n", "README.md": "# Links\n"},
)
SCORES = (3.1, 6.4, 9.2)


def archive(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for path, content in files.items():
            packed.writestr(path, content)
    return buffer.getvalue()


def past(
    workspace: Path,
    name: str = "links",
    *,
    rounds: Sequence[Mapping[str, str]] = ROUNDS,
    scores: Sequence[float] = SCORES,
    cost: float | None = 0.012,
    lost: Mapping[int, tuple[str, ...]] = MappingProxyType({}),
    edited: Mapping[int, tuple[str, ...]] = MappingProxyType({}),
    wanted: str = "Print all links of a page.\nWith tests.\n",
    **state: Any,
) -> Path:
    """The project's root. `state` replaces what a completed project remembers."""
    root = workspace / name
    root.mkdir(parents=True)
    with Folder.open(root) as folder:
        folder.write(Project.REQUIREMENTS, wanted)
        folder.write(Project.PLAN, "# Plan\n")
        judged = [
            _keep(folder, number, files, scores, lost.get(number, ()), edited.get(number, ()))
            for number, files in enumerate(rounds, 1)
        ]
        best = max(judged, key=lambda score: score.score, default=None)
        remembered = State(
            name=name,
            status=Status.COMPLETED,
            current_phase=Phase.FINALIZING,
            iteration=len(rounds),
            scores=tuple(judged),
            last_score=judged[-1].score if judged else None,
            best_score=best.score if best else None,
            best_iteration=best.iteration if best else None,
            start_time=BEGAN,
            provider="ollama_coder",
            model="qwen2.5-coder:7b",
        )
        if rounds:
            apply(folder, Delivery(turn=9, iteration=len(rounds), files=dict(rounds[-1])))
        _call_models(folder, len(rounds), cost)
        final = State.model_validate({**remembered.model_dump(), **state})
        taken = final.taken or fingerprints(folder, final)
        store.save(folder, final.model_copy(update={"taken": taken}))
    return root


def _keep(
    folder: Folder,
    number: int,
    files: Mapping[str, str],
    scores: Sequence[float],
    lost: tuple[str, ...],
    edited: tuple[str, ...],
) -> Score:
    score, green = scores[number - 1], scores[number - 1] >= 8
    passed = tuple(f"t{n}" for n in range(number * 2))
    failed = () if green else ("x",)
    folder.write(archive_path(number), archive(files))
    summary = f"{len(passed)} of {len(passed) + len(failed)} tests passed"
    report = f"# Report, iteration {number}: Score: {score}/10\n"
    facts = Facts(
        iteration=number,
        turn=number * 2 + 1,
        score=score,
        green=green,
        passed=passed,
        failed=failed,
        report_sha256=hashlib.sha256(report.encode()).hexdigest(),
        judged=BEGAN + timedelta(minutes=number * 2 + 1),
        edited=edited,
    )
    keep_facts(folder, facts)
    folder.write(Project.report(number), report)
    accepted = score == max(scores[:number])
    return Score(iteration=number, score=score, green=green, lost=lost, accepted=accepted, summary=summary)


def _call_models(folder: Folder, rounds: int, cost: float | None) -> None:
    ledger = Ledger(folder, Journal.open(folder), Today())
    _call(ledger, "architect", 0, "plan", cost)
    for number in range(1, rounds + 1):
        _call(ledger, "engineer", number, "build", cost)
        _call(ledger, "verifier", number, "review", cost)


def _call(ledger: Ledger, agent: str, iteration: int, purpose: str, cost: float | None) -> None:
    number = ledger.journal.next_id()
    entry = Entry(
        id=number,
        turn=number,
        call=1,
        agent=agent,
        iteration=iteration,
        purpose=purpose,
        outcome="ok",
        provider="ollama_coder",
        model="qwen2.5-coder:7b",
        request_sha256="0" * 64,
        started=BEGAN + timedelta(minutes=number),
        seconds=30.0,
        finish=FinishReason.STOP,
        text=f"reply {number}",
        tokens=Tokens(input=1000, output=500),
        cost=cost,
    )
    ledger.keep(entry, f"prompt {number}\n")


def call_model(root: Path, agent: str, iteration: int, purpose: str, cost: float | None = 0.0) -> None:
    """One more call in the project's journal."""
    with Folder.open(root) as folder:
        _call(Ledger(folder, Journal.open(folder), Today()), agent, iteration, purpose, cost)
