"""What the Verifier is told of earlier programs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from orchestrator import gather, iterations
from orchestrator.files import Folder
from orchestrator.project import Project
from orchestrator.state import Score, State
from tests.fakes.model import ScriptedModel

EXAMPLE = "example: f(2)"


def archive(text: str) -> bytes:
    """A zip with one file, the same bytes for the same text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(zipfile.ZipInfo("a.py"), text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("programs", "failed"),
    [("abc", 2), ("aba", 1), ("aab", 1), ("aaa", 0), ("a", 0)],
)
def test_a_program_that_comes_again_does_not_fail_a_check_again(tmp_path: Path, programs: str, failed: int) -> None:
    newest = len(programs)
    with Folder.open(tmp_path) as folder:
        folder.mkdir(Project.STAGING)
        folder.write(Project.REQUIREMENTS, "Write f.")
        for number, text in enumerate(programs, 1):
            packed = archive(text)
            iterations.keep_files(folder, number, packed)
            program = hashlib.sha256(packed).hexdigest()
            facts = iterations.Facts(
                iteration=number, turn=number, score=1, green=False, failed=(EXAMPLE, "t::x"), program=program
            )
            if number < newest:
                iterations.keep_facts(folder, facts)
        state = State(name="x", iteration=newest, scores=tuple(Score(iteration=n, score=1) for n in range(1, newest)))
        work = gather.for_verifier(folder, state, ScriptedModel(), tmp_path, {})
    assert work.failed_before.get(EXAMPLE, 0) == failed
    assert "t::x" not in work.failed_before
