"""When the coverage of a Python project can be measured."""

from __future__ import annotations

import pytest

from agents.languages.python_suite import _starts_processes
from agents.verification.tree import Tree


@pytest.mark.parametrize(
    ("test", "starts"),
    [
        ("import subprocess\n\n\ndef test_a(): assert 1\n", False),
        ("import subprocess\n\nsubprocess.run(['x'])\n", True),
        ("from subprocess import run\n\nrun(['x'])\n", True),
        ("import os\n\nos.system('x')\n", True),
        ("import runpy\n\nrunpy.run_path('x')\n", True),
    ],
)
def test_a_program_runs_where_nobody_traces_it_only_when_a_test_starts_it(test: str, starts: bool) -> None:
    assert _starts_processes(Tree({"app.py": "import subprocess\n\nsubprocess.run\n", "test_a.py": test})) is starts
