"""What was prepared is applied in its own turn, and does not lie about afterwards."""

from __future__ import annotations

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


@pytest.mark.parametrize(("turn", "applied"), [(2, True), (3, False)], ids=["its own turn", "a later turn"])
def test_what_a_kill_left_prepared_is_applied_in_its_turn_and_gone_after_it(
    tmp_path: Path, turn: int, applied: bool
) -> None:
    with Folder.open(tmp_path) as folder:
        folder.mkdir(Project.STAGING)
        folder.mkdir(Project.MEMORY)
        delivery.prepare(folder, Delivery(turn=2, iteration=1, files={"main.py": "x = 1\n"}, seen={}))
        publishing = Publishing(cast("Shell", None), folder)
        assert publishing.finish(State(name="x", iteration=1, turn=turn)) is applied
        assert (tmp_path / Project.STAGING / "main.py").exists() is applied
        assert not (tmp_path / PENDING).exists()
