"""The private copy of staging that is verified, and the zip that holds exactly what was."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime

from .files import FileProblem, Folder, Gone, NotText, TooLarge, is_cache
from .project import Project

MAX_FILES = 10_000
MAX_BYTES = 256 * 1024 * 1024
MAX_NAME_BYTES = 100

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold
_SYSTEM_UNIX = 3


class Changed(FileProblem):
    """Staging is no longer what was verified; it has to be verified again."""


def staged_files(folder: Folder) -> list[str]:
    """Paths below 03_staging that are source: plain files, without caches and without the manifest."""
    root = f"{Project.STAGING}/"
    found = (path.removeprefix(root) for path in folder.walk(Project.STAGING, ignored=is_cache))
    return [path for path in found if root + path != Project.MANIFEST]


def staged(folder: Folder, *, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES) -> Iterator[tuple[str, bytes]]:
    """(path, content) of each source file in staging, one after the other.

    Raises TooLarge before it reads more than that, or NotText for a name that no archive can hold.
    """
    left_files, left_bytes = max_files, max_bytes
    for path in staged_files(folder):
        _require_utf8(path)
        found = folder.stat(f"{Project.STAGING}/{path}")
        if found is not None and (left_files == 0 or found.size > left_bytes):
            told = f"more than {max_files:,} files or {max_bytes:,} bytes; remove what is not source"
            raise TooLarge(f"{Project.STAGING}: {told}", path)
        data = folder.read(f"{Project.STAGING}/{path}", limit=left_bytes)
        if data is not None:  # else it was deleted since it was listed
            left_files, left_bytes = left_files - 1, left_bytes - len(data)
            yield path, data


def snapshot(
    folder: Folder, destination: Folder, *, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES
) -> dict[str, str]:
    """Copy staging into the empty directory `destination`, which nobody else writes to; path -> SHA-256 of the copy.

    Not synced: a snapshot does not outlive the daemon. Raises as `staged` does.
    """
    copied: dict[str, str] = {}
    for path, data in staged(folder, max_files=max_files, max_bytes=max_bytes):
        destination.put(path, data, mode=_mode(folder, f"{Project.STAGING}/{path}"))
        copied[path] = hashlib.sha256(data).hexdigest()
    return copied


def pack(source: Folder, files: Mapping[str, str]) -> bytes:
    """A zip of `files` (path -> SHA-256, as `snapshot` returned) from `source`; equal files make equal bytes.

    Raises Changed when a file is not what was verified.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(files):
            data = source.read(path)
            if data is None or hashlib.sha256(data).hexdigest() != files[path]:
                raise Changed(f"{path}: changed since it was verified; it is verified again", path)
            archive.writestr(_entry(path, _mode(source, path)), data)
    return buffer.getvalue()


def unpack(archive: bytes) -> dict[str, bytes] | None:
    """Path -> content; None when the zip is torn or damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            return {entry.filename: packed.read(entry) for entry in packed.infolist() if not entry.is_dir()}
    except Exception:  # on damaged bytes zipfile raises whatever it happens to run into, also OSError and IndexError
        return None


def publish(folder: Folder, archive: bytes, name: str, accepted: datetime) -> str:
    """Put `archive` into 05_final, whole or not at all; its path.

    The zip is named after the project's `name` and `accepted`, the time of acceptance. Called again for the same
    acceptance, after a crash, it returns the zip that is there.
    """
    if unpack(archive) is None:
        raise FileProblem(f"{Project.ITERATIONS}: the kept zip does not read back; check the disk", Project.ITERATIONS)
    for number in range(1, 100):
        rel = f"{Project.FINAL}/{_zip_name(name, accepted, number)}"
        try:
            folder.create(rel, archive)
            return rel
        except FileExistsError:
            if _is_plain(folder, rel) and folder.read(rel) == archive:
                return rel
    raise FileProblem(f"{Project.FINAL}: too many zips of the same second; move some away", Project.FINAL)


def _is_plain(folder: Folder, rel: str) -> bool:
    found = folder.status(rel)
    return found is not None and stat.S_ISREG(found.st_mode)


def _zip_name(name: str, accepted: datetime, number: int) -> str:
    short = name.encode("utf-8", "replace")[:MAX_NAME_BYTES].decode("utf-8", "ignore")
    return f"{short}_{accepted:%Y%m%d_%H%M%S}{f'_{number}' if number > 1 else ''}.zip"


def _entry(path: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _FIXED_DATE)
    entry.create_system = _SYSTEM_UNIX
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | mode) << 16
    return entry


def _mode(folder: Folder, rel: str) -> int:
    """0o755 for what its owner may execute, otherwise 0o644."""
    found = folder.status(rel)
    if found is None:
        raise Gone(f"{rel}: was deleted while it was read", rel)
    return 0o755 if found.st_mode & stat.S_IXUSR else 0o644


def _require_utf8(path: str) -> None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotText(f"{Project.STAGING}/{path!r}: the file's name is not UTF-8; rename it", path) from error
