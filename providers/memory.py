"""How much memory a new process may take on this machine."""

from __future__ import annotations

from pathlib import Path


def available_memory(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes: what the kernel says is available, or what the container's limit leaves; None where it cannot be told."""
    try:
        lines = (proc / "meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None
    left = _left_in_container(cgroup)
    return free if left is None else min(free, left)


def _left_in_container(cgroup: Path) -> int | None:
    """Page cache counts as used there, though it can be given back, so only memory that cannot is subtracted."""
    try:
        limit = int((cgroup / "memory.max").read_text(encoding="ascii"))
        stat = dict(line.split() for line in (cgroup / "memory.stat").read_text(encoding="ascii").splitlines())
        return limit - int(stat["anon"])
    except (OSError, KeyError, ValueError):
        return None
