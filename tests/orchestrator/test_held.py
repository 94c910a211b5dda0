"""Projects that are paused or wait: left alone while nothing changes, and noticed as soon as something does."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator import loop as loop_module
from orchestrator.config import Config, DailyLimits, Limits
from orchestrator.cycle import Cycle
from orchestrator.rerun import rerun
from orchestrator.shell import Shell
from orchestrator.state import State
from orchestrator.trouble import kept_waiting
from providers import AuthenticationFailed, ProviderError, ProviderSettings, RateLimited, Request, Unavailable
from tests.fakes.agents import trio
from tests.fakes.daemon import (
    Heard,
    daemon,
    drop,
    edited_and_put_back,
    running,
    settings,
    state,
    touch,
    until,
    until_status,
)

RESCAN = 0.1


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the projects that were looked at."""
    names: list[str] = []

    class Counted(Cycle):
        def __init__(self, shell: Shell, name: str, open_folder: object) -> None:
            names.append(name)
            super().__init__(shell, name, open_folder)  # type: ignore[arg-type]

    monkeypatch.setattr(loop_module, "Cycle", Counted)
    return names


async def settled(looks: list[str]) -> int:
    """How many looks there have been once no more come; several rescans go by."""
    async with asyncio.timeout(60):
        while True:
            before = len(looks)
            await asyncio.sleep(8 * RESCAN)
            if len(looks) == before:
                return before


async def test_a_spent_project_is_looked_at_again_only_when_something_has_changed(
    tmp_path: Path, looks: list[str]
) -> None:
    config = settings(rescan_seconds=RESCAN, limits=Limits(max_calls=2))
    async with running(tmp_path, trio(scores=(9.0,)), config=config):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "paused")
        before = await settled(looks)
        (tmp_path / "x" / "tumbler.yaml").write_text("limits:\n  max_calls: 2\n")
        await until(lambda: len(looks) > before)
        assert state(tmp_path, "x")["status"] == "paused"
        (tmp_path / "x" / "tumbler.yaml").write_text("limits:\n  max_calls: 9\n")
        await until_status(tmp_path, "x", "completed")


async def test_a_project_paused_by_a_file_is_looked_at_again_only_when_that_goes(
    tmp_path: Path, looks: list[str]
) -> None:
    drop(tmp_path, "x")
    (tmp_path / "x" / "PAUSE").touch()
    async with running(tmp_path, trio(scores=(9.0,)), config=settings(rescan_seconds=RESCAN)):
        await until_status(tmp_path, "x", "paused")
        await settled(looks)
        (tmp_path / "x" / "PAUSE").unlink()
        await until_status(tmp_path, "x", "completed")


async def test_a_project_that_a_server_told_to_wait_is_not_looked_at_before(tmp_path: Path, looks: list[str]) -> None:
    agents = trio(scores=(9.0,))
    agents.architect.provider.answer = lambda _: RateLimited("later", retry_after=900)
    async with running(tmp_path, agents, config=settings(rescan_seconds=RESCAN)):
        path = drop(tmp_path, "x")
        await until_status(tmp_path, "x", "waiting")
        before = await settled(looks)
        touch(path)
        await until(lambda: len(looks) > before)


async def test_the_day_after_goes_on_with_what_the_day_had_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = [datetime.now(UTC).date()]
    monkeypatch.setattr("orchestrator.usage._day", lambda seconds: day[0])
    config = settings(rescan_seconds=RESCAN, limits=Limits(daily=DailyLimits(max_calls=2)))
    async with running(tmp_path, trio(scores=(9.0,)), config=config):
        drop(tmp_path, "x")
        await until_status(tmp_path, "x", "paused")
        assert "today" in state(tmp_path, "x")["error"]
        await asyncio.sleep(4 * RESCAN)
        assert state(tmp_path, "x")["status"] == "paused"
        day[0] += timedelta(days=1)
        await until_status(tmp_path, "x", "completed")


async def test_a_project_without_its_pause_says_that_its_budget_is_what_holds_it(tmp_path: Path) -> None:
    config = settings(rescan_seconds=RESCAN, limits=Limits(max_calls=1))
    agents = trio(scores=(9.0,))

    def pausing(_: Request) -> str:
        (tmp_path / "x" / "PAUSE").touch()
        return "ok"

    agents.architect.provider.answer = pausing
    async with running(tmp_path, agents, config=config):
        drop(tmp_path, "x")
        await until(lambda: "PAUSE" in (state(tmp_path, "x").get("error") or ""))
        (tmp_path / "x" / "PAUSE").unlink()
        await until(lambda: "max_calls is reached" in (state(tmp_path, "x")["error"] or ""))
        assert state(tmp_path, "x")["status"] == "paused"


async def test_a_project_without_its_pause_and_with_nothing_to_do_is_at_rest_although_it_is_spent(
    tmp_path: Path,
) -> None:
    path = drop(tmp_path, "x", "first")
    config = settings(rescan_seconds=RESCAN, limits=Limits(max_calls=3))
    async with running(tmp_path, trio(scores=(9.0,)), config=config):
        await until_status(tmp_path, "x", "completed")
        await edited_and_put_back(tmp_path, "x", path)
        await until_status(tmp_path, "x", "completed")


