"""bubblewrap: own namespaces, an allow-list of mounts, sized memory file systems, a system call filter."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
from dataclasses import dataclass

from agents.verification.box import Ended, Job, Ran, SandboxUnavailable
from agents.verification.sandbox.bwrap_command import Preparation
from agents.verification.sandbox.pipes import Pipes
from agents.verification.sandbox.places import absolute
from agents.verification.sandbox.processes import Tree
from agents.verification.sandbox.thread import Stop, in_own_thread
from agents.verification.sandbox.watch import Watched, watch

_DEATH_SECONDS = 5.0
_UNKNOWN, _DEAD = -1, -2


@dataclass(frozen=True)
class Bwrap:
    """Works as an ordinary user (user namespace) and as root (no user namespace; code runs as a user without files)."""

    program: str = "bwrap"
    disables_userns: bool = True
    """bubblewrap before 0.8 does not know --disable-userns; the system call filter refuses them as well."""

    @property
    def name(self) -> str:
        return "bwrap"

    @property
    def description(self) -> str:
        return (
            "bubblewrap: own file system, processes, users and network (loopback only); nothing of this machine can be "
            "written, and only system folders and the job's own can be read"
        )

    @property
    def network(self) -> str:
        return "loopback"

    async def run(self, job: Job) -> Ran:
        return await in_own_thread(lambda stop: self._run(absolute(job), stop))

    def _run(self, job: Job, stop: Stop) -> Ran:
        with Pipes(job.secret) as pipes:
            launch = Preparation(self.program, job, pipes, disables_userns=self.disables_userns).launch()
            watched = watch(launch, pipes, limits=job.limits, keeper=_Keeper(), stop=stop, stdin=job.stdin)
        if watched.ended is Ended.EXITED and not watched.started:
            raise SandboxUnavailable(_complaint(watched, job))
        return watched.ran(_exit_code(watched.return_code))


def _complaint(watched: Watched, job: Job) -> str:
    said = watched.said
    if "No space left" in said:
        return f"the project does not fit into the sandbox's working copy of {job.limits.work} bytes: {said[-300:]}"
    return f"bubblewrap could not set up the sandbox: {said[-600:] or f'exit code {watched.return_code}'}"


def _exit_code(code: int) -> int:
    """bubblewrap reports a signal as the shell does, as 128 more; so an exit with 129 to 159 is read as one too."""
    return 128 - code if 128 < code < 160 else code


class _Keeper:
    """Holds on to the first process of the process namespace: when it is dead, all in there are."""

    def __init__(self) -> None:
        self._init = _UNKNOWN

    def heard(self, status: bytes) -> None:
        if self._init != _UNKNOWN:
            return
        for line in status.split(b"\n")[:-1]:
            with contextlib.suppress(ValueError, ProcessLookupError):
                self._init = os.pidfd_open(int(json.loads(line)["child-pid"]))
                return

    def end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            # A child that it is just making would be missed, and would wait for its dead parent for ever. So it must
            # stand still, which a signal alone does not promise yet, while its children are listed.
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            children = set() if self._init >= 0 else set(Tree(process.pid).pids()) - {process.pid}
            process.kill()
            for pid in children:
                with contextlib.suppress(ProcessLookupError):
                    _kill_and_wait(os.pidfd_open(pid))
            process.wait()
        if self._init >= 0:
            _kill_and_wait(self._init)
            self._init = _DEAD


def _kill_and_wait(process: int) -> None:
    """Kill by a descriptor, which no other process can have taken over meanwhile, and close it."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, signal.SIGKILL)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    poll.poll(_DEATH_SECONDS * 1000)
    # As the first process of a container this one inherits orphans, and must collect them.
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PIDFD, process, os.WEXITED | os.WNOHANG)
    os.close(process)
