"""The way from an open directory to what lies below it, one component at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from .directory import Directory, Entry
from .parts import joined, parts_of
from .problems import FileProblem, UnsafePath, translated

Ignored = Callable[[str], bool]
"""Asked with the bare name of a file or directory."""


class Tree:
    """What lies below `root`. Looking into directories raises FileProblem; opening and making them, a plain OSError."""

    def __init__(self, root: Directory) -> None:
        self._root = root

    def directory(self, parts: Sequence[str], *, make: bool = False) -> Directory:
        """The directory at `parts`, to be closed; with `make` made where absent, and synced into its parent."""
        directory = self._root.child(".")
        try:
            for part in parts:
                deeper = _child(directory, part, make=make)
                directory.close()
                directory = deeper
        except BaseException:
            directory.close()
            raise
        return directory

    @contextmanager
    def parent(self, rel: str) -> Iterator[tuple[Directory | None, str]]:
        """The directory that holds `rel`, and its name in it; (None, name) when the directory is absent."""
        parents, name = _split(rel)
        directory: Directory | None = None
        with suppress(FileNotFoundError):
            directory = self.directory(parents)
        try:
            yield directory, name
        finally:
            if directory is not None:
                directory.close()

    @contextmanager
    def made_parent(self, rel: str) -> Iterator[tuple[Directory, str]]:
        """As `parent`, but a directory that is absent is made."""
        parents, name = _split(rel)
        directory = self.directory(parents, make=True)
        try:
            yield directory, name
        finally:
            directory.close()

    @contextmanager
    def entries(self, rel: str) -> Iterator[Sequence[Entry]]:
        """What is in the directory `rel`, which stays open for the block; nothing when it is absent."""
        with translated(rel or "."):
            directory: Directory | None = None
            with suppress(FileNotFoundError):
                directory = self.directory(parts_of(rel))
            try:
                yield directory.entries() if directory is not None else ()
            finally:
                if directory is not None:
                    directory.close()

    def files(
        self, rel: str, ignored: Ignored, depth: int | None = None, *, passing_over: type[FileProblem] | tuple[()] = ()
    ) -> Iterator[str]:
        """Paths of the plain files from `rel` down, sorted within each directory, at most `depth` directories deep.

        A directory that cannot be entered for the reason `passing_over` is left out.
        """
        waiting = [(rel, 0)]
        while waiting:
            path, level = waiting.pop()
            try:
                directories, files = self._names(path, ignored)
            except passing_over:
                continue
            yield from (joined(path, name) for name in files)
            if depth is None or level < depth:
                waiting.extend((joined(path, name), level + 1) for name in reversed(directories))

    def _names(self, rel: str, ignored: Ignored) -> tuple[list[str], list[str]]:
        """Of the directories in `rel`, and of the plain files."""
        with self.entries(rel) as found:
            entries = [entry for entry in found if not ignored(entry.name)]
            return (
                [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)],
                [entry.name for entry in entries if entry.is_file(follow_symlinks=False)],
            )


def _split(rel: str) -> tuple[list[str], str]:
    *parents, name = parts_of(rel) or [""]
    if not name:
        raise UnsafePath(f"{rel!r}: names the folder itself", rel)
    return parents, name


def _child(directory: Directory, name: str, *, make: bool) -> Directory:
    try:
        return directory.child(name)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        directory.make(name)
    directory.sync()
    return directory.child(name)
