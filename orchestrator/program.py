"""How the user started us, so that the commands we name are ones that work."""

from __future__ import annotations

import sys
from pathlib import Path


def program() -> str:
    """`code-tumbler`, or `python run_orchestrator.py` when that was typed."""
    if Path(sys.argv[0]).name == "run_orchestrator.py":
        return "python run_orchestrator.py"
    return "code-tumbler"
