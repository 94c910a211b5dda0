"""What the daemon tells the program. Only the daemon imports this: the program gets the same names and values."""

from __future__ import annotations

import dataclasses
import marshal
from dataclasses import dataclass


@dataclass(frozen=True)
class Orders:
    """What to run and what to allow it. Sizes in bytes."""

    argv: list[str]
    variables: dict[str, str]
    directory: str
    """The run's own folder; it is removed in the end. The command starts in its `job`."""
    status: int
    """A pipe for `started`, and in the end `exit N`, `disk` or `failed WHY`; the command does not inherit it."""
    lifeline: int
    """A pipe that is never written to; it closes when the daemon's thread wants an end, or is dead."""
    keep: list[int]
    """Descriptors that the command inherits."""
    limits: dict[str, int]
    """Name of a resource (NPROC, DATA, ...) -> value."""
    disk: int
    """What the run's folder may take."""
    sizes: dict[str, int]
    """Folder -> size of a memory file system to put there, where mounting is allowed."""
    source: str | None
    user: int | None
    """Run as this uid and gid. None: as the user that runs the program."""
    landlock: int
    """The kernel's ABI; 0: no Landlock."""
    read: list[str]
    write: list[str]
    filter: bytes
    """A seccomp program, or nothing."""
    mounts: bool
    """Try a mount namespace (root may): sized folders, and what lies below closed folders made reachable."""

    def packed(self) -> bytes:
        return marshal.dumps(dataclasses.asdict(self))
