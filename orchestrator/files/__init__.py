"""A project's files: every read and write of them, atomic, durable, and never outside of the project's folder."""

from __future__ import annotations

from .caches import is_cache
from .fingerprint import Fingerprint
from .folder import Folder
from .problems import (
    PASSING,
    Denied,
    DiskError,
    DiskFull,
    FileProblem,
    Gone,
    NotRegular,
    NotText,
    ReadOnly,
    TooLarge,
    UnsafePath,
)

__all__ = [
    "PASSING",
    "Denied",
    "DiskError",
    "DiskFull",
    "FileProblem",
    "Fingerprint",
    "Folder",
    "Gone",
    "NotRegular",
    "NotText",
    "ReadOnly",
    "TooLarge",
    "UnsafePath",
    "is_cache",
]
