"""What is run in a sandbox, under which limits, and what came of it. The kinds of sandbox are in `sandbox/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds of one run. Sizes in bytes, times in seconds."""

    wall: float = 120.0
    cpu: int = 120
    memory: int = 1024 * MIB
    """Of the whole process tree, with shared memory."""
    data: int = 1024 * MIB
    """RLIMIT_DATA of each process."""
    processes: int = 128
    open_files: int = 1024
    file_size: int = 256 * MIB
    work: int = 512 * MIB
    """The working copy of the project."""
    tmp: int = 128 * MIB
    shm: int = 64 * MIB
    output: int = 16 * MIB
    """More than this on stdout and stderr ends the run."""
    report: int = 8 * MIB
    """More than this on the report pipe ends the run."""


@dataclass(frozen=True)
class Job:
    """A command to run on a project's code."""

    argv: tuple[str, ...]
    """May hold `{report}`, `{secret}`: numbers of inherited descriptors; `{job}`, `{env}`, `{trusted}`: places inside.

    `{trusted}` is agents/verification/trusted, read-only. Other braces stay as they are.
    """
    source: Path | None = None
    """A project snapshot; read-only, copied to `{job}`, which is the working directory, writable and thrown away."""
    environment: Path | None = None
    """A prepared environment (a venv, a folder with node_modules); read-only inside, at `{env}`.

    That is its own path in every kind of sandbox, because a venv's scripts name it. Its `bin` and `node_modules/.bin`
    come first in PATH. As root, it must be readable for everybody: code then runs as a user of its own.
    """
    read_only: tuple[Path, ...] = ()
    """More that must be visible at its own path (an interpreter's prefix, a toolchain)."""
    writable: Path | None = None
    """Only for installing: a folder outside that is writable at its own path. New files are the daemon's user's."""
    network: bool = False
    """Only for installing."""
    stdin: bytes = b""
    secret: bytes = b""
    """What the inherited one-shot pipe `{secret}` holds."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Added to the clean environment of the sandbox; the values may hold what `argv` may."""
    limits: Limits = Limits()


class Ended(StrEnum):
    """How a run ended."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    DISK = "disk"
    """Only where the working copy lies on a disk; in a sized memory file system the code sees ENOSPC itself."""
    OUTPUT = "output"
    REPORT = "report overflow"


@dataclass(frozen=True)
class Ran:
    """What came of a job. Bytes are as the hostile code made them: decode, strip and cap before showing."""

    ended: Ended
    exit_code: int
    """Negative: the signal. Meaningless unless `ended` is EXITED."""
    seconds: float
    output: bytes
    """stdout and stderr interleaved: the first and the last 64 KiB, with a mark between when cut."""
    output_bytes: int
    stdout: bytes = b""
    """stdout alone, for black-box examples; cut like `output`."""
    report: bytes = b""
    """What was written to `{report}`, at most `limits.report`."""
    peak_memory: int = 0


class Sandbox(Protocol):
    """One way to keep hostile code in."""

    @property
    def name(self) -> str:
        """bwrap, landlock, seatbelt, podman, docker or none."""

    @property
    def description(self) -> str:
        """One sentence for log, state and report: what it keeps apart and what not."""

    @property
    def network(self) -> str:
        """What code under test may reach: `loopback`, `none` or `all`."""

    async def run(self, job: Job) -> Ran:
        """Run `job` to its end. Cancelling kills every process of it before CancelledError goes on.

        Raises SandboxUnavailable when the sandbox itself cannot start.
        """


class SandboxUnavailable(Exception):
    """No sandbox works here, or the chosen one does not; the text ends with the command that mends it."""
