"""Packs what is verified, and puts what was accepted into 05_final."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

from .archive import _fill, _zip_name
from .files import FileProblem, Folder
from .project import Project


def pack(source: Folder, files: Mapping[str, str]) -> bytes:
    """A zip of `files` (path -> SHA-256) from `source`; equal files make equal bytes. Raises archive.Changed."""
    buffer = io.BytesIO()
    _fill(buffer, source, files)
    return buffer.getvalue()


def publish(folder: Folder, archive: bytes, name: str, accepted: datetime) -> str:
    """Put `archive` into 05_final, whole or not at all; its path. Called again after a crash, it finds what is there."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        torn = packed.testzip()
    if torn is not None:
        raise FileProblem(f"{Project.ITERATIONS}: the kept zip does not read back ({torn})", torn)
    for number in range(1, 100):
        rel = f"{Project.FINAL}/{_zip_name(name, accepted, number)}"
        if folder.status(rel) is None:
            folder.write(rel, archive)
            return rel
        if folder.read(rel) == archive:
            return rel
    raise FileProblem(f"{Project.FINAL}: too many zips of the same second; move some away", Project.FINAL)
