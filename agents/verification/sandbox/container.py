"""podman or docker, only when configured. The command line is tested; no run has been tried with an engine yet.

The machine's own /usr is shown inside, so that interpreters and environments fit; of the image only the rest is used.
Descriptors do not pass into a container: report and secret are named pipes in a folder that is mounted read-only.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from agents.verification.box import Ended, Job, Ran, SandboxUnavailable
from agents.verification.sandbox.feed import Feed
from agents.verification.sandbox.pipes import Pipes
from agents.verification.sandbox.places import TRUSTED, Places, absolute, environment, fill, filled
from agents.verification.sandbox.thread import Stop, in_own_thread
from agents.verification.sandbox.watch import Launch, watch

_PLACES = Places(job="/job", home="/tmp/home", tmp="/tmp", trusted="/trusted")  # noqa: S108 - inside, private
_REPORT, _SECRET = 3, 4
_USER = 64_999
_START = (
    "exec 3>/channel/report 4</channel/secret && mkdir -p /tmp/home && "
    "if [ -d /src ]; then cp -a /src/. /job/ && chmod -R u+rwX /job; fi && echo started >/channel/started && "
    'exec "$@"'
)


@dataclass(frozen=True)
class Container:
    engine: str
    image: str = "docker.io/library/debian:stable-slim"

    @classmethod
    def of(cls, engine: str) -> Container:
        """Raises SandboxUnavailable where the engine does not answer; that its client is there says little."""
        program = shutil.which(engine)
        if not program:
            raise SandboxUnavailable(f"{engine} is not installed")
        answer = subprocess.run([program, "info"], capture_output=True, text=True, timeout=30, check=False)
        if answer.returncode:
            raise SandboxUnavailable(f"`{engine} info` failed: {answer.stderr.strip()[-300:]}")
        return cls(engine)

    @property
    def name(self) -> str:
        return self.engine

    @property
    def description(self) -> str:
        return f"{self.engine}: a container of {self.image} without network or capabilities, with limits by the kernel"

    @property
    def network(self) -> str:
        return "loopback"

    async def run(self, job: Job) -> Ran:
        return await in_own_thread(lambda stop: self._run(absolute(job), stop))

    def _run(self, job: Job, stop: Stop) -> Ran:
        name = f"code-tumbler-{secrets.token_hex(8)}"
        with tempfile.TemporaryDirectory(prefix="code-tumbler-channel-") as folder, Pipes(b"") as pipes:
            channel = Path(folder)
            channel.chmod(0o755)
            _connect(pipes, channel, job.secret)
            launch = Launch(argv=argv(self, job, name, channel), variables=_client_variables())
            keeper = _Keeper(self.engine, name)
            watched = watch(launch, pipes, limits=job.limits, keeper=keeper, stop=stop, stdin=job.stdin)
        if watched.ended is Ended.EXITED and not watched.started:
            said = watched.said[-600:]
            raise SandboxUnavailable(f"{self.engine} could not start a container of {self.image}: {said}")
        code = watched.return_code
        return watched.ran(128 - code if 128 < code < 160 else code)


def argv(container: Container, job: Job, name: str, channel: Path) -> tuple[str, ...]:
    """The engine's command line. `{report}` and `{secret}` are always 3 and 4 in a container."""
    limits = job.limits
    variables = filled(environment(job, _PLACES), job, _PLACES, _REPORT, _SECRET)
    binds = {"/usr": "/usr", str(channel): "/channel", str(TRUSTED): _PLACES.trusted}
    binds |= {str(job.source): "/src"} if job.source else {}
    binds |= {str(path): str(path) for path in (job.environment, *job.read_only) if path}
    user = f"{os.getuid()}:{os.getgid()}" if os.geteuid() or job.writable else f"{_USER}:{_USER}"
    return (
        *(container.engine, "run", "--rm", "-i", "--init", "--name", name, "--user", user, "--workdir", _PLACES.job),
        *([] if job.network else ["--network", "none"]),
        *("--cap-drop", "all", "--security-opt", "no-new-privileges", "--read-only"),
        *("--memory", str(limits.memory), "--memory-swap", str(limits.memory), "--pids-limit", str(limits.processes)),
        *("--ulimit", f"fsize={limits.file_size}", "--ulimit", f"nofile={limits.open_files}", "--ulimit", "core=0"),
        *("--ulimit", f"cpu={limits.cpu}", "--shm-size", str(limits.shm)),
        *("--tmpfs", f"{_PLACES.tmp}:rw,exec,size={limits.tmp},mode=1777"),
        *("--tmpfs", f"{_PLACES.job}:rw,exec,size={limits.work},mode=1777"),
        *(word for source, place in binds.items() for word in ("-v", f"{source}:{place}:ro")),
        *(("-v", f"{job.writable}:{job.writable}:rw") if job.writable else ()),
        *(word for key, value in variables.items() for word in ("-e", f"{key}={value}")),
        *(container.image, "/bin/sh", "-c", _START, "sh"),
        *(fill(word, job, _PLACES, _REPORT, _SECRET) for word in job.argv),
    )


def _connect(pipes: Pipes, channel: Path, secret: bytes) -> None:
    """Named pipes in place of the unnamed ones. Opened for both directions, so that nobody waits for the other side.

    The secret's is closed once it is written, which is its end for the reader; so that has to be there before.
    """
    for name in ("report", "started", "secret"):
        os.mkfifo(channel / name)
        (channel / name).chmod(0o666)
    pipes.report = pipes.keep(os.open(channel / "report", os.O_RDWR | os.O_NONBLOCK))
    pipes.started = pipes.keep(os.open(channel / "started", os.O_RDWR | os.O_NONBLOCK))
    unsent = pipes.keep(os.open(channel / "secret", os.O_RDWR | os.O_NONBLOCK))
    pipes.unsent, pipes.late = Feed(unsent, secret, lambda: pipes.close(unsent)), True


def _client_variables() -> dict[str, str]:
    names = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST")
    return {name: os.environ[name] for name in names if name in os.environ}


@dataclass(frozen=True)
class _Keeper:
    engine: str
    name: str

    def heard(self, status: bytes) -> None:
        pass

    def end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            subprocess.run([self.engine, "rm", "-f", self.name], capture_output=True, timeout=60, check=False)
            process.kill()
        process.wait()
