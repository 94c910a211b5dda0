"""Kinds of sandbox that need nothing installed: our own supervisor program, with more or less of the kernel's help."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agents.verification.box import Ended, Job, Ran, SandboxUnavailable
from agents.verification.sandbox import seccomp
from agents.verification.sandbox.confine.kernel import landlock_abi
from agents.verification.sandbox.confine.removal import remove
from agents.verification.sandbox.confined_orders import Confinement, orders_for, own_user
from agents.verification.sandbox.pipes import Pipes
from agents.verification.sandbox.places import absolute
from agents.verification.sandbox.processes import Tree
from agents.verification.sandbox.thread import Stop, in_own_thread
from agents.verification.sandbox.watch import Launch, Watched, watch

_FIRST_ABI_WITH_SIGNALS, _FIRST_ABI_WITH_TRUNCATE = 6, 3
_END_SECONDS = 10.0
_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from confine.supervisor import main; main(int(sys.argv[2]))"


@dataclass(frozen=True)
class Landlock:
    """File access by allow-list, no network, no signals to others: the kernel's Landlock and seccomp, by ctypes.

    Known gaps, because Landlock does not handle them: times of the user's other files can be set and their attributes
    read, and as an ordinary user a file's mode can be changed to another ordinary one (0644); there are no sized file
    systems but for root, so memory and disk are watched and may be overdrawn for a moment; signals and pidfds of the
    code's own processes cannot be told from others before ABI 6, so there nobody may send any. Of sockets only stream
    pairs are left, so servers on loopback and multiprocessing's managers do not work, nor do its locks without root.
    """

    abi: int

    @classmethod
    def of_this_kernel(cls) -> Landlock:
        abi = landlock_abi()
        if not abi:
            raise SandboxUnavailable("this kernel has no Landlock (Linux 5.13 or later, and `landlock` among its lsm=)")
        return cls(abi)

    @property
    def name(self) -> str:
        return "landlock"

    @property
    def description(self) -> str:
        return (
            f"Landlock (ABI {self.abi}) and seccomp: no network, not even loopback; files by allow-list; processes, "
            "names and times of other files stay visible, and memory and disk are watched, not fenced"
        )

    @property
    def network(self) -> str:
        return "none"

    async def run(self, job: Job) -> Ran:
        return await run_confined(job, self._confinement(job))

    def _confinement(self, job: Job) -> Confinement:
        alone = own_user(job) is not None
        policy = seccomp.Policy(
            families=seccomp.INSTALLING.families if job.network else (),
            signals=alone or job.network or self.abi >= _FIRST_ABI_WITH_SIGNALS,
            attributes=alone or job.network,
            truncate=self.abi >= _FIRST_ABI_WITH_TRUNCATE,
        )
        return Confinement(landlock=self.abi, filter=seccomp.program(policy))


@dataclass(frozen=True)
class Bare:
    """Limits, a clean environment and an end for every process; nothing else. Only by `sandbox: none`."""

    @property
    def name(self) -> str:
        return "none"

    @property
    def description(self) -> str:
        return "no sandbox, only limits and a clean environment: the code can read, change and send what its user can"

    @property
    def network(self) -> str:
        return "all"

    async def run(self, job: Job) -> Ran:
        return await run_confined(job, Confinement())


async def run_confined(job: Job, confinement: Confinement) -> Ran:
    """Run `job` under the supervisor program."""
    return await in_own_thread(lambda stop: _run(absolute(job), stop, confinement))


def _run(job: Job, stop: Stop, confinement: Confinement) -> Ran:
    directory = os.path.realpath(tempfile.mkdtemp(prefix="code-tumbler-run-"))
    with Pipes(job.secret) as pipes:
        lifeline, hold = os.pipe()
        pipes.keep(lifeline)
        keeper = _Keeper(pipes.keep(hold), pipes)
        orders = orders_for(job, directory, pipes, lifeline, confinement)
        text = pipes.data(orders.packed())
        launch = Launch(
            argv=(sys.executable, "-I", "-S", "-c", _PROGRAM, str(Path(__file__).parent), str(text)),
            variables={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
            descriptors=(text, lifeline, pipes.report_in, pipes.secret, pipes.status_in),
        )
        with _removed_if_not_started(directory):
            watched = watch(launch, pipes, limits=job.limits, keeper=keeper, stop=stop, stdin=job.stdin)
    return _ran(watched)


@contextlib.contextmanager
def _removed_if_not_started(directory: str) -> Iterator[None]:
    """The supervisor removes the folder; should it be killed, or never start, it is done here."""
    try:
        yield
    finally:
        if Path(directory).exists():
            remove(directory)


def _ran(watched: Watched) -> Ran:
    lines = watched.status.decode("utf-8", "replace").splitlines()
    said = dict(line.partition(" ")[::2] for line in lines)
    if watched.ended is Ended.EXITED and "disk" in said:
        watched = dataclasses.replace(watched, ended=Ended.DISK)
    elif watched.ended is Ended.EXITED and "started" not in said:
        raise SandboxUnavailable(
            f"the sandbox could not be set up: {said.get('failed', '')} {watched.said[-600:]}".strip()
        )
    return watched.ran(int(said.get("exit", watched.return_code)))


class _Keeper:
    """Asks the supervisor to end everything; it does the same by itself when this process dies."""

    def __init__(self, hold: int, pipes: Pipes) -> None:
        self._hold, self._pipes = hold, pipes

    def heard(self, status: bytes) -> None:
        pass

    def end(self, process: subprocess.Popen[bytes]) -> None:
        self._pipes.close(self._hold)
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            _kill_tree(process)


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    """The supervisor itself did not end: it was stopped, or is stuck."""
    with contextlib.suppress(OSError):
        for pid in Tree(process.pid).pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()
