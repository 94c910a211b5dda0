"""How the user started us, so that the commands we name are ones that work."""

from __future__ import annotations

import sys
from pathlib import Path

SCRIPT = "run_orchestrator.py"


def program() -> str:
    """`code-tumbler`, or `python run_orchestrator.py` when that was typed."""
    return f"python {SCRIPT}" if Path(sys.argv[0]).name == SCRIPT else "code-tumbler"


def home() -> tuple[Path, ...]:
    """The folder of run_orchestrator.py when we were started by it: its config.yaml counts in any directory."""
    script = Path(sys.argv[0])
    return (script.absolute().parent,) if script.name == SCRIPT else ()
