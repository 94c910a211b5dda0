"""A Verifier that finds a part of a round better than all of it: the rest is put back and verified again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agents.base import Built, Outcome, Work
from orchestrator.delivery import Delivery, prepare
from orchestrator.files import Folder
from providers import Unavailable
from tests.fakes.agents import Trio, trio, verdict
from tests.fakes.daemon import Heard, daemon, drop, running, state, until

PART = Built({"main.py": "print('as it was')\n"}, frozenset({"tests/test_main.py"}))


def dividing() -> Trio:
    """The Verifier puts a part back the first time it sees the program."""
    agents = trio(scores=(9.0,))

    def judge(work: Work) -> Outcome:
        return PART if "1" in work.staged["main.py"] else verdict(9.0)

    agents.verifier.outcome = judge
    return agents


async def test_the_rest_is_put_back_and_the_part_is_what_counts(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    agents, heard = dividing(), Heard()
    async with asyncio.timeout(60):
        assert await daemon(tmp_path, agents, heard).run(until_idle=True) == 0
    assert [work.staged for work in agents.verifier.works][1] == {"main.py": "print('as it was')\n"}
    assert (state(tmp_path, "x")["iteration"], len(agents.engineer.works)) == (1, 1)
    assert "a part of iteration 1 is better than all of it; put back: main.py, tests/test_main.py" in heard.text()


async def test_what_a_person_edits_meanwhile_is_not_put_back(tmp_path: Path) -> None:
    agents = dividing()
    agents.verifier.provider.seconds = 0.4
    async with running(tmp_path, agents):
        drop(tmp_path, "x")
        await until(lambda: agents.verifier.works)
        (tmp_path / "x/03_staging/main.py").write_text("print('mine')\n")
        await until(lambda: len(agents.verifier.works) > 1)
    assert agents.verifier.works[1].staged["main.py"] == "print('mine')\n"
    assert "main.py" in agents.verifier.works[1].edited


@pytest.mark.parametrize("applied", [0, 1])
async def test_a_return_that_was_cut_off_is_finished_before_anything_is_verified(tmp_path: Path, applied: int) -> None:
    drop(tmp_path, "x")
    agents = dividing()
    judge = agents.verifier.outcome

    def cut_off(work: Work) -> Outcome:
        found = state(tmp_path, "x")
        with Folder.open(tmp_path / "x") as folder:
            seen_now = {path: folder.sha256(f"03_staging/{path}") or "" for path in work.staged}
            made = Delivery(
                turn=found["turn"], iteration=1, files=dict(PART.files), deleted=tuple(PART.deleted), seen=seen_now
            )
            prepare(folder, made)
            if applied:
                folder.remove("03_staging/.manifest.json")
                folder.write("03_staging/main.py", PART.files["main.py"])
        raise Unavailable("the server went away")

    agents.verifier.outcome = cut_off
    await daemon(tmp_path, agents).run(until_idle=True)
    assert state(tmp_path, "x")["status"] == "waiting"
    again = dividing()
    again.verifier.outcome = judge
    async with asyncio.timeout(60):
        assert await daemon(tmp_path, again).run(until_idle=True) == 0
    assert [work.staged for work in again.verifier.works] == [{"main.py": "print('as it was')\n"}]
