"""Whether a run holds too much memory: its processes, what they share, what the kernel holds, and what is left."""

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
        self.peak = 0

    def exceeded(self) -> bool:
        resident, tables = self._tree.resident(), self._tree.page_tables()
        total = sum(resident.values()) + tables
        if total > self._limits.memory:
            # Pages shared after a fork count once for each process in the sum: ask again, more exactly.
            total = proportional(resident) + tables
        self.peak = max(self.peak, total)
        return exceeds(total, self._limits, self._start, MachineMemory.now())


def exceeds(total: int, limits: Limits, start: MachineMemory, now: MachineMemory) -> bool:
    """Whether a run whose processes hold `total` bytes is to be ended, on a machine that was as `start` when it began.

    Files in memory and the kernel's own are in no process's size; what grew of them may be a neighbour's, so more is
    allowed there, and of the kernel's only as much as is missing now. The tmpfs have limits of their own.
    """
    shared, taken = now.shared - start.shared, start.available - now.available
    kernel = min(now.kernel - start.kernel, taken)
    allowed = limits.memory + limits.work + limits.tmp + limits.shm
    floor = min(_MEMORY_FLOOR, start.available // 4)
    starved = now.available < floor and max(total, shared, kernel) > limits.memory // 4
    return total > limits.memory or max(shared, kernel) > allowed or starved


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
