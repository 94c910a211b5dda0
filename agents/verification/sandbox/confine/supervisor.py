"""The parent of the command and, in the end, of all that it left behind.

It stays outside the confinement, between daemon and command, so that orphans come back to it and not to the daemon.
When the command ends, or the daemon's thread lets go of the lifeline, it kills every descendant and removes the run's
folder.
"""

from __future__ import annotations

import marshal
import os
import select
import time

from . import kernel
from .command import become
from .removal import free, remove, used

MYPY = False
if MYPY:
    from collections.abc import Iterator

    from .orders import Orders

_SIGKILL, _SIGSTOP = 9, 19
_LOOK_SECONDS = 0.2
"""How often the dead are collected and the disk is looked at; the command's end is noticed at once."""
_LOOK_WITHOUT_PIDFD_SECONDS = 0.01
_KILL_SECONDS = 5.0


def main(orders_in: int) -> None:
    orders = _read(orders_in)
    os.set_inheritable(orders.status, False)
    os.set_inheritable(orders.lifeline, False)
    kernel.adopt_orphans()
    try:
        said = _Supervisor(orders).outcome()
    finally:
        remove(orders.directory)
    os.write(orders.status, said.encode())


def _read(descriptor: int) -> Orders:
    with os.fdopen(descriptor, "rb") as file:
        names = marshal.load(file)  # noqa: S302 - it comes from the daemon
    given: Orders = kernel.Namespace(**names)
    return given


class _Supervisor:
    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._free = free(orders.directory)
        self._child = os.fork()
        if self._child == 0:
            become(orders)
        self._code: int | None = None

    def outcome(self) -> str:
        """`exit N`, `disk`, or nothing after the lifeline was let go."""
        try:
            return self._wait()
        finally:
            self._end_all()

    def _wait(self) -> str:
        poll, look = select.poll(), _LOOK_WITHOUT_PIDFD_SECONDS
        poll.register(self._orders.lifeline, select.POLLIN | select.POLLHUP)
        if hasattr(os, "pidfd_open"):
            poll.register(os.pidfd_open(self._child), select.POLLIN)
            look = _LOOK_SECONDS
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(look * 1000)}
            self._collect()
            if self._code is not None:
                return f"exit {self._code}\n"
            if self._orders.lifeline in ready:
                return ""
            if not ready and self._disk_is_overdrawn():
                return "disk\n"

    def _collect(self) -> None:
        for pid, status in _dead():
            if pid == self._child:
                self._code = os.waitstatus_to_exitcode(status)

    def _disk_is_overdrawn(self) -> bool:
        """Counts files only when the file system lost about as much as the run may take."""
        directory, allowed = self._orders.directory, self._orders.disk
        return self._free - free(directory) > allowed // 2 and used(directory) > allowed

    def _end_all(self) -> None:
        give_up = time.monotonic() + _KILL_SECONDS
        while _has_children() and time.monotonic() < give_up:
            self._kill_round()
            self._collect()
            time.sleep(0.001)

    def _kill_round(self) -> None:
        if not kernel.IS_LINUX:
            _kill(-self._child, _SIGKILL)
        elif self._orders.user is not None:
            _kill_user(self._orders.user)
        else:
            # What is stopped cannot fork, so the second list misses nobody whom the first round reached.
            for number in (_SIGSTOP, _SIGKILL):
                for pid in descendants(os.getpid()):
                    _kill(pid, number)


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _dead() -> Iterator[tuple[int, int]]:
    try:
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            yield found
    except ChildProcessError:
        return


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _kill_user(user: int) -> None:
    """Kill all processes of a user at once: nobody but this run has that number."""
    pid = os.fork()
    if pid == 0:
        os.setuid(user)
        _kill(-1, _SIGKILL)
        os._exit(0)
    os.waitpid(pid, 0)


def descendants(root: int) -> list[int]:
    """From /proc; a process that is gone meanwhile is left out."""
    parents = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib takes as long to import as all the rest
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    text = file.read()
            except OSError:
                continue
            parents[int(name)] = int(text[text.rindex(b")") + 2 :].split()[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
        found |= more
    return sorted(found - {root})
