"""When a call will end: by its speed, by the calls before it, and not at all when nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.expected import COUNTED, COUNTED_AT_MOST, REMEMBERED, End, Forecast, Usual, end_of_tests
from orchestrator.usage import Row
from providers import Activity, Progress
from tests.fakes.agents import trio
from tests.fakes.daemon import Heard, daemon, drop, settings

USUAL = Usual(seconds=60.0, output_tokens=1000)


def call(
    seconds: float = 60.0, *, agent: str = "engineer", model: str = "m", tokens: int | None = 1000, **more: str
) -> Row:
    return Row(
        id=1,
        time=datetime(2026, 3, 1, tzinfo=UTC),
        agent=agent,
        iteration=1,
        provider="p",
        model=model,
        input_tokens=10,
        output_tokens=tokens,
        cached_tokens=None,
        reasoning_tokens=None,
        cost=0.0,
        seconds=seconds,
        outcome=more.get("outcome", "ok"),
    )


def writing(tokens: int, speed: float | None = 20.0) -> Progress:
    return Progress(Activity.WRITING, tokens, speed)


def test_the_usual_call_is_the_middle_one_of_the_same_agent_and_model() -> None:
    rows = [call(10), call(20, tokens=500), call(300), call(1, agent="verifier"), call(1, model="other")]
    assert Usual.of([*rows, call(1, outcome="aborted")], "engineer", "m") == Usual(20, 1000)


def test_only_the_newest_calls_count() -> None:
    rows = [call(1000)] * 50 + [call(5)] * REMEMBERED
    assert Usual.of(rows, "engineer", "m") == Usual(5, 1000)


def test_without_calls_nothing_is_usual_and_without_counts_no_length() -> None:
    assert Usual.of([], "engineer", "m") is None
    assert Usual.of([call(tokens=None)], "engineer", "m") == Usual(60, None)


def begun(usual: Usual | None = USUAL) -> Forecast:
    """A call that began to be read at 100."""
    forecast = Forecast(lambda: usual, 4000)
    forecast.end(Progress(Activity.READING), 100.0)
    return forecast


@pytest.mark.parametrize(
    ("progress", "usual", "now", "end"),
    [
        (Progress(Activity.READING), USUAL, 100.0, End(160.0)),
        (writing(0, None), USUAL, 110.0, End(160.0)),
        (writing(200), USUAL, 130.0, End(130.0 + (1000 * COUNTED - 200) / 20)),
        (writing(200), Usual(60.0, None), 130.0, End(160.0)),
        (writing(2000), USUAL, 170.0, End(170.0 + (4000 * COUNTED_AT_MOST - 2000) / 20, latest=True)),
        (writing(200), None, 130.0, End(130.0 + (4000 * COUNTED_AT_MOST - 200) / 20, latest=True)),
        (writing(0, None), None, 130.0, None),
        (writing(0, None), USUAL, 161.0, None),
        (Progress(Activity.QUEUED, ahead=2), USUAL, 110.0, None),
        (Progress(Activity.RETRYING, note="busy"), USUAL, 110.0, None),
        (Progress(Activity.READING, note="fetching: 2 %"), USUAL, 110.0, None),
    ],
)
def test_the_end_of_a_call(progress: Progress, usual: Usual | None, now: float, end: End | None) -> None:
    found = begun(usual).end(progress, now)
    assert found == end or (found and end and found.at == pytest.approx(end.at) and found.latest == end.latest)


def test_each_call_has_its_own_beginning_and_learns_from_the_one_before() -> None:
    known = [Usual(60.0, None), Usual(30.0, None)]
    forecast = Forecast(lambda: known.pop(0), 4000)
    assert forecast.end(Progress(Activity.READING), 100.0) == End(160.0)
    assert forecast.end(Progress(Activity.READING), 200.0) == End(230.0)


@pytest.mark.parametrize(
    ("earlier", "end"),
    [
        ([], End(340.0, latest=True)),
        ([20.0], End(120.0)),
        ([10.0, 20.0, 200.0], End(120.0)),
        ([1.0, *[20.0] * REMEMBERED], End(120.0)),
    ],
)
def test_tests_end_as_the_ones_before_did_and_the_first_ones_at_their_limit(earlier: list[float], end: End) -> None:
    assert end_of_tests(earlier, 100.0, test_timeout=120.0) == end


def test_while_a_project_is_tested_its_row_says_until_when(tmp_path: Path) -> None:
    drop(tmp_path, "hello")
    heard = Heard()
    assert daemon(tmp_path, trio(scores=(4.0, 9.0)), heard, settings()).start(until_idle=True, timeout=30) == 0
    first, second = (row for row in heard.rows if row.activity == "testing")
    assert first.ends_latest
    assert first.ends - first.started == pytest.approx(240.0, abs=5.0)
    assert not second.ends_latest
    assert 0.0 < second.ends - second.started < 10.0
