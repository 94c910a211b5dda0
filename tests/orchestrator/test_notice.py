"""The person's command at the end of a project."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path

import pytest

from orchestrator.daemon import Orchestrator
from orchestrator.log_view import LogView
from orchestrator.notice import Notifier, facts, notifying, run
from orchestrator.state import State, Status
from orchestrator.tell import tell
from orchestrator.view import EndingView
from tests.fakes.agents import trio
from tests.fakes.daemon import Heard, drop, settings
from tests.fakes.history import past

TELL = (
    "import json,os,sys;open(sys.argv[1],'w').write(json.dumps({k:v for k,v in os.environ.items() if 'TUMBLER' in k}))"
)


def test_a_completed_project_runs_the_command_with_the_facts(tmp_path: Path) -> None:
    drop(tmp_path, "p")
    out = tmp_path / ".out"
    with notifying(Heard(), tmp_path, [sys.executable, "-S", "-c", TELL, str(out)]) as view:
        assert (
            Orchestrator(tmp_path, *trio(scores=(9.0,)).agents, config=settings(), view=view).start(until_idle=True)
            == 0
        )
    told = json.loads(out.read_text())
    assert told.pop("TUMBLER_ZIP") == str(next((tmp_path / "p" / "05_final").glob("*.zip")))
    assert told == {
        "TUMBLER_PROJECT": "p",
        "TUMBLER_STATUS": "completed",
        "TUMBLER_SCORE": "9",
        "TUMBLER_ITERATION": "1",
        "TUMBLER_ERROR": "",
    }


@pytest.mark.parametrize(
    ("status", "ends"),
    [("completed", True), ("failed", True), ("exhausted", True), ("waiting", False), ("planning", False)],
)
def test_only_ends_are_told(status: str, ends: bool) -> None:
    class Ends(Heard):
        def __init__(self) -> None:
            super().__init__()
            self.ends: list[State] = []

        def ended(self, state: State) -> None:
            self.ends.append(state)

    view = Ends()
    tell(view, State(name="p"), State(name="p", status=Status(status), last_score=9.0, error="e"))
    assert bool(view.ends) is ends


def test_a_view_without_the_wish_is_left_in_peace() -> None:
    assert not isinstance(LogView(), EndingView)
    tell(LogView(), State(name="p"), State(name="p", status=Status.FAILED, error="e"))


def test_a_failure_names_the_command_that_tries_again() -> None:
    view = Heard()
    tell(view, State(name="a b"), State(name="a b", status=Status.FAILED, error="no plan", hint="use another model"))
    (line,) = view.text().splitlines()
    assert line.startswith("a b: failed: no plan; use another model; to try again: ")
    assert line.endswith(" rerun 'a b'")


def test_without_a_command_the_view_stays_as_it_is(tmp_path: Path) -> None:
    heard = Heard()
    with notifying(heard, tmp_path, []) as view:
        assert view is heard


def test_nothing_waits_for_a_command_that_hangs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier(Heard(), tmp_path, ["sleep", "60"], timeout=1.0)
    notifier.ended(State(name="p", status=Status.FAILED))
    assert "was killed" not in caplog.text
    with caplog.at_level(logging.WARNING):
        notifier.wait(60)
    assert "took more than 1 seconds and was killed" in caplog.text


def test_no_shell_sees_the_arguments(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert run(["echo", f"; touch {mark}", f"$(touch {mark})"], os.environ, 5) is None
    assert not mark.exists()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["/no/such/program"], "does not start: No such file or directory; mend `notify`"),
        (["false"], "'false' ended with exit code 1"),
        (["a\0b"], "does not start"),
    ],
)
def test_a_command_that_fails_is_told_of(command: list[str], expected: str) -> None:
    assert expected in (run(command, os.environ, 5) or "")


def test_facts_hold_no_control_characters_and_no_zip_of_an_earlier_success(tmp_path: Path) -> None:
    root = past(tmp_path)
    (root / "05_final").mkdir()
    (root / "05_final" / "old.zip").touch()
    told = facts(root, State(name="p", status=Status.FAILED, error="a\0b\x1b[31m\nc"))
    assert (told["TUMBLER_ZIP"], told["TUMBLER_ERROR"]) == ("", "ab c")
