"""The demo: a recording in the model's place, and everything else real."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from agents.verification.box import SandboxUnavailable
from agents.verification.sandbox import choose
from orchestrator.cli import cli
from orchestrator.demo import PROJECT, free_folder
from orchestrator.files import Folder
from orchestrator.iterations import facts_of
from orchestrator.recording import Recording
from providers import Activity, Attempt, Message, Progress, ReplyTruncated, Request, available


def sandboxed() -> bool:
    try:
        return choose("auto").name != "none"
    except SandboxUnavailable:
        return False


@pytest.mark.skipif(not sandboxed(), reason="no sandbox works here")
def test_the_demo_goes_from_red_to_green_to_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(cli, ["demo"], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    root = tmp_path / "demo" / "projects" / PROJECT
    with Folder.open(root) as folder:
        red, green = facts_of(folder, 1), facts_of(folder, 2)
    assert red
    assert green
    assert (red.green, len(red.failed), green.green, len(green.failed)) == (False, 5, True, 0)
    (made,) = (root / "05_final").glob("*.zip")
    with ZipFile(made) as packed:
        assert sorted(packed.namelist()) == ["roman.py", "tests/test_roman.py"]
    said = [line for line in ran.output.splitlines() if "This is a recording: no model is asked" in line]
    assert len(said) == 2


def test_the_recording_shows_its_answers_arriving() -> None:
    import asyncio

    class Watching:
        def __init__(self) -> None:
            self.seen: list[Progress] = []

        def progress(self, progress: Progress) -> None:
            self.seen.append(progress)

        def attempted(self, attempt: Attempt) -> None: ...

    watching = Watching()
    request = Request((Message("user", "x"),))
    recording = Recording(["an answer"], seconds=0)
    assert asyncio.run(recording.complete(request, watching)).text == "an answer"
    assert (watching.seen[0].activity, watching.seen[-1].activity) == (Activity.READING, Activity.WRITING)
    with pytest.raises(ReplyTruncated, match="no answer to this"):
        asyncio.run(recording.complete(request))


def test_a_recording_is_no_type_of_provider_that_a_user_sees() -> None:
    assert "recording" not in available()


def test_each_demo_has_a_folder_of_its_own(tmp_path: Path) -> None:
    assert free_folder(tmp_path) == tmp_path / "demo"
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo-2").mkdir()
    assert free_folder(tmp_path) == tmp_path / "demo-3"


def test_a_folder_that_was_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "used" / "projects" / "mine").mkdir(parents=True)
    ran = CliRunner().invoke(cli, ["demo", str(tmp_path / "used")])
    assert ran.exit_code == 1
    assert "is there already" in ran.stderr
