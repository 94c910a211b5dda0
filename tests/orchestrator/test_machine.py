from datetime import UTC, datetime

import pytest

from orchestrator.events import Archived, Arrived, Event, Failed, Halted, Restored, Resumed, SnapshotLost, Stalled
from orchestrator.machine import HELD, Action, IllegalEvent, next_arrival, outdates, step, take
from orchestrator.project import Trigger
from orchestrator.state import Phase, Score, State, Status
from orchestrator.tell import tell
from tests.fakes.daemon import Heard

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(status: Status, phase: Phase | None = None, **more: object) -> State:
    phase = phase or (Phase(status.value) if status.value in set(Phase) else Phase.VERIFYING)
    fields: dict[str, object] = {"iteration": 2, "max_iterations": 3, **more}
    return State.model_validate({"name": "x", "status": status, "current_phase": phase, **fields})


def report(score: float, iteration: int = 2, **more: object) -> Arrived:
    return Arrived(Trigger.REPORT, Score.model_validate({"iteration": iteration, "score": score, **more}))


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize(
    ("event", "then", "iteration", "action"),
    [
        (Arrived(Trigger.REQUIREMENTS), Status.PLANNING, 0, Action.PLAN),
        (Arrived(Trigger.PLAN), Status.ENGINEERING, 1, Action.BUILD),
        (Arrived(Trigger.MANIFEST), Status.VERIFYING, 2, Action.VERIFY),
        (report(7.9), Status.ENGINEERING, 3, Action.BUILD),
        (report(8.0), Status.FINALIZING, 2, Action.ARCHIVE),
        (report(7.9, 3), Status.EXHAUSTED, 3, Action.RESTORE),
        (report(8.0, 3), Status.FINALIZING, 3, Action.ARCHIVE),
        (Failed("no answer"), Status.FAILED, 2, None),
        (Stalled("down"), Status.WAITING, 2, None),
        (Halted("max_tokens"), Status.PAUSED, 2, None),
    ],
)
def test_every_status_takes_every_trigger_and_trouble(
    status: Status, event: Event, then: Status, iteration: int, action: Action | None
) -> None:
    state, asked = step(at(status), event)
    assert (state.status, state.iteration, asked) == (then, iteration, action)


@pytest.mark.parametrize(
    ("status", "phase", "then", "action"),
    [
        (Status.PLANNING, Phase.PLANNING, Status.PLANNING, Action.PLAN),
        (Status.ENGINEERING, Phase.ENGINEERING, Status.ENGINEERING, Action.BUILD),
        (Status.VERIFYING, Phase.VERIFYING, Status.VERIFYING, Action.VERIFY),
        (Status.FINALIZING, Phase.FINALIZING, Status.FINALIZING, Action.ARCHIVE),
        (Status.WAITING, Phase.ENGINEERING, Status.ENGINEERING, Action.BUILD),
        (Status.PAUSED, Phase.VERIFYING, Status.VERIFYING, Action.VERIFY),
        (Status.COMPLETED, Phase.FINALIZING, Status.COMPLETED, None),
        (Status.FAILED, Phase.ENGINEERING, Status.FAILED, None),
        (Status.EXHAUSTED, Phase.VERIFYING, Status.EXHAUSTED, None),
        (Status.IDLE, Phase.IDLE, Status.IDLE, None),
    ],
)
def test_a_restart_goes_on_with_what_was_interrupted_and_nothing_else(
    status: Status, phase: Phase, then: Status, action: Action | None
) -> None:
    state, asked = step(at(status, phase), Resumed())
    assert (state.status, asked) == (then, action)


def test_a_restart_finishes_putting_the_best_iteration_back() -> None:
    exhausted, _ = step(at(Status.VERIFYING, iteration=3), report(5.0, 3))
    assert step(exhausted, Resumed()) == (exhausted, Action.RESTORE)
    state, _ = step(exhausted, Restored())
    assert step(state, Resumed()) == (state, None)
    assert state.status is Status.EXHAUSTED
    assert state.error is not None


@pytest.mark.parametrize("trouble", [Stalled("the disk is full"), Halted("you put STOP into the project's folder")])
def test_the_best_iteration_comes_back_also_after_trouble(trouble: Event) -> None:
    exhausted, _ = step(at(Status.VERIFYING, iteration=3), report(5.0, 3))
    held, _ = step(exhausted, trouble)
    assert held.status in HELD
    assert step(held, Resumed()) == (exhausted, Action.RESTORE)


def test_an_archived_project_is_completed() -> None:
    assert step(at(Status.FINALIZING), Archived())[0].status is Status.COMPLETED


def test_a_lost_snapshot_is_verified_again() -> None:
    assert step(at(Status.FINALIZING), SnapshotLost())[1] is Action.VERIFY


@pytest.mark.parametrize("event", [Archived(), SnapshotLost()])
def test_an_event_that_cannot_be_is_refused(event: Event) -> None:
    with pytest.raises(IllegalEvent, match="x: "):
        step(at(Status.PLANNING), event)


def test_a_report_without_its_score_is_refused() -> None:
    with pytest.raises(IllegalEvent):
        step(at(Status.VERIFYING), Arrived(Trigger.REPORT))


