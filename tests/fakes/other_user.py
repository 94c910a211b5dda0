"""Runs a Python module of this repository as root or as an ordinary user, with the system's interpreter."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path("/usr/bin/python3")
_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
_PARTS = (
    "agents/__init__.py",
    "agents/verification",
    "tests/fakes/victim.py",
    "tests/fakes/terminal.py",
    "tests/data/hostile",
)


def why_not(who: str) -> str:
    """Why this cannot be done here; empty when it can."""
    if not PYTHON.exists():
        return "there is no /usr/bin/python3, which every user can start"
    if who == "root" and os.geteuid() != 0:
        return "these tests do not run as root"
    if who == "user" and os.geteuid() == 0 and not shutil.which("setpriv"):
        return "setpriv is missing, which makes an ordinary user of root"
    return ""


def run_module(who: str, module: str, *arguments: str, seconds: float = 150) -> str:
    """stdout of `python -m module` in a copy of the parts it needs, which everybody can read."""
    with tempfile.TemporaryDirectory() as folder:
        for part in _PARTS:
            target = Path(folder, part)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(ROOT / part, target) if (ROOT / part).is_dir() else shutil.copy(ROOT / part, target)
        subprocess.run(["chmod", "-R", "u+w,a+rX", folder], check=True)
        prefix = _NOBODY if who == "user" and os.geteuid() == 0 else ()
        run = subprocess.run(
            [*prefix, str(PYTHON), "-B", "-m", module, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    assert run.returncode == 0, run.stderr
    return run.stdout
