"""How much of what may be spent is left."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.budget import Budget, BudgetExceeded, exceeded
from orchestrator.config import DailyLimits, Limits
from orchestrator.usage import Row, Spent, Today, UnderWay
from tests.fakes.agents import trio
from tests.fakes.daemon import Heard, daemon, drop, settings, state

UNLIMITED = DailyLimits.model_validate(dict.fromkeys(DailyLimits.model_fields, "unlimited"))


def spent(tokens: int = 0, cost: float | None = 0.0, seconds: float = 0.0) -> Row:
    return Row(
        id=1,
        time=datetime.now(UTC) - timedelta(seconds=1),
        agent="engineer",
        iteration=1,
        provider="p",
        model="m",
        input_tokens=tokens,
        output_tokens=0,
        cached_tokens=None,
        reasoning_tokens=None,
        cost=cost,
        seconds=seconds,
        outcome="ok",
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (spent(), 0.9),
        (spent(tokens=500), 0.5),
        (spent(cost=1.5), 0.25),
        (spent(cost=None), 0.9),
        (spent(seconds=480), 0.2),
        (spent(tokens=5000), 0.0),
    ],
)
def test_the_scarcest_cap_counts(row: Row, expected: float) -> None:
    limits = Limits(max_tokens=1000, max_cost=2.0, max_minutes=10, max_calls=10, daily=UNLIMITED)
    assert Budget(limits, Spent([row]), Today()).left() == pytest.approx(expected)


def test_the_daemon_shows_what_is_left(tmp_path: Path) -> None:
    drop(tmp_path, "p")
    heard = Heard()
    limits = Limits(max_calls=10, daily=UNLIMITED)
    daemon(tmp_path, trio(scores=(9.0,)), heard, settings(limits=limits)).start(until_idle=True)
    shown = [round(row.budget_left, 3) for row in heard.rows if row.budget_left is not None]
    assert shown[-1] == 0.8


def test_the_days_cap_counts_as_well() -> None:
    today = Today()
    today.add(spent(tokens=600))
    limits = Limits(daily=UNLIMITED.model_copy(update={"max_tokens": 1000}))
    assert Budget(limits, Spent(), today).left() == pytest.approx(0.4)


def test_a_clock_that_jumps_to_another_day_and_back_forgets_nothing() -> None:
    now = [datetime.now(UTC).timestamp()]
    today = Today(clock=lambda: now[0])
    today.add(spent(tokens=600))
    for jump in (86_400, -10 * 86_400):
        now[0] += jump
        assert today.spent.tokens == 0
        now[0] -= jump
        assert today.spent.tokens == 600


def test_a_call_counts_for_the_day_on_which_it_began() -> None:
    today = Today()
    row = spent(tokens=600)
    today.add(replace(row, time=row.time - timedelta(days=1)))
    assert today.spent.tokens == 0


def test_calls_of_unknown_price_are_named_when_the_money_is_spent() -> None:
    totals = Spent([spent(cost=None), spent(cost=3.0)])
    reason = exceeded(Limits(max_cost=2.0), totals)
    assert reason == "max_cost is reached: 3 of 2 USD, without 1 call of unknown price"


def test_what_is_under_way_counts_only_while_it_is() -> None:
    limits = Limits(daily=UNLIMITED.model_copy(update={"max_cost": 5.0}))
    today = Today()
    mine, theirs = Budget(limits, Spent(), today), Budget(limits, Spent(), today)
    with theirs.counting(UnderWay(cost=5.0)), pytest.raises(BudgetExceeded, match="max_cost is reached"):
        mine.check()
    mine.check()


# --- books that somebody damaged


async def test_one_projects_damaged_books_keep_no_daemon_from_starting(tmp_path: Path) -> None:
    root = tmp_path / "damaged"
    (root / ".tumbler/journal").mkdir(parents=True)
    (root / ".tumbler/journal/0001-architect-iter0-turn1-call1-ok.json").write_text("{}")
    never = asdict(spent()) | {"time": "9999-12-31T23:59:59-12:00"}
    (root / ".tumbler/usage.json").write_text(json.dumps({"history": [never]}))
    drop(tmp_path, "x")
    async with asyncio.timeout(60):
        await daemon(tmp_path, trio(scores=(9.0,))).run(until_idle=True)
    assert state(tmp_path, "x")["status"] == "completed"


def test_what_an_agent_that_is_not_known_here_has_spent_counts_as_well() -> None:
    rows = [replace(spent(1), agent=agent) for agent in ("tester", "verifier", "architect")]
    assert list(Spent(rows).document()["by_agent"]) == ["architect", "verifier", "tester"]
