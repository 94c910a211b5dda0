"""Swaps two names in one step, which no rename in Python can, so that nobody ever finds one of them absent."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import pytest

_HERE = -2 if sys.platform == "darwin" else -100  # AT_FDCWD
_SWAP = ctypes.c_uint(2)


def exchange(one: Path, other: Path) -> None:
    """renameat2(RENAME_EXCHANGE) of Linux 3.15, renameatx_np(RENAME_SWAP) of macOS 10.12; skips the test elsewhere."""
    if sys.platform == "win32":
        pytest.skip("no such call")
    system = ctypes.CDLL(None, use_errno=True)
    call = system.renameatx_np if sys.platform == "darwin" else system.renameat2
    if call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _SWAP) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(one))
