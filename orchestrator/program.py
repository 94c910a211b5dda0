"""How the user started us, so that the commands we name are ones that work."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

SCRIPT = "run_orchestrator.py"


def program() -> str:
    """How to call us again about the same projects: with the settings and the workspace that were named."""
    return shlex.join([*command().split(), *_places()])


def again(project: str) -> str:
    """How to let the agent that failed try once more."""
    return f"to try again: {program()} rerun {shlex.quote(project)}"


def command() -> str:
    """`code-tumbler` or `python run_orchestrator.py`, as it was typed; with `uv run` before it when uv started us."""
    script = SCRIPT if Path(sys.argv[0]).name == SCRIPT else "code-tumbler"
    if "UV" in os.environ:  # uv tells its own path to what it runs
        return f"uv run {script}"
    return f"python {script}" if script == SCRIPT else script


def _places() -> Iterator[str]:
    for word, following in pairwise([*sys.argv[1:], ""]):
        option, equals, value = word.partition("=")
        if option in ("--config", "--workspace") and (value or following):
            yield from (option, value if equals else following)


def home() -> tuple[Path, ...]:
    """The folder of run_orchestrator.py when we were started by it: its config.yaml counts in any directory."""
    script = Path(sys.argv[0])
    return (script.absolute().parent,) if script.name == SCRIPT else ()
