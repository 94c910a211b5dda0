"""By what one version of a file is told from another without reading it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Fingerprint:
    """Enough to tell that a file was written, replaced or touched; not that its content differs."""

    mtime_ns: int
    size: int
    inode: int

    def __str__(self) -> str:
        return f"{self.mtime_ns}:{self.size}:{self.inode}"

    @classmethod
    def of(cls, found: os.stat_result) -> Self:
        return cls(found.st_mtime_ns, found.st_size, found.st_ino)
