"""On a system without POSIX modules the program starts, and says that it has no sandbox."""

from __future__ import annotations

import subprocess
import sys

LIKE_WINDOWS = """
import asyncio, concurrent.futures, ctypes, multiprocessing, platform, platformdirs, shutil, subprocess, sys, tempfile
import agents.verification.settings, orchestrator.status, providers

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in ("resource", "pwd", "grp", "termios"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

for name in ("resource", "pwd", "grp", "termios"):
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Missing())
sys.platform = "win32"

from agents.verification.box import SandboxUnavailable
from agents.verification.sandbox import choose
from agents.verifier import Verifier
from orchestrator.doctor_machine import sandbox_check

try:
    choose()
except SandboxUnavailable as error:
    print(error)
print(sandbox_check("none").verdict)
"""


def test_without_posix_the_program_starts_and_says_that_it_has_no_sandbox() -> None:
    ran = subprocess.run([sys.executable, "-c", LIKE_WINDOWS], capture_output=True, encoding="utf-8", timeout=50)
    assert ran.returncode == 0, ran.stderr
    assert "run Code Tumbler in WSL 2" in ran.stdout
    assert ran.stdout.endswith("failed\n")