def test_a_failure_tells_the_phase_the_reason_and_the_hint() -> None:
    state, _ = step(at(Status.ENGINEERING), Failed("no files in the reply", "try another model"))
    assert (state.current_phase, state.error, state.hint) == (
        Phase.ENGINEERING,
        "no files in the reply",
        "try another model",
    )


def test_going_on_forgets_what_was_wrong() -> None:
    waiting, _ = step(at(Status.ENGINEERING), Stalled("down", "start it", NOON))
    state, _ = step(waiting, Resumed())
    assert (waiting.not_before, state.error, state.hint, state.not_before) == (NOON, None, None, None)


def test_new_requirements_forget_old_scores() -> None:
    scored, _ = step(at(Status.VERIFYING), report(6.0))
    state, _ = step(scored, Arrived(Trigger.REQUIREMENTS))
    assert (scored.best_iteration, state.best_iteration, state.scores, state.last_score) == (2, None, (), None)


def test_a_worse_iteration_does_not_become_the_best() -> None:
    first, _ = step(at(Status.VERIFYING, iteration=1), report(6.0, 1))
    second, _ = step(first, report(5.0, 2))
    assert (second.best_iteration, second.best_score, second.last_score) == (1, 6.0, 5.0)
    assert [score.accepted for score in second.scores] == [True, False]
    assert second.lessons == ("iteration 2 was dropped: 5/10, but iteration 1 has 6/10",)


def test_the_score_is_told_with_what_the_round_failed_of() -> None:
    said = Heard()
    before = at(Status.VERIFYING, iteration=1)
    score = Score(iteration=1, score=5.0, summary="4 of 5 tests passed", cause="NameError: name 'x' is not defined")
    tell(said, before, step(before, Arrived(Trigger.REPORT, score))[0])
    assert "score 5/10 in iteration 1 (4 of 5 tests passed; NameError: name 'x' is not defined)" in said.text()


@pytest.mark.parametrize(("cause", "best"), [("KeyError: 'y' (a.py, line 2)", 2), ("NameError: x (a.py, line 9)", 1)])
def test_at_the_same_score_code_that_gets_further_is_the_best(cause: str, best: int) -> None:
    broken = Score(iteration=1, score=6.0, cause="NameError: x (a.py, line 2)")
    first, _ = step(at(Status.VERIFYING, iteration=1), Arrived(Trigger.REPORT, broken))
    second, _ = step(first, Arrived(Trigger.REPORT, Score(iteration=2, score=6.0, cause=cause)))
    assert second.best_iteration == best


def test_an_error_that_was_there_before_gets_no_further() -> None:
    state = at(Status.VERIFYING, iteration=1)
    for number, cause in enumerate(("NameError: x", "TypeError: y", "NameError: x"), 1):
        state, _ = step(
            state.model_copy(update={"status": Status.VERIFYING, "iteration": number}),
            Arrived(Trigger.REPORT, Score(iteration=number, score=6.0, cause=cause)),
        )
    assert state.best_iteration == 2


def test_a_lesson_says_what_the_round_failed_of() -> None:
    first, _ = step(at(Status.VERIFYING, iteration=1), report(6.0, 1))
    dropped = Score(iteration=2, score=5.0, cause="NameError: name 'x' is not defined")
    second, _ = step(first, Arrived(Trigger.REPORT, dropped))
    assert second.lessons[0].endswith("; NameError: name 'x' is not defined")


def test_the_most_upstream_change_wins_and_outdates_the_rest() -> None:
    found = {Trigger.REQUIREMENTS: "new", Trigger.MANIFEST: "new"}
    assert next_arrival({Trigger.REQUIREMENTS: "old"}, found) is Trigger.REQUIREMENTS
    taken = take(State(name="x"), Trigger.REQUIREMENTS, found)
    assert next_arrival(taken.taken, found) is None
    assert taken.turn == 1


@pytest.mark.parametrize(
    ("trigger", "phase", "worthless"),
    [
        (Trigger.REQUIREMENTS, Phase.PLANNING, True),
        (Trigger.PLAN, Phase.PLANNING, False),
        (Trigger.PLAN, Phase.ENGINEERING, True),
        (Trigger.MANIFEST, Phase.ENGINEERING, False),
        (Trigger.REPORT, Phase.ENGINEERING, True),
        (Trigger.MANIFEST, Phase.VERIFYING, True),
        (Trigger.REPORT, Phase.VERIFYING, False),
        (Trigger.REPORT, Phase.IDLE, False),
    ],
)
def test_only_changes_upstream_stop_the_work_under_way(trigger: Trigger, phase: Phase, worthless: bool) -> None:
    assert outdates(trigger, phase) is worthless


@pytest.mark.parametrize("status", [Status.IDLE, Status.COMPLETED, Status.FAILED, Status.EXHAUSTED])
@pytest.mark.parametrize("held", [Halted("PAUSE"), Stalled("settings")])
def test_what_was_held_at_rest_goes_back_to_rest_as_it_was(status: Status, held: Event) -> None:
    before = at(status, Phase.FINALIZING, error="what was wrong", hint="what to do")
    state, _ = step(before, held)
    state, _ = step(state, Halted("and once more"))
    after, action = step(state, Resumed())
    assert (after, action) == (before, None)


def test_what_was_held_at_work_goes_on_with_it() -> None:
    state, _ = step(at(Status.VERIFYING), Halted("PAUSE"))
    assert step(state, Resumed())[1] is Action.VERIFY
