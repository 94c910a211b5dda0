"""Removes what hostile code left behind, and measures it."""

from __future__ import annotations

import os

# ruff: noqa: PTH101, PTH102, PTH104, PTH106, PTH108
# pathlib takes as long to import as the rest of the program.


def remove(directory: str) -> None:
    """Remove a folder whatever was made of it: no access, names of any kind, deeper than a path can be long.

    Folders are lifted out of one another into a pit, so that nothing is ever deeper than two levels. Only when every
    process that could change it is dead.
    """
    pit = f"{directory}.removing"
    os.mkdir(pit, 0o700)
    made = 1
    todo = [f"{pit}/0"]
    os.rename(directory, todo[0])
    while todo:
        folder = todo.pop()
        os.chmod(folder, 0o700)
        for entry in list(os.scandir(folder)):
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            os.chmod(entry.path, 0o700)
            todo.append(f"{pit}/{made}")
            made += 1
            os.rename(entry.path, todo[-1])
        os.rmdir(folder)
    os.rmdir(pit)


def free(directory: str) -> int:
    """Bytes free on the file system that holds it."""
    numbers = os.statvfs(directory)
    return numbers.f_bfree * numbers.f_frsize


def used(directory: str) -> int:
    """Bytes on disk below it, as far as it can be entered."""
    total = 0
    for folder, _, files in os.walk(directory):
        for name in files:
            try:
                total += os.lstat(f"{folder}/{name}").st_blocks * 512
            except OSError:
                continue
    return total
