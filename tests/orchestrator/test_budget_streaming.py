"""Caps that are crossed while a model answers: the stream ends within a second, and the project is paused."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config import DailyLimits, Limits
from tests.fakes.asking import crew
from tests.fakes.daemon import Heard, drop, settings, state, until, until_status
from tests.fakes.llm import Answer, FakeLLM
from tests.fakes.loopback import assert_all_is_booked, daemon, journal, provider, usage, working

DRIPPING = Answer("word " * 4000, piece=5, pause=0.02)
"""For a minute and a half, 80 tokens a second."""
SILENT = Answer(stall_after=0)
A_DOLLAR_A_TOKEN = {"input": 0, "output": 1e6}
PRICED: dict[str, Any] = {"prices": A_DOLLAR_A_TOKEN}
UNLIMITED = dict.fromkeys(DailyLimits.model_fields, "unlimited")


def limits(**caps: Any) -> Limits:
    daily = DailyLimits.model_validate({**UNLIMITED, **caps.pop("daily", {})})
    return Limits.model_validate({**UNLIMITED, "daily": daily, **caps})


CROSSED = {
    "tokens": (DRIPPING, limits(max_tokens=60), "limits.max_tokens is reached"),
    "tokens of the day": (DRIPPING, limits(daily={"max_tokens": 60}), "limits.daily.max_tokens is reached"),
    "cost": (DRIPPING, limits(max_cost=40.0), "limits.max_cost is reached"),
    "cost of the day": (DRIPPING, limits(daily={"max_cost": 40.0}), "limits.daily.max_cost is reached"),
    "minutes": (DRIPPING, limits(max_minutes=0.5 / 60), "limits.max_minutes is reached"),
    "minutes of silence": (SILENT, limits(max_minutes=0.5 / 60), "limits.max_minutes is reached"),
    "minutes of silence of the day": (SILENT, limits(daily={"max_minutes": 0.5 / 60}), "limits.daily.max_minutes"),
}


@pytest.mark.parametrize(("answer", "caps", "says"), CROSSED.values(), ids=CROSSED)
async def test_a_cap_that_is_crossed_while_the_model_answers_stops_it_and_a_raised_one_goes_on(
    tmp_path: Path, answer: Answer, caps: Limits, says: str
) -> None:
    async with FakeLLM(answer) as llm:
        asking = crew(provider(llm.url, **PRICED))
        async with working(daemon(tmp_path, asking, Heard(), settings(rescan_seconds=0.1, limits=caps))):
            drop(tmp_path, "x", "x\n")
            await until(lambda: llm.requests)
            began = time.monotonic()
            await until_status(tmp_path, "x", "paused")
            took = time.monotonic() - began
            assert state(tmp_path, "x")["error"].startswith(says)
            assert state(tmp_path, "x")["hint"].startswith("raise it in config.yaml and start the daemon again")
            await until(lambda: llm.hung_up == 1)
        assert took < 30, "half a second to spend, one to stop; the rest is for a busy machine"
        assert len(llm.requests) == 1, "it was tried again under the same caps"
        assert_all_is_booked(tmp_path, "x", llm)
        assert [entry["outcome"] for entry in journal(tmp_path, "x")] == ["aborted"]

        llm.reply = "fine"
        raised = settings(limits=limits())
        assert await daemon(tmp_path, crew(provider(llm.url)), Heard(), raised).run(until_idle=True) == 0
    assert state(tmp_path, "x")["iteration"] == 1


async def test_a_cap_raised_in_tumbler_yaml_goes_on_at_once(tmp_path: Path) -> None:
    async with FakeLLM(DRIPPING) as llm:
        caps = settings(rescan_seconds=0.1, limits=limits(max_cost=40.0))
        async with working(daemon(tmp_path, crew(provider(llm.url, **PRICED)), Heard(), caps)):
            drop(tmp_path, "x", "x\n")
            await until_status(tmp_path, "x", "paused")
            llm.reply = "fine"
            (tmp_path / "x" / "tumbler.yaml").write_text("limits:\n  max_cost: 10000\n")
            await until_status(tmp_path, "x", "completed")


async def test_what_other_projects_are_spending_now_counts_in_the_days_cap(tmp_path: Path) -> None:
    async with FakeLLM(DRIPPING) as llm:
        caps = settings(rescan_seconds=0.1, limits=limits(daily={"max_cost": 40.0}))
        async with working(daemon(tmp_path, crew(provider(llm.url, **PRICED)), Heard(), caps)):
            for name in ("a", "b", "c", "d"):
                drop(tmp_path, name, f"{name}\n")
            for name in ("a", "b", "c", "d"):
                await until_status(tmp_path, name, "paused")
        assert len(llm.requests) == 4
    spent = sum(usage(tmp_path, name)["total_cost"] for name in ("a", "b", "c", "d"))
    assert 40 <= spent < 120, "alone each would have been let spend forty"


async def test_a_prompt_for_which_there_are_no_tokens_left_is_not_sent(tmp_path: Path) -> None:
    heard = Heard()
    async with FakeLLM("fine") as llm:
        caps = settings(rescan_seconds=0.1, limits=limits(max_tokens=1000))
        async with working(daemon(tmp_path, crew(provider(llm.url)), heard, caps)):
            drop(tmp_path, "x", "word " * 1000)
            await until_status(tmp_path, "x", "paused")
            drop(tmp_path, "y", "y\n")
            await until_status(tmp_path, "y", "completed")
        assert not [asked for asked in llm.requests if "word" in asked.text]
    assert heard.text().count("x: paused") == 1, "each rescan said it again"


async def test_a_prompt_for_which_there_is_no_money_left_is_not_sent_either(tmp_path: Path) -> None:
    async with FakeLLM("fine") as llm:
        caps = settings(rescan_seconds=0.1, limits=limits(max_cost=5.0))
        dear = provider(llm.url, prices={"input": 1e6, "output": 0})
        async with working(daemon(tmp_path, crew(dear), Heard(), caps)):
            drop(tmp_path, "x", "x\n")
            await until_status(tmp_path, "x", "paused")
        assert llm.requests == []
    assert not list((tmp_path / "x").glob(".tumbler/journal/*.json"))


async def test_failed_tries_end_at_the_cap_on_calls(tmp_path: Path) -> None:
    async with FakeLLM(Answer(status=500, body={"error": "engine died"})) as llm:
        caps = settings(limits=limits(max_calls=3))
        drop(tmp_path, "x", "x\n")
        assert await daemon(tmp_path, crew(provider(llm.url)), Heard(), caps).run(until_idle=True) == 1
        assert len(llm.requests) == 3
    assert state(tmp_path, "x")["status"] == "paused"


async def test_a_call_that_waits_for_its_turn_spends_no_minutes(tmp_path: Path) -> None:
    """Two projects at a server for one call at a time, which takes a second for the first of them."""
    async with FakeLLM(lambda asked: Answer("fine", delay=1.0 if asked.number == 1 else 0.0)) as llm:
        caps = settings(limits=limits(max_minutes=1.6 / 60))
        asking = crew(provider(llm.url, max_concurrency=1))
        for name in ("x", "y"):
            drop(tmp_path, name, f"{name}\n")
        assert await daemon(tmp_path, asking, Heard(), caps).run(until_idle=True) == 0


async def test_a_price_that_nobody_knows_is_told_and_counts_as_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.prices.private", lambda _: False)
    heard = Heard()
    async with FakeLLM("fine") as llm:
        drop(tmp_path, "x", "x\n")
        assert await daemon(tmp_path, crew(provider(llm.url)), heard).run(until_idle=True) == 0
    assert heard.text().count("the price of fake is not known") == 1
    assert usage(tmp_path, "x")["total_cost"] is None
    assert [row["cost"] for row in usage(tmp_path, "x")["history"]] == [None] * 3
