"""What is dear to find out is found out by one of the processes that share the tests."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from filelock import FileLock


def once(temporary: pytest.TempPathFactory, name: str, find: Callable[[], Any]) -> Any:
    """What `find` returned, a JSON value, in the process of this run that asked first; the others wait for it."""
    folder = temporary.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    found = folder / f"{name}.json"
    with FileLock(f"{found}.lock"):
        if not found.exists():
            found.write_text(json.dumps(find()), encoding="utf-8")
    return json.loads(found.read_text(encoding="utf-8"))
