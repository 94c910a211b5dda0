"""Runs the person's own command when a project ends, with the facts in its environment; nothing waits for it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from agents.verification.text import line

from .files import FileProblem, Folder
from .project import Project
from .state import State, Status
from .view import Level, Row, View

log = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds after which the command is killed."""
LAST_WAIT = 10.0
"""Seconds for which commands under way may hold up the end of the daemon."""


class Notifier:
    """A view that hands everything on to another and runs `command` for each end."""

    def __init__(self, view: View, workspace: Path, command: Sequence[str], timeout: float = TIMEOUT) -> None:
        self._view = view
        self._workspace = workspace
        self._command = list(command)
        self._timeout = timeout
        self._running: list[threading.Thread] = []

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        self._view.say(text, project=project, level=level)

    def show(self, project: str, row: Row | None) -> None:
        self._view.show(project, row)

    def ended(self, state: State) -> None:
        self._running = [thread for thread in self._running if thread.is_alive()]
        thread = threading.Thread(target=self._notify, args=(state,), name=f"notify {state.name}", daemon=True)
        self._running.append(thread)
        thread.start()

    def wait(self, seconds: float = LAST_WAIT) -> None:
        """Give commands under way the time to end."""
        until = time.monotonic() + seconds
        for thread in self._running:
            thread.join(max(0.0, until - time.monotonic()))

    def _notify(self, state: State) -> None:
        environment = {**os.environ, **facts(self._workspace / state.name, state)}
        problem = run(self._command, environment, self._timeout)
        if problem:
            log.warning("%s: notify: %s", state.name, problem)


@contextmanager
def notifying(view: View, workspace: Path, command: Sequence[str]) -> Iterator[View]:
    """`view`, with `command` run at each end; `view` itself when there is none."""
    if not command:
        yield view
        return
    notifier = Notifier(view, workspace, command)
    yield notifier
    notifier.wait()


def facts(root: Path, state: State) -> dict[str, str]:
    """What the command finds in its environment; empty where there is nothing to say."""
    return {
        "TUMBLER_PROJECT": line(state.name),
        "TUMBLER_STATUS": state.status.value,
        "TUMBLER_SCORE": "" if state.last_score is None else f"{state.last_score:g}",
        "TUMBLER_ITERATION": str(state.iteration),
        "TUMBLER_ZIP": str(_newest_zip(root) or "") if state.status is Status.COMPLETED else "",
        "TUMBLER_ERROR": line(state.error or "", 1000),
    }


def run(command: Sequence[str], environment: Mapping[str, str], timeout: float) -> str | None:
    """What went wrong, None when all went well. The command and its children are killed after `timeout` seconds."""
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return (
            f"{command[0]!r} does not start: {getattr(error, 'strerror', None) or error}; mend `notify` in config.yaml"
        )
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        return f"{command[0]!r} took more than {timeout:g} seconds and was killed"
    return f"{command[0]!r} ended with exit code {code}" if code else None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _newest_zip(root: Path) -> Path | None:
    try:
        with Folder.open(root / Project.FINAL) as folder:
            zips = ((name, folder.stat(name)) for name in folder.names() if name.endswith(".zip"))
            times = {name: found.mtime_ns for name, found in zips if found is not None}
    except FileProblem:
        return None
    newest = max(times, key=times.__getitem__, default=None)
    return None if newest is None else root / Project.FINAL / newest
