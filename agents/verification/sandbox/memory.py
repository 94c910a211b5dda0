"""Whether a run holds too much memory: its processes, what they share, and what is left of the machine's."""

from __future__ import annotations

from agents.verification.box import MIB, Limits
from agents.verification.sandbox.processes import MachineMemory, Tree, proportional

_MEMORY_FLOOR = 512 * MIB
"""A machine with less than this to give (or a quarter of what it had at the start) is about to swap or to kill."""


class MemoryWatch:
    """Decides from time to time whether a run holds too much memory."""

    def __init__(self, root: int, limits: Limits) -> None:
        self._tree, self._limits = Tree(root), limits
        self._start = MachineMemory.now()
        self._floor = min(_MEMORY_FLOOR, self._start.available // 4)
        self.peak = 0

    def exceeded(self) -> bool:
        resident = self._tree.resident()
        total, now = sum(resident.values()), MachineMemory.now()
        # Files in memory are in no process's size; those of the tmpfs have limits of their own.
        shared = now.shared - self._start.shared
        allowed = self._limits.memory + self._limits.work + self._limits.tmp + self._limits.shm
        if total > self._limits.memory:
            # Pages shared after a fork count once for each process in the sum: ask again, more exactly.
            total = proportional(resident)
        self.peak = max(self.peak, total)
        starved = now.available < self._floor and max(total, shared) > self._limits.memory // 4
        return total > self._limits.memory or shared > allowed or starved


class NoMemoryWatch:
    """Where there is no /proc (macOS)."""

    peak = 0

    def exceeded(self) -> bool:
        return False


def memory_watch(root: int, limits: Limits) -> MemoryWatch | NoMemoryWatch:
    try:
        return MemoryWatch(root, limits)
    except OSError:
        return NoMemoryWatch()
