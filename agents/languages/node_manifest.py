"""What npm gets to see of package.json and package-lock.json: packages of the registry, and no other word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.verification.text import line
from agents.verification.tree import Tree

from .node_package import package

TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")

_NAME = r"(?:@[\w.~-]{1,200}/)?[\w.~-]{1,200}"
_RANGE = r"(?!\.)[\w.+*<>=^~| -]{0,200}"
"""Versions, ranges and tags; links, repositories and paths need a sign that is not in it."""
_SPEC = re.compile(rf"(?:npm:{_NAME}(?:@{_RANGE})?|{_RANGE})")
_KEY = re.compile(_NAME)
_VERSION = re.compile(r"[\w.+-]{1,200}")
_PLACE = re.compile(rf"node_modules/{_NAME}(?:/node_modules/{_NAME}){{0,40}}")
_OVERRIDDEN = re.compile(rf"\.|{_NAME}(?:@{_RANGE})?")
_OVERRIDE = re.compile(rf"{_SPEC.pattern}|\${_NAME}")
_LOCKED = frozenset(
    {
        "integrity", "dev", "optional", "devOptional", "peer", "engines", "os", "cpu", "libc", "bin", "inBundle",
        "bundleDependencies", "hasInstallScript", "peerDependenciesMeta",
    }
)  # fmt: skip
"""What a lock file may say of a package beside name, version and what it depends on; not where it lies."""


@dataclass(frozen=True)
class Manifest:
    """The files to install from; none where nothing is to be installed."""

    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class _Elsewhere(Exception):
    """A lock file that names anything but packages of the registry; the text says where in it."""


def read_manifest(tree: Tree) -> Manifest:
    """Both files without whatever npm would fetch from elsewhere than the registry, and remarks on that."""
    notes: list[str] = []
    wanted = _wanted(package(tree) or {}, notes)
    if not any(wanted.get(table) for table in TABLES):
        return Manifest(notes=tuple(notes))
    files = {"package.json": json.dumps(wanted, indent=1)}
    lock = tree.texts.get("package-lock.json")
    if lock is not None and not notes:
        try:
            files["package-lock.json"] = json.dumps({**_locked(lock), "lockfileVersion": 3}, indent=1)
        except _Elsewhere as error:
            notes.append(f"package-lock.json: ignored, because of {error}; run `npm install` to write it anew")
    return Manifest(files, tuple(notes))


def _wanted(content: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for table in TABLES:
        entries = content.get(table)
        for name, spec in entries.items() if isinstance(entries, dict) else ():
            if _is_plain(name, spec):
                wanted.setdefault(table, {})[name] = spec
            else:
                notes.append(
                    f"package.json: ignored {line(f'{name}: {spec}', 80)!r} in {table}: only packages of the "
                    "registry are installed; name a version, or do without it"
                )
    overrides = content.get("overrides")
    if overrides and _overrides(overrides):
        wanted["overrides"] = overrides
    elif overrides:
        notes.append("package.json: ignored its overrides: only versions of the registry may stand there")
    return wanted


def _is_plain(name: object, spec: object) -> bool:
    named = isinstance(name, str) and _KEY.fullmatch(name)
    return bool(named and isinstance(spec, str) and _SPEC.fullmatch(spec.strip()))


def _overrides(entries: object, depth: int = 10) -> bool:
    """Whether each of them is a version or a reference to one."""
    if isinstance(entries, str):
        return bool(_OVERRIDE.fullmatch(entries))
    if not isinstance(entries, dict) or not depth:
        return False
    return all(_OVERRIDDEN.fullmatch(name) and _overrides(inner, depth - 1) for name, inner in entries.items())


def _locked(text: str) -> dict[str, Any]:
    """The packages of a lock file, by name and version alone. Raises _Elsewhere."""
    try:
        entries = json.loads(text.removeprefix("\ufeff"))["packages"]
    except (ValueError, RecursionError, LookupError, TypeError):
        entries = None
    if not isinstance(entries, dict):
        raise _Elsewhere("a form older than npm 7, or none at all")
    return {"packages": {place: dict(_entry(place, entry)) for place, entry in entries.items()}}


def _entry(place: str, entry: object) -> Iterator[tuple[str, object]]:
    if not isinstance(entry, dict) or entry.get("link") or (place and not _PLACE.fullmatch(place)):
        raise _Elsewhere(f"{line(place, 80)!r}, which is no package of the registry")
    for key, value in entry.items():
        if key in TABLES and isinstance(value, dict):
            elsewhere = [name for name, spec in value.items() if not _is_plain(name, spec)]
            if elsewhere:
                raise _Elsewhere(f"{line(str(elsewhere[0]), 80)!r} in {key} of {line(place, 80)!r}")
            yield key, value
        elif key in {"name", "version"}:
            pattern = _KEY if key == "name" else _VERSION
            if not isinstance(value, str) or not pattern.fullmatch(value):
                raise _Elsewhere(f"the {key} of {line(place, 80)!r}")
            yield key, value
        elif key in _LOCKED:
            yield key, value
