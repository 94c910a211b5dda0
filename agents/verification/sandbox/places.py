"""Where things stand inside a sandbox, and the clean environment every job starts from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from agents.verification.box import Job

TRUSTED = Path(__file__).resolve().parent.parent / "trusted"
"""Our own programs that run inside, read-only there: `{trusted}`."""

_SINGLE_THREADED_ENOUGH = "2"


@dataclass(frozen=True)
class Places:
    """Paths as code inside sees them."""

    job: str
    home: str
    tmp: str
    trusted: str


def absolute(job: Job) -> Job:
    """The same job with paths that hold in any directory. Links stay: a venv is known by them."""

    def whole(path: Path | None) -> Path | None:
        return Path(os.path.abspath(path)) if path else None  # noqa: PTH100 - resolve() would follow links

    return replace(
        job,
        source=whole(job.source),
        environment=whole(job.environment),
        read_only=tuple(path for path in map(whole, job.read_only) if path),
        writable=whole(job.writable),
    )


USER = "sandbox"
"""A program may ask who runs it; the number that it runs under often has no name."""


def environment(job: Job, places: Places) -> dict[str, str]:
    """All variables of a run. Nothing of the daemon's own environment is in it, so no API key is either."""
    clean = {
        "PATH": search_path(job),
        "HOME": places.home,
        "USER": USER,
        "LOGNAME": USER,
        "TMPDIR": places.tmp,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "OPENBLAS_NUM_THREADS": _SINGLE_THREADED_ENOUGH,
        "OMP_NUM_THREADS": _SINGLE_THREADED_ENOUGH,
    }
    return clean | dict(job.variables)


def search_path(job: Job) -> str:
    own = [f"{job.environment}/bin", f"{job.environment}/node_modules/.bin"] if job.environment else []
    return ":".join([*own, "/usr/local/bin", "/usr/bin", "/bin"])


def filled(texts: Mapping[str, str], job: Job, places: Places, report: int, secret: int) -> dict[str, str]:
    """Values with the placeholders of `Job.argv` replaced; other braces stay as they are."""
    return {name: fill(text, job, places, report, secret) for name, text in texts.items()}


def fill(text: str, job: Job, places: Places, report: int, secret: int) -> str:
    known = {
        "{report}": str(report),
        "{secret}": str(secret),
        "{job}": places.job,
        "{trusted}": places.trusted,
        "{env}": str(job.environment or ""),
    }
    for mark, value in known.items():
        text = text.replace(mark, value)
    return text
