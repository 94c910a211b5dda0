"""Keeps one folder of packages per package.json and lock file: installed by npm in the sandbox, without scripts."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from agents.verification.box import MIB, Ended, Job, Limits, Ran, Sandbox, SandboxUnavailable
from agents.verification.evidence import Phase, Status
from agents.verification.settings import VerificationSettings
from agents.verification.text import clean, line

from .base import Prepared

_SAID = re.compile(r"^npm (?:ERR!|error) (?!code\b)(.+)$", re.MULTILINE)
_OFFLINE = re.compile(r"ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|(?:ERR!|error) network\b")
_FLAGS = (
    *("--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"),
    *("--git=false", "--allow-git=none", "--allow-remote=none"),
)
"""What a package of the registry names elsewhere is not fetched either; older versions of npm only know `git`."""


class Packages:
    """The cache of them. Safe to share between projects, and to kill at any moment."""

    def __init__(self, settings: VerificationSettings) -> None:
        self._root = settings.cache_dir or Path(platformdirs.user_cache_dir("code-tumbler"))
        self._timeout = settings.install_timeout
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, files: Mapping[str, str], sandbox: Sandbox) -> Prepared:
        """The packages that `files` name; installed when they are not there yet. Raises SandboxUnavailable."""
        key = hashlib.sha256(json.dumps([3, shutil.which("node"), files], sort_keys=True).encode()).hexdigest()[:24]
        folder = self._root / "node" / key
        async with self._locks[key]:
            if (folder / ".complete").exists():
                phase = Phase("environment", Status.OK, "packages ready", seconds=0.0)
                return Prepared(phase, environment=folder, read_only=toolchain())
            return await self._build(sandbox, files, folder)

    async def _build(self, sandbox: Sandbox, files: Mapping[str, str], folder: Path) -> Prepared:
        place = folder.with_name(f"{folder.name}.tmp-{os.getpid()}")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        try:
            for name, text in files.items():
                (place / name).write_text(text, encoding="utf-8")
            verb = "ci" if "package-lock.json" in files else "install"
            command = ("npm", verb, *_FLAGS)
            ran = await sandbox.run(self._job(command, place))
            if ran.ended is not Ended.EXITED or ran.exit_code:
                return _refused(ran, command)
            (place / ".complete").touch()
            if not folder.exists():
                place.rename(folder)
            phase = Phase("environment", Status.OK, "packages installed", command, 0, ran.seconds)
            return Prepared(phase, environment=folder, read_only=toolchain())
        finally:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    def _job(self, command: tuple[str, ...], place: Path) -> Job:
        return Job(
            argv=(*command, "--prefix", str(place), "--cache", str(self._root / "npm")),
            read_only=toolchain(),
            writable=self._root,
            network=True,
            limits=Limits(wall=self._timeout, cpu=600, memory=4096 * MIB, data=4096 * MIB, processes=256),
        )


def toolchain() -> tuple[Path, ...]:
    """Node's prefix, unless it is the system's."""
    node = Path(shutil.which("node") or "/usr/bin/node").resolve()
    prefix = node.parent.parent
    return () if prefix.is_relative_to("/usr") else (prefix,)


def _refused(ran: Ran, command: tuple[str, ...]) -> Prepared:
    output = clean(ran.output, 3000)
    if _OFFLINE.search(output) and "E404" not in output:
        raise SandboxUnavailable(
            f"the npm registry did not answer while packages were installed: {line(output, 300)}; check the network"
        )
    said = _SAID.findall(output)
    summary = f"packages could not be installed: {line(said[0] if said else 'no message')}"
    return Prepared(Phase("environment", Status.FAILED, summary, command, ran.exit_code, ran.seconds, output))
