"""The daemon under test, as a process that is started as often as it is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.cycle import REPOSITORY, wait, watched


class Daemon:
    """Started when made; `kill` and `start` again, or `stop`."""

    def __init__(self, workspace: Path, url: str, *more: str) -> None:
        self._argv = [sys.executable, "-m", "benchmarks.soak_daemon", str(workspace), url, *more]
        self._log = workspace.with_name("daemon.log")
        self.slowest_start = 0.0
        self.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Until it watches; a daemon that ends instead raises RuntimeError."""
        began = time.monotonic()
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(self._argv, cwd=REPOSITORY, stdout=log, stderr=log)
        wait(lambda: self._alive() and watched(self.pid), 60)
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> float:
        """Seconds that it took after SIGTERM."""
        began = time.monotonic()
        self._process.terminate()
        self._process.wait(30)
        return time.monotonic() - began

    def _alive(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"the daemon ended with {self._process.returncode}:\n{self.said()[-3000:]}")
        return True

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))
