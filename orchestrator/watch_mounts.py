"""Which file systems do not tell about changes made from another machine, and so have to be polled."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

_MOUNTINFO = Path("/proc/self/mountinfo")

# Network shares, and the folders that WSL, Docker Desktop and virtual machines share with their host. Not `overlay`:
# what is changed inside a container is reported there; and not `fuseblk`, a local NTFS disk.
_SILENT = re.compile(
    r"nfs4?|cifs|smb\d?|smbfs|smb3|9p|drvfs|fuse\..+|vboxsf|vmhgfs|prl_fs|prl_tg|virtiofs|fakeowner|ceph|lustre|afs|beegfs"
)


def silent_file_system(path: Path) -> str | None:
    """The kind of file system at `path` if it has to be polled, otherwise None."""
    try:
        mountinfo = _MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None  # not Linux
    kind = file_system(mountinfo, path)
    return kind if kind and _SILENT.fullmatch(kind) else None


def file_system(mountinfo: str, path: Path) -> str | None:
    """The type of the innermost mount that holds the absolute `path`; `mountinfo` as in proc(5)."""
    place = PurePosixPath(path)
    found: tuple[int, str] | None = None
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        columns = fields.split(" ")
        if len(columns) < 5 or not rest:
            continue
        mount = PurePosixPath(_unescaped(columns[4]))
        depth = len(mount.parts)
        if place.is_relative_to(mount) and (found is None or depth >= found[0]):  # a later mount covers an earlier one
            found = depth, rest.split(" ")[0]
    return found[1] if found else None


def _unescaped(text: str) -> str:
    """Blank, tab, line end and backslash stand as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
