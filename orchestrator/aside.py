"""Where a person's edits go when something else takes their place: `.tumbler/edited/TIME/`, never away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from .files import Folder
from .project import Project


def keep_aside(folder: Folder, files: Mapping[str, bytes], now: datetime) -> str | None:
    """Keep `files` (path -> content) durably; the folder they are in now, None when there are none."""
    if not files:
        return None
    place = f"{Project.MEMORY}/edited/{now:%Y%m%d_%H%M%S}"
    for path, data in files.items():
        folder.write(f"{place}/{path}", data)
    return place
