"""Ends a process at one chosen file-system call on a project's files, as kill -9 or the power switch would.

    python -m tests.fakes.crash SCRIPT ARGUMENTS...

runs SCRIPT with every changing call of `orchestrator.files.Folder` counted over all threads, from 1. The environment
says which one is the last: CRASH_AT (0: none), CRASH_HOW (before, after, or torn: in the middle of a write), CRASH_LOG
(a file outside the workspace, to which each call is added as a line, so that a first run tells how many there are).
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from orchestrator.files import folder
from orchestrator.files.directory import DescriptorDirectory

REPOSITORY = Path(__file__).resolve().parents[2]
T = TypeVar("T")


class _Plan:
    """What the environment asks for."""

    def __init__(self) -> None:
        self.at = int(os.environ.get("CRASH_AT", "0"))
        self.how = os.environ.get("CRASH_HOW", "before")
        self.log = os.environ.get("CRASH_LOG", "")
        self._count = 0
        self._lock = threading.Lock()

    def step(self, name: str) -> bool:
        """Count a call; True when it is the one."""
        with self._lock:
            self._count += 1
            if self.log:
                with Path(self.log).open("a", encoding="utf-8", errors="backslashreplace") as log:
                    log.write(name.replace("\n", "\\n") + "\n")
            return self._count == self.at


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class CrashingDirectory(DescriptorDirectory):
    """Does what its base does, up to the chosen call."""

    plan = _Plan()

    def _call(self, name: str, action: Callable[[], T]) -> T:
        if not self.plan.step(name):
            return action()
        if self.plan.how == "after":
            action()
        _die()
        raise AssertionError("still alive")

    def make(self, name: str) -> None:
        self._call(f"make {name}", lambda: DescriptorDirectory.make(self, name))

    def open(self, name: str, flags: int, mode: int = 0o644) -> int:
        if not flags & os.O_CREAT:
            return super().open(name, flags, mode)
        return self._call(f"open {name}", lambda: DescriptorDirectory.open(self, name, flags, mode))

    def write(self, descriptor: int, data: memoryview) -> int:
        def action() -> int:
            return DescriptorDirectory.write(self, descriptor, data)

        if self.plan.how != "torn":
            return self._call(f"write {len(data)}", action)
        if not self.plan.step(f"write {len(data)}"):
            return action()
        super().write(descriptor, data[: len(data) // 2])
        _die()
        raise AssertionError("still alive")

    def sync_file(self, descriptor: int) -> None:
        self._call("sync file", lambda: DescriptorDirectory.sync_file(self, descriptor))

    def sync(self) -> None:
        self._call("sync directory", lambda: DescriptorDirectory.sync(self))

    def rename(self, old: str, new: str) -> None:
        self._call(f"rename {new}", lambda: DescriptorDirectory.rename(self, old, new))

    def link(self, old: str, new: str) -> None:
        self._call(f"link {new}", lambda: DescriptorDirectory.link(self, old, new))

    def unlink(self, name: str) -> None:
        self._call(f"unlink {name}", lambda: DescriptorDirectory.unlink(self, name))

    def remove(self, name: str) -> None:
        self._call(f"remove {name}", lambda: DescriptorDirectory.remove(self, name))


def run(
    script: Path, arguments: Sequence[str], *, at: int, how: str = "before", log: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the script to its end, or to call number `at`; the exit code is -9 then."""
    environment = {**os.environ, "CRASH_AT": str(at), "CRASH_HOW": how, "CRASH_LOG": str(log or "")}
    argv = [sys.executable, "-m", "tests.fakes.crash", str(script), *arguments]
    return subprocess.run(argv, env=environment, cwd=REPOSITORY, capture_output=True, timeout=60, check=False)


def main() -> None:
    vars(folder)["DescriptorDirectory"] = CrashingDirectory
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
