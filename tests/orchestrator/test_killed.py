"""A daemon that is killed over and over leaves no lock and no litter behind, and pays for no answer twice.

CRASH_POINTS=all kills it fifty times; the ordinary run is shorter.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from orchestrator.workspace import WorkspaceLock
from tests.fakes.daemon import drop, state, until
from tests.fakes.llm import Answer, FakeLLM

REPOSITORY = Path(__file__).resolve().parents[2]
KILLS = 50 if os.environ.get("CRASH_POINTS") == "all" else 4


async def started(workspace: Path, url: str) -> asyncio.subprocess.Process:
    workspace.mkdir(exist_ok=True)
    with workspace.with_name("daemon.log").open("a") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.soak_daemon", str(workspace), url, "easy"), cwd=REPOSITORY, stderr=log
        )


def entries(workspace: Path) -> list[tuple[str, str, int, int, str]]:
    """(project, agent, turn, call, outcome) of all that is booked."""
    paths = workspace.glob("*/.tumbler/journal/*.json")
    read = [(path.parts[-4], json.loads(path.read_text())) for path in paths]
    return [(name, e["agent"], e["turn"], e["call"], e["outcome"]) for name, e in read]


def litter(workspace: Path) -> list[Path]:
    names = (".tumbler-*.tmp", ".tumbler-swap-*", "delivery.json", "work")
    return [path for name in names for path in workspace.rglob(name)]


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_killed_over_and_over_it_loses_nothing_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    workspace = tmp_path / "projects"
    chance = random.Random(9)
    lost, bound = 0, 0
    with FakeLLM(lambda asked: Answer("fine", delay=0.05 + 0.1 * chance.random())) as llm:
        for number in range(KILLS):
            drop(workspace, f"p{number}", f"number {number}\n")
            daemon = await started(workspace, llm.url)
            try:
                before = len(llm.requests)
                await until(lambda before=before: len(llm.requests) > before, seconds=60)  # type: ignore[misc]
                await asyncio.sleep(chance.random() * 0.5)
                bound += sum(state(workspace, f"p{n}").get("status") != "completed" for n in range(number + 1))
            finally:
                daemon.send_signal(signal.SIGKILL)
            assert await daemon.wait() == -signal.SIGKILL
            await until(lambda: not llm.busy)
            lost = llm.answered - sum(entry[4] == "ok" for entry in entries(workspace))
            assert 0 <= lost <= bound, "each project has one call under way when it is killed"
            WorkspaceLock(workspace).release()
        names = [f"p{number}" for number in range(KILLS + 1)]
        drop(workspace, names[-1], "one that no kill meets\n")
        last = await started(workspace, llm.url)
        try:
            await until(lambda: all(state(workspace, name).get("status") == "completed" for name in names), seconds=240)
        finally:
            last.terminate()
        assert await asyncio.wait_for(last.wait(), 60) == 0

    booked = entries(workspace)
    print(f"{KILLS} kills, {llm.answered} answers, {lost} of them died with a daemon")
    answered = Counter(entry[:4] for entry in booked if entry[4] == "ok")
    assert len(answered) == 3 * len(names)
    assert set(answered.values()) == {1}, "an answer was paid for twice"
    assert litter(workspace) == []
    assert not (workspace / ".tumbler-daemon.json").exists()
    for name in names:
        assert state(workspace, name)["iteration"] == 1
        assert len(list((workspace / name / "05_final").iterdir())) == 1
