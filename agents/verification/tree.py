"""What belongs to a project's source and what is a cache or vendored: one list for snapshots, prompts and the zip."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

IGNORED = frozenset(
    {
        ".git", ".hg", ".svn", ".idea", ".vscode", ".DS_Store", "Thumbs.db",
        ".venv", "venv", "node_modules", "__pycache__", "__pypackages__", "site-packages",
        ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox", ".eggs", ".cache",
        ".coverage", "htmlcov", ".nyc_output", ".next", ".manifest.json", ".tumbler",
    }
)  # fmt: skip
"""Names of files and folders that are never source, wherever they stand."""

IGNORED_SUFFIXES = (".pyc", ".pyo", ".egg-info")

MAX_TEXT = 1 << 20
MAX_FILES = 5000
MAX_BYTES = 256 << 20
MAX_CODE = 1 << 20
"""Characters of source code that are examined; parsed, each can take a kilobyte."""
_SETTINGS, _ROW = 100_000, 2000
"""Characters of a configuration file, and of a row in it."""


class SnapshotRefused(ValueError):
    """The folder is too large to be a project's source; the text says what and where."""


def ignored(path: str) -> bool:
    """Whether `path` (relative, with `/`) is, or lies in, something that is never source."""
    return any(part in IGNORED or part.endswith(IGNORED_SUFFIXES) for part in PurePosixPath(path).parts)


@dataclass(frozen=True)
class Tree:
    """A project's files as text, without anything ignored. Paths are relative, with `/`."""

    texts: dict[str, str] = field(default_factory=dict)
    """UTF-8 files of at most 1 MiB."""
    others: frozenset[str] = frozenset()
    """Regular files that are not such text."""

    @property
    def paths(self) -> frozenset[str]:
        return self.others | self.texts.keys()

    def settings(self, path: str) -> str:
        """A configuration file; empty when there is none, or rows as long that parsers would take for ever."""
        text = self.texts.get(path, "")
        return text if len(text) <= _SETTINGS and max(map(len, text.splitlines()), default=0) <= _ROW else ""

    def ending(self, suffix: str) -> dict[str, str]:
        return {path: text for path, text in self.texts.items() if path.endswith(suffix)}


def walk(root: Path) -> Iterator[tuple[str, int]]:
    """Regular source files below `root` as (relative path, size), sorted; links and special files are left out."""
    count = 0
    for folder, folders, files in os.walk(root, followlinks=False):
        here = Path(folder)
        folders[:] = sorted(d for d in folders if not ignored(d) and not (here / d / "pyvenv.cfg").exists())
        for name in sorted(files):
            path = here / name
            status = path.lstat()
            if ignored(name) or not stat.S_ISREG(status.st_mode):
                continue
            count += 1
            if count > MAX_FILES:
                raise SnapshotRefused(f"{root}: more than {MAX_FILES} files; remove what is not source")
            yield path.relative_to(root).as_posix(), status.st_size


def read_bytes(path: Path) -> bytes:
    """A regular file's content; never follows a link, never waits for a FIFO."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path}: not a regular file")
        return file.read()


def read_tree(root: Path) -> Tree:
    """Everything that is source below `root`."""
    texts: dict[str, str] = {}
    others: set[str] = set()
    for path, size in walk(root):
        text = _text(root / path) if size <= MAX_TEXT else None
        if text is None:
            others.add(path)
        else:
            texts[path] = text
    return Tree(texts, frozenset(others))


def _text(path: Path) -> str | None:
    try:
        raw = read_bytes(path)
        return None if b"\0" in raw else raw.decode("utf-8")
    except (UnicodeDecodeError, OSError):
        return None


def snapshot(source: Path, target: Path) -> None:
    """Copy the source files below `source` into the new folder `target`, readable and writable by the owner."""
    try:
        _copy(source, target)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        where = str(error.filename)[:100]
        raise SnapshotRefused(f"{where}...: the path is too long; move it up, or rename it") from error


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    total = 0
    for path, size in walk(source):
        total += size
        if total > MAX_BYTES:
            raise SnapshotRefused(f"{source}: more than {MAX_BYTES >> 20} MiB; remove what is not source")
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(read_bytes(source / path))
        copy.chmod(0o644 | (0o111 if os.access(source / path, os.X_OK) else 0))
