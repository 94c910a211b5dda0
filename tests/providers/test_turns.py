"""Whose call a server takes next: tables, and whole days of calls without a clock."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.turns import CALLS, LINGER, SECONDS, Turn, Waiting, begun, change_at, choose, ended, order

NOW = 1000.0
IDLE = Turn("a", calls=3, running=0, began=NOW - 10, ended=NOW - LINGER)
BUSY = Turn("a", calls=3, running=1, began=NOW - 10)


def queue(models: str, at_once: int = 1) -> list[Waiting]:
    """One call for each letter, in that order, numbered from 1."""
    return [Waiting(number, model, at_once) for number, model in enumerate(models, start=1)]


@pytest.mark.parametrize(
    ("said", "turn", "models", "at_once", "begins"),
    [
        ("nobody waits", IDLE, "", 1, None),
        ("the first call of all begins at once", Turn(), "ba", 1, 1),
        ("calls keep their order", IDLE, "aa", 1, 1),
        ("the loaded model goes first", IDLE, "bba", 1, 3),
        ("one call at a time", BUSY, "aa", 1, None),
        ("as many at once as configured", BUSY, "aa", 2, 1),
        ("another model waits for the call under way", BUSY, "b", 8, None),
        ("an idle server changes to the call that waits longest", IDLE, "cb", 1, 1),
        ("an idle server lingers first", replace(IDLE, ended=NOW), "b", 1, None),
        ("it does not linger for its own model", replace(IDLE, ended=NOW), "ba", 1, 2),
        ("a turn ends after so many calls", replace(IDLE, calls=CALLS), "ab", 1, 2),
        ("a turn ends after so long", replace(IDLE, began=NOW - SECONDS), "ab", 1, 2),
        ("a used-up turn changes without lingering", replace(IDLE, calls=CALLS, ended=NOW), "ab", 1, 2),
        ("a used-up turn waits for its last call", replace(BUSY, calls=CALLS), "ab", 2, None),
        ("nobody else waits, so the turn goes on", replace(IDLE, calls=CALLS, began=0), "aa", 1, 1),
    ],
)
def test_the_call_that_begins(said: str, turn: Turn, models: str, at_once: int, begins: int | None) -> None:
    chosen = choose(turn, queue(models, at_once), NOW)
    assert (chosen.number if chosen else None) == begins, said


def test_a_call_that_wants_the_server_alone_is_not_overtaken_by_its_own_model() -> None:
    alone, crowd = Waiting(1, "a", 1), Waiting(2, "a", 8)
    assert choose(BUSY, [alone, crowd], NOW) is None
    assert choose(BUSY, [crowd, alone], NOW) == crowd


@pytest.mark.parametrize(
    ("turn", "models", "expected"),
    [
        (IDLE, "", []),
        (IDLE, "aaa", [1, 2, 3]),
        (BUSY, "baba", [2, 4, 1, 3]),
        (replace(IDLE, ended=NOW), "bca", [3, 1, 2]),
        (replace(IDLE, calls=CALLS - 1), "aba", [1, 2, 3]),
        (Turn(), "ba", [1, 2]),
    ],
)
def test_the_order_in_which_waiting_calls_will_begin(turn: Turn, models: str, expected: list[int]) -> None:
    assert [call.number for call in order(turn, queue(models), NOW)] == expected


def test_a_new_model_begins_a_new_turn_and_the_same_one_goes_on_with_its() -> None:
    assert begun(IDLE, Waiting(1, "b", 1), NOW) == Turn("b", calls=1, running=1, began=NOW)
    assert begun(IDLE, Waiting(1, "a", 1), NOW) == replace(IDLE, calls=4, running=1)
    assert ended(BUSY, NOW) == replace(BUSY, running=0, ended=NOW)


def test_a_fresh_server_need_not_linger() -> None:
    assert change_at(Turn()) < 0 < change_at(IDLE)


@dataclass(frozen=True)
class Played:
    """A call that has begun."""

    model: str
    waited: float
    """Seconds."""


def played(projects: list[str], *, seconds: float, between: float, at_once: int = 1) -> list[Played]:
    """The calls, in order, of projects that make one after the other, `between` seconds apart."""
    turn, waiting, log = Turn(), dict[Waiting, tuple[int, float]](), list[Played]()
    done = [0] * len(projects)
    events = [(0.0, number, "arrives") for number in range(len(projects))]
    arrived = 0
    while events:
        now, project, what = heapq.heappop(events)
        if what == "arrives" and done[project] < len(projects[project]):
            arrived += 1
            waiting[Waiting(arrived, projects[project][done[project]], at_once)] = (project, now)
        elif what == "ends":
            turn = ended(turn, now)
            heapq.heappush(events, (now + between, project, "arrives"))
            heapq.heappush(events, (now + LINGER, project, "looks"))
        while (call := choose(turn, tuple(waiting), now)) is not None:
            turn = begun(turn, call, now)
            mine, since = waiting.pop(call)
            done[mine] += 1
            log.append(Played(call.model, now - since))
            heapq.heappush(events, (now + seconds, mine, "ends"))
    return log


def changes(log: list[Played]) -> int:
    return sum(one.model != other.model for one, other in pairwise(log))


@pytest.mark.parametrize("projects", [1, 2, 10, 50, 200])
@pytest.mark.parametrize("seconds", [0.5, 5.0, 60.0])
def test_changes_of_model_grow_with_the_projects_and_not_with_their_calls(projects: int, seconds: float) -> None:
    """Plan, build, verify, build, verify: the Engineer has a model of its own."""
    log = played(["abaaba"] * projects, seconds=seconds, between=0.05)
    assert len(log) == 6 * projects
    assert changes(log) <= 4 + (projects if seconds * CALLS > SECONDS else 6 * projects / CALLS)


def test_another_question_at_once_finds_its_model_still_loaded() -> None:
    assert changes(played(["aaaaaaaa", "bbbbbbbb"], seconds=1.0, between=LINGER / 2)) == 1


@given(st.lists(st.text("abc", min_size=1, max_size=12), min_size=1, max_size=12), st.integers(1, 4))
def test_every_call_begins_and_nobody_waits_for_more_than_a_turn_of_each_other_model(
    projects: list[str], at_once: int
) -> None:
    log = played(projects, seconds=1.0, between=0.1, at_once=at_once)
    assert Counter(call.model for call in log) == Counter("".join(projects))
    ahead_in_its_own_model = len(projects) * (1.0 + LINGER)
    turns_of_the_others = 2 * (CALLS * 1.0 + 1.0 + LINGER)
    assert max(call.waited for call in log) <= ahead_in_its_own_model + turns_of_the_others


def test_a_crowd_for_one_model_does_not_starve_a_single_call_for_another() -> None:
    log = played(["a" * 100] * 5 + ["b"], seconds=1.0, between=0.0)
    assert [call.model for call in log].index("b") <= CALLS
