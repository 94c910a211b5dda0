"""The processes below one process: which they are and how much memory they hold. Reads /proc; knows nothing of jobs."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PAGE = resource.getpagesize()
_PARENT, _VIRTUAL, _RESIDENT = 1, 20, 21
"""Fields of /proc/PID/stat after the command's name (proc(5) counts them from 3)."""
_WIDE = 8 << 30
"""Bytes of addresses below which page tables are no matter: they take a 512th."""


@dataclass(frozen=True)
class _Stat:
    parent: int
    virtual: int
    resident: int


def _stat(pid: int) -> _Stat | None:
    try:
        text = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    return _Stat(int(fields[_PARENT]), int(fields[_VIRTUAL]), int(fields[_RESIDENT]) * _PAGE)


class Tree:
    """The descendants of `root`, it included.

    Looking again costs one directory listing, and a read for each process that is ours or new: those known not to be
    ours are remembered.
    """

    def __init__(self, root: int) -> None:
        self.root = root
        self._strangers: set[int] = set()
        self._ours: set[int] = {root}
        self._wide: list[int] = []

    def resident(self) -> dict[int, int]:
        """Bytes of resident memory by process."""
        present = {int(name) for name in os.listdir(_PROC) if name.isdigit()}  # noqa: PTH208 - names, not paths
        self._strangers &= present
        stats = {pid: stat for pid in present - self._strangers if (stat := _stat(pid))}
        while found := {p for p, s in stats.items() if s.parent in self._ours and p not in self._ours}:
            self._ours |= found
        self._ours &= stats.keys()
        # One whose parent vanished meanwhile is looked at again: it may be ours, on its way to a new parent.
        known = stats.keys() | self._strangers | {0}
        self._strangers |= {pid for pid, stat in stats.items() if pid not in self._ours and stat.parent in known}
        self._wide = [pid for pid in self._ours if stats[pid].virtual > _WIDE]
        return {pid: stats[pid].resident for pid in self._ours}

    def page_tables(self) -> int:
        """Bytes that map what these processes had at the last look; empty pages need them too."""
        return sum(map(_page_tables, self._wide))

    def pids(self) -> list[int]:
        return list(self.resident())


def _page_tables(pid: int) -> int:
    try:
        rows = (_PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0  # gone meanwhile
    return next((int(row.split()[1]) * 1024 for row in rows if row.startswith("VmPTE:")), 0)


def proportional(resident: Mapping[int, int]) -> int:
    """Bytes of these processes with shared pages counted once.

    One that hides this number (any may, by PR_SET_DUMPABLE) counts with all that it has resident.
    """
    return sum(_proportional(pid, otherwise=size) for pid, size in resident.items())


def _proportional(pid: int, otherwise: int) -> int:
    try:
        rows = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii").splitlines()
    except PermissionError:
        return otherwise
    except OSError:
        return 0  # gone meanwhile
    return next((int(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:")), otherwise)


@dataclass(frozen=True)
class MachineMemory:
    """Bytes, from /proc/meminfo."""

    shared: int
    available: int
    kernel: int
    """What neither processes nor files hold, and nothing can take back: buffers of sockets, inodes, page tables."""

    @classmethod
    def now(cls) -> MachineMemory:
        rows = dict(line.split(":", 1) for line in (_PROC / "meminfo").read_text().splitlines())
        held = {name: int(row.split()[0]) * 1024 for name, row in rows.items()}
        others = ("MemFree", "Buffers", "Cached", "SwapCached", "AnonPages", "SReclaimable")
        return cls(held["Shmem"], held["MemAvailable"], held["MemTotal"] - sum(held[name] for name in others))
