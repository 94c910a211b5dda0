"""Keeps one complete virtual environment per set of requirements: built by uv inside the sandbox, shared, read-only."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import re
import shutil
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import platformdirs
import uv

from agents.verification.box import Ended, Job, Limits, Ran, Sandbox, SandboxUnavailable
from agents.verification.sandbox import prefixes
from agents.verification.settings import VerificationSettings
from agents.verification.text import clean

from .python_manifest import BASE_TOOLS

_OFFLINE = re.compile(
    r"error sending request|dns error|connection (?:refused|reset|timed out)|failed to lookup|operation timed out"
    r"|tcp connect error|network is unreachable|certificate|50[0234] (?:internal|bad gateway|service|gateway)",
    re.IGNORECASE,
)
_BIN = "Scripts" if os.name == "nt" else "bin"


class IndexUnavailable(SandboxUnavailable):
    """The package index did not answer: not the project's fault, so it waits."""


@dataclass(frozen=True)
class Built:
    """An environment, or what the resolver said."""

    folder: Path | None
    command: tuple[str, ...]
    seconds: float
    exit_code: int = 0
    output: str = ""
    cached: bool = False


@dataclass(frozen=True)
class Interpreter:
    """The base interpreter of an environment."""

    executable: Path

    @classmethod
    def own(cls) -> Interpreter:
        """The daemon's own, below any virtual environment."""
        return cls(Path(getattr(sys, "_base_executable", None) or sys.executable).resolve())


def python_in(environment: Path) -> Path:
    return environment / _BIN / ("python.exe" if os.name == "nt" else "python")


class Environments:
    """The cache of environments. Safe to share between projects and processes, and to kill at any moment."""

    def __init__(self, settings: VerificationSettings) -> None:
        self.settings = settings
        self.root = settings.cache_dir or Path(platformdirs.user_cache_dir("code-tumbler"))
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._interpreter: Interpreter | None = None

    async def get(self, requirements: tuple[str, ...], sandbox: Sandbox) -> Built:
        """An environment with the base tools and `requirements`; built when there is none yet."""
        interpreter = await self.interpreter()
        key = self._key(requirements, interpreter, sandbox)
        folder = self.root / "envs" / key
        async with self._locks[key]:
            if (folder / ".complete").exists() and python_in(folder).exists():
                return Built(folder, (), 0.0, cached=True)
            return await self._build(folder, requirements, interpreter, sandbox)

    async def interpreter(self) -> Interpreter:
        """The interpreter that the settings name. Raises SandboxUnavailable when there is none."""
        if self._interpreter is None:
            self._interpreter = await self._find() if self.settings.python else Interpreter.own()
        return self._interpreter

    async def _find(self) -> Interpreter:
        wanted = str(self.settings.python)
        process = await asyncio.create_subprocess_exec(
            *(uv.find_uv_bin(), "python", "find", "--no-python-downloads", "--system", wanted),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        if process.returncode:
            raise SandboxUnavailable(
                f"verification.python: no interpreter {wanted!r} on this machine; run: uv python install {wanted}"
            )
        return Interpreter(Path(out.decode().strip()).resolve())

    def _key(self, requirements: tuple[str, ...], interpreter: Interpreter, sandbox: Sandbox) -> str:
        stamp = interpreter.executable.stat().st_mtime_ns
        facts = ["2", str(interpreter.executable), str(stamp), platform.machine(), *BASE_TOOLS, "--", *requirements]
        facts.append("copy" if sandbox.name == "none" else "link")
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:24]

    async def _build(
        self, folder: Path, requirements: tuple[str, ...], interpreter: Interpreter, sandbox: Sandbox
    ) -> Built:
        self._sweep()
        place = folder.with_name(f"{folder.name}.tmp-{os.getpid()}")
        place.mkdir(parents=True)
        try:
            wanted = place / "requirements.in"
            wanted.write_text("\n".join((*BASE_TOOLS, *requirements)) + "\n", encoding="utf-8")
            made = await self._run(sandbox, interpreter, "venv", "--quiet", "--relocatable",
                                   "--python", str(interpreter.executable), str(place / "env"))  # fmt: skip
            if made.exit_code or made.ended is not Ended.EXITED:
                raise SandboxUnavailable(f"uv could not make a virtual environment: {clean(made.output, 600)}")
            command = self._install(place / "env", wanted, sandbox)
            ran = await self._run(sandbox, interpreter, *command)
            shown = ("uv", *(word.replace(str(place), "...") for word in command))
            if ran.exit_code or ran.ended is not Ended.EXITED:
                return self._refused(ran, shown)
            (place / "env" / ".complete").touch()
            _publish(place / "env", folder)
            return Built(folder, shown, made.seconds + ran.seconds)
        finally:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    def _install(self, environment: Path, wanted: Path, sandbox: Sandbox) -> tuple[str, ...]:
        newest = datetime.now(UTC) - timedelta(days=self.settings.exclude_newer_days)
        fresh = ("--exclude-newer", newest.strftime("%Y-%m-%dT00:00:00Z")) if self.settings.exclude_newer_days else ()
        return (
            *("pip", "install", "--quiet", "--no-progress", "--only-binary", ":all:", "--compile-bytecode"),
            *fresh,
            *("--link-mode", "copy" if sandbox.name == "none" else "hardlink"),
            *("--python", str(python_in(environment)), "--requirement", str(wanted)),
        )

    async def _run(self, sandbox: Sandbox, interpreter: Interpreter, *words: str) -> Ran:
        binary = Path(uv.find_uv_bin())
        job = Job(
            argv=(str(binary), *words),
            read_only=(binary, *prefixes(interpreter.executable)),
            writable=self.root,
            network=True,
            variables={"UV_CACHE_DIR": str(self.root / "uv"), "UV_PYTHON_DOWNLOADS": "never"},
            limits=Limits(wall=self.settings.install_timeout, cpu=600, memory=4 << 30, data=4 << 30,
                          file_size=4 << 30, processes=256),
        )  # fmt: skip
        return await sandbox.run(job)

    def _refused(self, ran: Ran, command: tuple[str, ...]) -> Built:
        output = clean(ran.output, 3000)
        if ran.ended is not Ended.EXITED:
            output = f"ended after {ran.seconds:.0f} s: {ran.ended.value}\n{output}"
        elif _OFFLINE.search(output) and "No solution found" not in output and "not found in the" not in output:
            raise IndexUnavailable(
                f"the package index did not answer while dependencies were installed: {output[-300:]}; "
                "check the network, or set UV_INDEX_URL to an index that can be reached"
            )
        return Built(None, command, ran.seconds, ran.exit_code, output)

    def _sweep(self) -> None:
        """Remove half-built environments whose builder is gone."""
        for place in (self.root / "envs").glob("*.tmp-*"):
            pid = place.name.rpartition("-")[2]
            if pid.isdigit() and int(pid) != os.getpid() and not _alive(int(pid)):
                shutil.rmtree(place, ignore_errors=True)


def _publish(made: Path, folder: Path) -> None:
    """Put a finished environment in its place; whoever comes second throws his away."""
    if folder.exists() and not python_in(folder).exists():
        shutil.rmtree(folder, ignore_errors=True)
    try:
        made.rename(folder)
    except OSError:
        if not (folder / ".complete").exists():
            raise


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
