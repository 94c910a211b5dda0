"""What was prepared is applied in its own turn, and does not lie about afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from orchestrator import delivery
from orchestrator.delivery import PENDING, Delivery
from orchestrator.files import Folder
from orchestrator.project import Project
from orchestrator.publishing import Publishing
from orchestrator.shell import Shell
from orchestrator.state import State


def left_prepared(folder: Folder) -> Publishing:
    """As a kill leaves a delivery of turn 2."""
    folder.mkdir(Project.STAGING)
    folder.mkdir(Project.MEMORY)
    delivery.prepare(folder, Delivery(turn=2, iteration=1, files={"main.py": "x = 1\n"}, seen={}))
    return Publishing(cast("Shell", None), folder)


def test_what_a_kill_left_prepared_is_applied_in_its_turn(tmp_path: Path) -> None:
    with Folder.open(tmp_path) as folder:
        assert left_prepared(folder).finish(State(name="x", iteration=1, turn=2))
    assert (tmp_path / Project.STAGING / "main.py").exists()
    assert not (tmp_path / PENDING).exists()


@pytest.mark.parametrize("closed", [True, False])
def test_in_a_later_turn_it_is_gone_once_a_manifest_has_closed_it(tmp_path: Path, closed: bool) -> None:
    with Folder.open(tmp_path) as folder:
        publishing = left_prepared(folder)
        if closed:
            folder.write(Project.MANIFEST, "{}\n")
        assert not publishing.finish(State(name="x", iteration=1, turn=3))
    assert not (tmp_path / Project.STAGING / "main.py").exists()
    assert (tmp_path / PENDING).exists() is not closed


@pytest.mark.parametrize("noted", [[["main.py"]], [{"path": "main.py"}], [None, 1], "main.py", None])
def test_a_manifest_that_a_person_has_changed_to_nonsense_is_read_all_the_same(tmp_path: Path, noted: object) -> None:
    with Folder.open(tmp_path) as folder:
        folder.write("03_staging/main.py", "x = 1\n")
        hashes = delivery.staged_hashes(folder)
        row = {"path": "main.py", "sha256": hashes["main.py"]}
        folder.write(Project.MANIFEST, json.dumps({"files": [row, ["nonsense"]], "edited": noted}))
        assert delivery.edited_by_hand(folder, hashes) == frozenset()
