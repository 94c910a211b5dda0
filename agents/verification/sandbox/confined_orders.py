"""What the supervisor program is told: the command, its limits, and what it may read and write."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from dataclasses import dataclass

from agents.verification.box import Job, Limits
from agents.verification.sandbox import machine
from agents.verification.sandbox.bwrap_command import FIRST_UID, UIDS
from agents.verification.sandbox.confine.orders import Orders
from agents.verification.sandbox.pipes import Pipes
from agents.verification.sandbox.places import TRUSTED, Places, environment, fill, filled

_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/passwd", "/etc/group"),
    *("/etc/nsswitch.conf", "/etc/hosts", "/etc/ssl/openssl.cnf", "/etc/ssl/certs"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/filesystems", "/proc/uptime"),
    *("/proc/sys/kernel", "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu"),
)


@dataclass(frozen=True)
class Confinement:
    """What the kinds differ in."""

    landlock: int = 0
    filter: bytes = b""
    before: tuple[str, ...] = ()
    """Words before the command, `{directory}` being the run's folder."""


def own_user(job: Job) -> int | None:
    """A number of its own for code that root runs; installing stays with the daemon's user, without capabilities."""
    return None if os.geteuid() or job.writable else FIRST_UID + secrets.randbelow(UIDS)


def orders_for(job: Job, directory: str, pipes: Pipes, lifeline: int, confinement: Confinement) -> Orders:
    places = Places(**{name: f"{directory}/{name}" for name in ("job", "home", "tmp")}, trusted=str(TRUSTED))
    fills = (job, places, pipes.report_in, pipes.secret)
    own = environment(job, places)
    variables = machine.install_variables(os.environ) | own if job.network else own
    user, limits = own_user(job), job.limits
    return Orders(
        argv=[
            *(word.replace("{directory}", directory) for word in confinement.before),
            *(fill(w, *fills) for w in job.argv),
        ],
        variables=filled(variables, *fills),
        directory=directory,
        status=pipes.status_in,
        lifeline=lifeline,
        keep=[pipes.report_in, pipes.secret],
        limits=_resources(limits, user),
        disk=limits.work + limits.tmp,
        sizes={places.job: limits.work, places.tmp: limits.tmp, "/dev/shm": limits.shm},  # noqa: S108 - its own
        source=str(job.source) if job.source else None,
        user=user,
        landlock=confinement.landlock,
        read=_readable(job),
        write=[str(job.writable)] if job.writable else [],
        filter=confinement.filter,
        mounts=user is not None and sys.platform == "linux",
    )


def _readable(job: Job) -> list[str]:
    own = [str(path) for path in (job.environment, *job.read_only, TRUSTED) if path]
    if job.network:
        own += [str(path) for path in (*machine.install_files(os.environ).values(), *machine.local_indexes(os.environ))]
    return [*_SYSTEM, *own]


def _resources(limits: Limits, user: int | None) -> dict[str, int]:
    own = {} if sys.platform != "linux" else {"NPROC": limits.processes + (_tasks_of_user() if user is None else 0)}
    return own | {
        "DATA": limits.data,
        "FSIZE": limits.file_size,
        "NOFILE": limits.open_files,
        "CPU": limits.cpu,
        "CORE": 0,
    }


def _tasks_of_user() -> int:
    """Threads of this user now: RLIMIT_NPROC counts them all, the desktop's too."""
    total = 0
    for entry in os.scandir("/proc"):
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == os.geteuid():
                total += len(os.listdir(f"{entry.path}/task"))  # noqa: PTH208 - counted, not used
    return total
