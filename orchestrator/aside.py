"""Where a person's edits go when something else takes their place: `.tumbler/edited/TIME/`, never away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import count

from .files import Folder
from .project import Project


def keep_aside(folder: Folder, files: Mapping[str, bytes], now: datetime) -> str | None:
    """Keep `files` (path -> content) durably; the folder they are in now, None when there are none."""
    if not files:
        return None
    place = _free(folder, f"{Project.MEMORY}/edited/{now:%Y%m%d_%H%M%S}")
    for path, data in files.items():
        folder.write(f"{place}/{path}", data)
    return place


def _free(folder: Folder, place: str) -> str:
    """`place`, or the first of `place_2`, `place_3` ... that is not there yet."""
    numbered = (place if number == 1 else f"{place}_{number}" for number in count(1))
    return next(each for each in numbered if folder.status(each) is None)
