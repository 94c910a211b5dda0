"""The command line of bubblewrap for a job, and what is run first inside.

The flags and their reasons: everything is denied by not being mounted. bubblewrap keeps all capabilities when root
starts it, so they are dropped, and the code then runs as a user without any; `--dev` and `/` are writable and unsized
unless they are remounted; limits are set inside, because a process limit counts per user namespace.
"""

from __future__ import annotations

import os
import resource
import secrets
from collections.abc import Iterable
from pathlib import Path

from agents.verification.box import Job, Limits
from agents.verification.sandbox import machine, seccomp
from agents.verification.sandbox.pipes import Pipes
from agents.verification.sandbox.places import TRUSTED, USER, Places, environment, fill, filled
from agents.verification.sandbox.watch import Launch

_PLACES = Places(job="/job", home="/tmp/home", tmp="/tmp", trusted="/trusted")  # noqa: S108 - inside, private
FIRST_UID, UIDS = 64_000, 900
"""Numbers that neither people nor services use; one for each run, because RLIMIT_NPROC counts by user."""
_SETUP_CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_CHOWN", "CAP_DAC_READ_SEARCH")
_UNDER_USR = ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32")


class Preparation:
    """Turns a job into bubblewrap's command line."""

    def __init__(self, program: str, job: Job, pipes: Pipes, *, disables_userns: bool) -> None:
        self._program, self._job, self._pipes = program, job, pipes
        self._disables_userns = disables_userns
        self._as_root = os.geteuid() == 0
        self._uid, self._gid = self._identity()
        self._data: list[int] = []

    def _identity(self) -> tuple[int, int]:
        """Installing keeps root's number, so that the files it makes are root's; without a single capability."""
        if not self._as_root or self._job.writable:
            return os.geteuid(), os.getegid()
        uid = FIRST_UID + secrets.randbelow(UIDS)
        return uid, uid

    def launch(self) -> Launch:
        argv = [
            *self._namespaces(),
            *self._system(),
            *self._memory(),
            *self._own(),
            *self._closing(),
            "--",
            *self._inner(),
        ]
        pipes = self._pipes
        return Launch(
            argv=tuple(argv),
            variables=filled(self._variables(), self._job, _PLACES, pipes.report_in, pipes.secret),
            descriptors=(pipes.report_in, pipes.secret, pipes.status_in, pipes.started_in, *self._data),
        )

    def _variables(self) -> dict[str, str]:
        own = environment(self._job, _PLACES)
        return machine.install_variables(os.environ) | own if self._job.network else own

    def _namespaces(self) -> list[str]:
        user = [] if self._as_root else ["--unshare-user"]
        if user and self._disables_userns:
            user.append("--disable-userns")
        return [
            self._program,
            *user,
            *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
            *([] if self._job.network else ["--unshare-net"]),
            *("--cap-drop", "ALL"),
            *(word for name in _SETUP_CAPABILITIES if self._as_root for word in ("--cap-add", name)),
            *("--die-with-parent", "--new-session", "--hostname", "tumbler"),
            *("--json-status-fd", str(self._pipes.status_in)),
        ]

    def _system(self) -> list[str]:
        argv = ["--ro-bind", "/usr", "/usr"]
        for top in (Path("/", name) for name in _UNDER_USR[1:]):
            if top.is_symlink():
                argv += ["--symlink", str(top.readlink()), str(top)]
            elif top.is_dir():
                argv += ["--ro-bind", str(top), str(top)]
        argv += ["--perms", "0755", "--dir", "/etc"]
        for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"):
            argv += ["--ro-bind-try", path, path]
        for target, text in self._accounts().items():
            argv += ["--perms", "0644", "--ro-bind-data", str(self._file(text)), target]
        return argv

    def _accounts(self) -> dict[str, str]:
        return {
            "/etc/passwd": f"{USER}:x:{self._uid}:{self._gid}::{_PLACES.home}:/bin/sh\n",
            "/etc/group": f"{USER}:x:{self._gid}:\n",
            "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
            "/etc/hosts": machine.hosts() if self._job.network else "127.0.0.1 localhost tumbler\n::1 localhost\n",
        }

    def _memory(self) -> list[str]:
        limits = self._job.limits
        return [
            *("--proc", "/proc", "--dev", "/dev"),
            *("--size", str(limits.shm), "--perms", "1777", "--tmpfs", "/dev/shm"),  # noqa: S108 - its own
            *("--size", str(limits.tmp), "--perms", "1777", "--tmpfs", _PLACES.tmp),
            *("--perms", "0777", "--dir", _PLACES.home),
            *("--size", str(limits.work), "--perms", "0777", "--tmpfs", _PLACES.job),
        ]

    def _own(self) -> list[str]:
        job, argv = self._job, []
        if job.source:
            argv += ["--ro-bind", str(job.source), "/src"]
        if TRUSTED.is_dir():
            argv += ["--ro-bind", str(TRUSTED), _PLACES.trusted]
        visible = [path for path in (job.environment, *job.read_only) if path]
        binds = dict.fromkeys(visible, "--ro-bind")
        if job.network:
            argv += self._machine_files(binds)
        if job.writable:
            binds[job.writable] = "--bind"
        for place in sorted(binds, key=lambda place: len(place.parts)):
            argv += [*_parents(place), binds[place], str(place), str(place)]
        return argv

    def _machine_files(self, binds: dict[Path, str]) -> list[str]:
        """What reaching an index needs; folders that the machine's configuration names are added to `binds`."""
        argv = []
        for target, source in machine.install_files(os.environ).items():
            argv += [*_parents(Path(target)), "--ro-bind", str(source), target]
        for target, text in machine.install_texts().items():
            argv += [*_parents(Path(target)), "--perms", "0644", "--ro-bind-data", str(self._file(text)), target]
        binds |= dict.fromkeys(machine.local_indexes(os.environ), "--ro-bind")
        return argv

    def _closing(self) -> list[str]:
        policy = seccomp.INSTALLING if self._job.network else seccomp.BOXED
        filtered = ["--seccomp", str(self._bytes(seccomp.program(policy)))]
        return ["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", _PLACES.job, *filtered]

    def _inner(self) -> list[str]:
        """The start inside: copy the project, say that the sandbox stands, become the code's user, under its limits."""
        script = " && ".join([*self._copying(), f"echo started > /proc/self/fd/{self._pipes.started_in}", 'exec "$@"'])
        fills = (self._job, _PLACES, self._pipes.report_in, self._pipes.secret)
        command = [fill(word, *fills) for word in self._job.argv]
        return ["/bin/sh", "-c", script, "sh", *self._dropping(), *_limits(self._job.limits), *command]

    def _copying(self) -> list[str]:
        own = [f"chown {self._uid}:{self._gid} {_PLACES.job} {_PLACES.home}"] if self._as_root else []
        if not self._job.source:
            return own
        reader = f"{_user(self._uid, self._gid, '+dac_read_search')} " if self._as_root else ""
        return [*own, f"{reader}sh -c 'cp -a /src/. /job/ && chmod -R u+rwX /job'"]

    def _dropping(self) -> list[str]:
        return _user(self._uid, self._gid).split() if self._as_root else []

    def _file(self, text: str) -> int:
        return self._bytes(text.encode())

    def _bytes(self, content: bytes) -> int:
        self._data.append(self._pipes.data(content))
        return self._data[-1]


