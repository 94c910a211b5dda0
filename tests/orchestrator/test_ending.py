"""The end of the process: soon when asked, at once when asked twice, also when something hangs for ever."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.ending import LastResort
from orchestrator.threads import in_thread
from tests.fakes.agents import trio
from tests.fakes.daemon import daemon, drop, state

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = """
import asyncio, sys, threading, time
from pathlib import Path
from orchestrator import daemon, ending, loop
from tests.fakes.agents import trio
from tests.fakes.daemon import Heard, settings

ending.LEAVE_SECONDS, loop.STOP_SECONDS = {leave}, 0.2
agents = trio()

def hang(*_):
    print("hangs", flush=True)
    time.sleep(600)

{how}
heard = Heard()
orchestrator = daemon.Orchestrator(sys.argv[1], *agents.agents, config=settings(), view=heard)
sys.exit(orchestrator.start(**{start}))
"""
HANGS = {
    "a thread of ours": "from orchestrator import gather; gather.for_architect = hang",
    "a thread of the loop's pool": "async def run(work): await asyncio.to_thread(hang)\nagents.architect.run = run",
    "the event loop": "async def run(work): hang()\nagents.architect.run = run",
    "the scan": "from orchestrator.workspace import Workspace; Workspace.scan = hang",
}

WORKS = "work that can be ended"
SETUPS = {
    **HANGS,
    WORKS: "async def run(work): print('hangs', flush=True); await asyncio.sleep(600)\nagents.architect.run = run",
}


@contextmanager
def hanging(workspace: Path, how: str, leave: float, **start: object) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon that hangs as `how` says."""
    drop(workspace, "x")
    script = textwrap.dedent(SCRIPT).format(leave=leave, how=SETUPS[how], start=start)
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(workspace)], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"hangs\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", HANGS)
def test_what_hangs_for_ever_does_not_hold_up_the_end(tmp_path: Path, how: str) -> None:
    with hanging(tmp_path, how, leave=1.0) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60.0) in (0, 130)


async def test_one_ctrl_c_ends_the_work_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with hanging(tmp_path, WORKS, leave=60.0) as process:
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, 50.0) == 0
    assert state(tmp_path, "x")["status"] == "planning"
    async with asyncio.timeout(60):
        assert await daemon(tmp_path, trio(scores=(9.0,))).run(until_idle=True) == 0
    assert state(tmp_path, "x")["status"] == "completed"


@pytest.mark.parametrize("how", HANGS)
def test_the_second_ctrl_c_ends_it_at_once(tmp_path: Path, how: str) -> None:
    with hanging(tmp_path, how, leave=60.0) as process:
        process.send_signal(signal.SIGINT)
        for _ in range(100):  # one that comes before the first was noticed is lost in it
            time.sleep(0.1)
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGINT)
        assert process.poll() in (130, -signal.SIGINT)


def test_a_run_that_is_out_of_time_ends_although_something_hangs(tmp_path: Path) -> None:
    with hanging(tmp_path, "a thread of ours", leave=1.0, until_idle=True, timeout=2.5) as process:
        process.wait(60.0)


def test_an_end_that_comes_calls_off_the_last_resort() -> None:
    gone: list[int] = []
    resort = LastResort(0.3, lambda: gone.append(1))
    resort.begin()
    resort.begin()
    resort.cancel()
    time.sleep(0.5)
    assert gone == []


def test_an_end_that_does_not_come_is_gone_from_once() -> None:
    gone: list[int] = []
    resort = LastResort(0.01, lambda: gone.append(1))
    resort.begin()
    resort.begin()
    for _ in range(600):
        if gone:
            break
        time.sleep(0.1)
    time.sleep(0.1)
    assert gone == [1]


async def test_work_in_a_thread_hands_back_what_it_returns_and_raises() -> None:
    assert await in_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_nobody_hears_of_work_that_was_given_up() -> None:
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    running = in_thread(lambda: 1 // 0)
    running.cancel()
    await asyncio.sleep(0.05)
    assert heard == []
