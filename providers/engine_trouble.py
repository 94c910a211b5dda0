"""Why the embedded engine cannot be loaded here, found by loading it in another process, before a model is fetched."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping

MODULE = "xllamacpp"
PATIENCE = 60.0
"""Seconds; loading takes a fraction of one, on a cold disk several."""
PACKAGES = {"libgomp.so.1": "libgomp1", "libstdc++.so.6": "libstdc++6", "libgcc_s.so.1": "libgcc-s1"}
"""Library -> what Debian and Ubuntu call the package that has it."""
BY_PIP = "pip install xllamacpp huggingface-hub"
BY_UV = "uv run --extra embedded run_orchestrator.py"
"""What uv made has no pip of its own: the pip on the path would install into another environment."""
_LIBRARY = re.compile(r"(lib[\w+.-]+\.so[\w.]*): cannot open shared object file")


def trouble(environment: Mapping[str, str], module: str = MODULE) -> str | None:
    """What is wrong and the command that mends it; None when the engine can be loaded, or nobody can tell."""
    try:
        ran = subprocess.run(
            [sys.executable, "-I", "-c", f"import {module}"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return explain(ran.returncode, ran.stderr.decode("utf-8", "replace"))


def explain(code: int, said: str) -> str | None:
    """`code` and `said` are how the process ended, and its last words."""
    if code == 0:
        return None
    if library := _LIBRARY.search(said):
        package = PACKAGES.get(library[1])
        mend = f"install it with: apt install {package}" if package else "install the system package that has it"
        return f"the engine cannot be loaded, for want of {library[1]}; {mend}"
    if "No module named" in said:
        return f"the engine is not installed; install it with: {BY_UV if 'UV' in os.environ else BY_PIP}"
    if hasattr(signal, "SIGILL") and code == -signal.SIGILL:
        return "this processor lacks instructions that the engine needs; use a server, such as Ollama, instead"
    last = (said.strip().splitlines() or [f"exit code {code}"])[-1]
    return f"the engine cannot be loaded: {last[:300]}; install it anew with: {_anew()}"


def _anew() -> str:
    if "UV" in os.environ:
        return BY_UV.replace("--extra", f"--reinstall-package {MODULE} --extra")
    return f"pip install --force-reinstall {MODULE}"
