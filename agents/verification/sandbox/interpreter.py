"""Where a Python interpreter's files lie, so that they can be made visible in a sandbox."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_SYSTEM = Path("/usr")


def prefixes(python: Path) -> tuple[Path, ...]:
    """Folders that `python` needs at their own path, for `Job.read_only`; none for an interpreter of the system.

    `python` may be a venv's: its link is followed step by step, since each step must exist inside, and `home` in
    pyvenv.cfg is read. The venv itself is not in the answer: it is the job's environment.
    """
    found: dict[Path, None] = {}
    for step in (*_steps(python), *_home(python)):
        prefix = step.parent.parent
        if not prefix.is_relative_to(_SYSTEM) and step.parent.name == "bin" and prefix != Path("/"):
            found[prefix] = None
    own = Path(os.path.abspath(python)).parent.parent  # noqa: PTH100 - resolve() would follow the venv's link
    return tuple(prefix for prefix in found if prefix != own or not (own / "pyvenv.cfg").exists())


def _steps(python: Path) -> list[Path]:
    """The interpreter, and every place its links lead through, to the file itself. Folders that are links count too."""
    steps, path = [], Path(os.path.abspath(python))  # noqa: PTH100
    while True:
        steps.append(path)
        if not path.is_symlink():
            break
        path = Path(os.path.abspath(path.parent / path.readlink()))  # noqa: PTH100
    return [*steps, path.resolve()]


def _home(python: Path) -> list[Path]:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = (python.parent.parent / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
        settings = dict(line.partition("=")[::2] for line in lines if "=" in line)
        return [Path(value.strip()) / "python" for name, value in settings.items() if name.strip() == "home"]
    return []