async def test_a_spent_project_stays_paused_over_a_restart_without_a_word(tmp_path: Path) -> None:
    config = settings(limits=Limits(max_calls=2))
    drop(tmp_path, "x")
    assert await daemon(tmp_path, trio(scores=(9.0,)), config=config).run(until_idle=True) == 1
    before, heard = state(tmp_path, "x"), Heard()
    assert await daemon(tmp_path, trio(scores=(9.0,)), heard, config).run(until_idle=True) == 1
    assert state(tmp_path, "x") == before
    assert "x: " not in heard.text()


@pytest.mark.parametrize(
    ("ahead", "kept"),
    [
        (timedelta(minutes=59), True),
        (timedelta(seconds=1), True),
        (timedelta(0), False),
        (timedelta(seconds=-1), False),
        (timedelta(hours=2), False),
        (timedelta(days=3650), False),
    ],
)
def test_a_time_to_wait_for_that_only_a_wrong_clock_can_have_written_holds_nothing(
    ahead: timedelta, kept: bool
) -> None:
    now = datetime.now(UTC)
    assert kept_waiting(State(name="x", not_before=now + ahead), now) is kept


async def test_a_time_without_a_zone_in_one_state_does_not_keep_others_from_being_looked_at(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    (tmp_path / "x/.tumbler").mkdir()
    soon = datetime.now(UTC) + timedelta(minutes=30)
    held = {"name": "x", "status": "waiting", "current_phase": "planning", "not_before": f"{soon:%Y-%m-%dT%H:%M:%S}"}
    (tmp_path / "x/.tumbler/state.json").write_text(json.dumps(held))
    heard = Heard()
    async with running(tmp_path, trio(scores=(9.0,)), heard, settings(rescan_seconds=RESCAN)):
        await until_status(tmp_path, "x", "completed")
    assert "internal error" not in heard.text()


# --- over a restart


def served_by(model: str) -> Config:
    """Settings whose one provider has `model`."""
    entry = ProviderSettings.model_validate({"name": "local", "type": "openai", "model": model})
    return settings(providers={"local": entry}, rescan_seconds=RESCAN)


async def held_by(workspace: Path, error: ProviderError) -> dict[str, object]:
    """The state of a project whose first call ended so, after the daemon's end."""
    agents = trio(scores=(9.0,))
    agents.architect.provider.answer = lambda _: error
    drop(workspace, "x")
    assert await daemon(workspace, agents, config=served_by("one")).run(until_idle=True) == 1
    held = state(workspace, "x")
    assert held["status"] == "waiting"
    return held


ASKED_TO_WAIT = {
    "too many requests": RateLimited("later", retry_after=900),
    "an overloaded server": Unavailable("busy", status=503, retry_after=900),
    "a broken server": Unavailable("engine died", status=500),
}


@pytest.mark.parametrize("error", ASKED_TO_WAIT.values(), ids=ASKED_TO_WAIT)
async def test_a_server_that_answered_so_is_left_alone_over_a_restart(tmp_path: Path, error: ProviderError) -> None:
    held, again, heard = await held_by(tmp_path, error), trio(scores=(9.0,)), Heard()
    assert await daemon(tmp_path, again, heard, served_by("one")).run(until_idle=True) == 1
    assert again.architect.provider.requests == []
    assert state(tmp_path, "x") == held
    assert heard.text().count("x: still waiting") == 1
    assert "rerun x" in heard.text()


async def test_the_time_to_wait_for_ends_also_after_a_restart(tmp_path: Path) -> None:
    held = await held_by(tmp_path, RateLimited("later", retry_after=3.0))
    async with running(tmp_path, trio(scores=(9.0,)), config=served_by("one")):
        await until_status(tmp_path, "x", "completed")
    assert datetime.now(UTC) >= datetime.fromisoformat(str(held["not_before"]))


TRIED_AT_ONCE = {
    "no server listened": Unavailable("no connection"),
    "a key was wrong": AuthenticationFailed("refused the key", status=401),
}


@pytest.mark.parametrize("error", TRIED_AT_ONCE.values(), ids=TRIED_AT_ONCE)
async def test_what_a_person_mends_is_tried_at_the_next_start(tmp_path: Path, error: ProviderError) -> None:
    await held_by(tmp_path, error)
    assert await daemon(tmp_path, trio(scores=(9.0,)), config=served_by("one")).run(until_idle=True) == 0


async def test_another_entry_for_the_provider_is_tried_at_the_next_start(tmp_path: Path) -> None:
    await held_by(tmp_path, RateLimited("later", retry_after=900))
    assert await daemon(tmp_path, trio(scores=(9.0,)), config=served_by("two")).run(until_idle=True) == 0


async def test_a_project_that_chooses_another_provider_does_not_wait_for_the_first(tmp_path: Path) -> None:
    await held_by(tmp_path, RateLimited("later", retry_after=900))
    entry = ProviderSettings.model_validate({"name": "other", "type": "openai", "model": "one"})
    config = served_by("one")
    both = config.model_copy(update={"providers": {**config.providers, "other": entry}})
    (tmp_path / "x" / "tumbler.yaml").write_text("agent_providers:\n  architect: other\n")
    assert await daemon(tmp_path, trio(scores=(9.0,)), config=both).run(until_idle=True) == 0


async def test_a_person_who_lets_an_agent_run_again_does_not_wait(tmp_path: Path) -> None:
    await held_by(tmp_path, RateLimited("later", retry_after=900))
    rerun(tmp_path, "x", None)
    assert await daemon(tmp_path, trio(scores=(9.0,)), config=served_by("one")).run(until_idle=True) == 0
