"""Publishes an iteration in 03_staging so that a crash at any moment leaves the old whole, or the new to be finished.

The whole delivery is written durably first, then the manifest is taken away, the files are replaced, and a new
manifest closes the staging folder. After a crash the written delivery is applied again. A file that a person changed
since the Engineer saw it is left as it is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from .files import Folder, is_cache
from .iterations import files_of
from .project import Project
from .records import record
from .triggers import manifest_of

PENDING = f"{Project.MEMORY}/delivery.json"
LARGEST = 64 << 20


class Delivery(BaseModel):
    """What is to be in staging. Paths are relative to 03_staging."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn: int
    iteration: int
    provider: str | None = None
    model: str | None = None
    files: dict[str, str] = {}
    """Path -> new content."""
    restored: dict[str, int] = {}
    """Path -> the iteration whose version comes back."""
    deleted: tuple[str, ...] = ()
    afresh: bool = False
    """A new draft: its tests are its own."""
    edited: tuple[str, ...] = ()
    """Files that a person had edited and the author saw so."""
    seen: dict[str, str] = {}
    """Path -> SHA-256 of the version the author saw. A file that is neither that nor the new one was edited since."""


def staged_hashes(folder: Folder) -> dict[str, str]:
    """Path -> SHA-256 of every plain file in staging, without caches and the manifest."""
    hashes = {}
    for rel in folder.walk(Project.STAGING, ignored=is_cache):
        digest = folder.sha256(rel)
        if rel != Project.MANIFEST and digest is not None:
            hashes[rel.removeprefix(f"{Project.STAGING}/")] = digest
    return hashes


def edited_by_hand(folder: Folder, hashes: Mapping[str, str]) -> frozenset[str]:
    """Staged files that differ from the manifest, or that it notes as edited.

    Without a manifest of ours those that a delivery which could not be finished says of, otherwise none.
    """
    manifest = manifest_of(folder)
    rows, noted = manifest.get("files"), manifest.get("edited")
    if not isinstance(rows, list):
        unfinished = record(folder, PENDING, Delivery, limit=LARGEST)
        return _edited_around(unfinished, hashes) if unfinished else frozenset()
    delivered = {str(row.get("path")): row.get("sha256") for row in rows if isinstance(row, dict)}
    changed = {path for path, digest in hashes.items() if delivered.get(path) != digest}
    before = {str(path) for path in noted} if isinstance(noted, list) else set()
    return frozenset(changed | (before & hashes.keys()))


def _edited_around(delivery: Delivery, hashes: Mapping[str, str]) -> frozenset[str]:
    """Files that are neither as the author saw them nor as they were delivered, and those he saw as edited."""
    new = {path: hashlib.sha256(text.encode("utf-8")).hexdigest() for path, text in delivery.files.items()}
    theirs = (path for path in hashes if hashes[path] not in (delivery.seen.get(path), new.get(path)))
    changed = {path for path in theirs if path not in delivery.restored}  # of those only the zip knows the new version
    return frozenset(changed | (set(delivery.edited) & hashes.keys()))


def prepare(folder: Folder, delivery: Delivery) -> None:
    """Make the delivery durable; from now on it will be applied, whatever happens."""
    folder.write(PENDING, delivery.model_dump_json() + "\n")


def pending(folder: Folder, turn: int) -> Delivery | None:
    """The delivery of `turn` that was prepared and not finished."""
    delivery = record(folder, PENDING, Delivery, limit=LARGEST)
    return delivery if delivery is not None and delivery.turn == turn else None


def forget(folder: Folder) -> None:
    """Remove what was prepared and applied to its end, which the manifest closes."""
    folder.remove(PENDING)


def apply(folder: Folder, delivery: Delivery) -> frozenset[str]:
    """Bring staging to what `delivery` says and close it with a manifest; the paths that a person edited and that stay.

    May be repeated any number of times. Raises FileProblem.
    """
    folder.remove(Project.MANIFEST)
    kept = {path for path, data in _contents(folder, delivery).items() if not _place(folder, delivery, path, data)}
    kept |= {path for path in delivery.deleted if not _take_away(folder, delivery, path)}
    hashes = staged_hashes(folder)
    edited = kept | (set(delivery.edited) - set(delivery.files) - set(delivery.restored))
    folder.write(Project.MANIFEST, _manifest(folder, delivery, hashes, sorted(edited & set(hashes))))
    forget(folder)
    return frozenset(kept)


def _contents(folder: Folder, delivery: Delivery) -> dict[str, bytes]:
    contents = {}
    for path, iteration in delivery.restored.items():
        kept = files_of(folder, iteration) or {}
        if path in kept:
            contents[path] = kept[path]
    return contents | {path: text.encode("utf-8") for path, text in delivery.files.items()}


def _place(folder: Folder, delivery: Delivery, path: str, data: bytes) -> bool:
    """Write one file unless a person changed it since; whether it now holds `data`."""
    rel = f"{Project.STAGING}/{path}"
    current = folder.sha256(rel)
    if current == hashlib.sha256(data).hexdigest():
        return True
    if current is not None and current != delivery.seen.get(path):
        return False
    folder.write(rel, data)
    return True


def _take_away(folder: Folder, delivery: Delivery, path: str) -> bool:
    """Remove one file unless a person changed it since; whether it is gone."""
    rel = f"{Project.STAGING}/{path}"
    current = folder.sha256(rel)
    if current is None:
        return True
    if current != delivery.seen.get(path):
        return False
    folder.remove(rel)
    return True


def _manifest(folder: Folder, delivery: Delivery, hashes: Mapping[str, str], edited: list[str]) -> str:
    sizes = {path: folder.stat(f"{Project.STAGING}/{path}") for path in hashes}
    rows = [
        {"path": path, "size": size.size if size else 0, "sha256": hashes[path]} for path, size in sorted(sizes.items())
    ]
    document = {
        "iteration": delivery.iteration,
        "created": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "provider": delivery.provider,
        "model": delivery.model,
        "files": rows,
        "edited": edited,
        "afresh": delivery.afresh,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