def _user(uid: int, gid: int, keep: str = "") -> str:
    """setpriv's words for this user with no capability but `keep`."""
    sets = ",".join(["-all", *([keep] if keep else [])])
    identity = f"--reuid={uid} --regid={gid} --clear-groups --no-new-privs"
    return f"setpriv {identity} --inh-caps={sets} --ambient-caps={sets} --bounding-set={sets} --"


def _limits(limits: Limits) -> list[str]:
    """prlimit's words; never above what this process itself may set."""
    wanted = {
        "nproc": (resource.RLIMIT_NPROC, limits.processes),
        "data": (resource.RLIMIT_DATA, limits.data),
        "fsize": (resource.RLIMIT_FSIZE, limits.file_size),
        "nofile": (resource.RLIMIT_NOFILE, limits.open_files),
        "cpu": (resource.RLIMIT_CPU, limits.cpu),
        "core": (resource.RLIMIT_CORE, 0),
    }
    return ["prlimit", *(f"--{name}={_within(number, value)}" for name, (number, value) in wanted.items()), "--"]


def _within(number: int, value: int) -> int:
    hard = resource.getrlimit(number)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


def _parents(path: Path) -> Iterable[str]:
    """Folders above a mount point, passable for everybody: those that bubblewrap makes by itself are not."""
    for parent in reversed(path.parents[:-1]):
        if parent.parts[1] not in _UNDER_USR:
            yield from ("--perms", "0755", "--dir", str(parent))
