"""Makes paths reachable for a user that may not enter a folder above them, such as root's home."""

from __future__ import annotations

import os

from . import kernel

# ruff: noqa: PTH103, PTH110, PTH112, PTH116, PTH120
# pathlib takes as long to import as the rest of the program.


def open_up(paths: list[str]) -> None:
    """In a mount namespace of our own: an empty passable folder over each closed one, and in it only `paths`."""
    closed: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(set(paths)):
        if os.path.exists(path) and (top := first_closed(path)):
            closed.setdefault(top, []).append((path, os.open(path, os.O_PATH)))
    for top, inside in closed.items():
        kernel.mount_memory(top, 1 << 20, 0o755)
        for path, place in inside:
            _make_target(path, is_folder=os.path.isdir(f"/proc/self/fd/{place}"))
            kernel.bind(place, path)
            os.close(place)


def refuse_closed(paths: list[str]) -> None:
    """Raises PermissionError with the command that opens what is closed."""
    closed = {top for path in paths if os.path.exists(path) and (top := first_closed(path))}
    if closed:
        names = " ".join(sorted(closed))
        raise PermissionError(
            f"code does not run as root, and other users may not enter {names}; run: chmod o+x {names}"
        )


def first_closed(path: str) -> str | None:
    """The topmost folder on the way to `path` that other users may not enter."""
    parts = os.path.realpath(path).strip("/").split("/")
    folders = ("/" + "/".join(parts[:count]) for count in range(1, len(parts)))
    return next((folder for folder in folders if not os.stat(folder).st_mode & 0o001), None)


def _make_target(path: str, is_folder: bool) -> None:
    os.makedirs(path if is_folder else os.path.dirname(path), mode=0o755, exist_ok=True)
    if not is_folder and not os.path.exists(path):
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
