"""Which folders of a workspace are watched: the workspace, its projects, and the stages that hold triggers."""

from __future__ import annotations

import os

_STAGES = {b"01_input", b"02_plan", b"03_staging", b"04_feedback"}
_SEPARATOR = os.fsencode(os.sep)


def watched(root: bytes, path: bytes) -> bool:
    """Whether the directory `path` below `root` is one of them."""
    below = path[len(root) :].strip(_SEPARATOR)
    if not below:
        return True
    project, *stage = below.split(_SEPARATOR)
    return not project.startswith(b".") and (not stage or (len(stage) == 1 and stage[0] in _STAGES))
