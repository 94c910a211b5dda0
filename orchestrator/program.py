"""How the user started us, so that the commands we name are ones that work."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SCRIPT = "run_orchestrator.py"


def program() -> str:
    """`code-tumbler` or `python run_orchestrator.py`, as it was typed; with `uv run` before it when uv started us."""
    script = Path(sys.argv[0]).name == SCRIPT
    if "UV" in os.environ:  # uv tells its own path to what it runs
        return f"uv run {SCRIPT}" if script else "uv run code-tumbler"
    return f"python {SCRIPT}" if script else "code-tumbler"


def home() -> tuple[Path, ...]:
    """The folder of run_orchestrator.py when we were started by it: its config.yaml counts in any directory."""
    script = Path(sys.argv[0])
    return (script.absolute().parent,) if script.name == SCRIPT else ()
