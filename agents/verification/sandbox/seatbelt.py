"""macOS: Apple's sandbox-exec with a profile that denies by default, under our own supervisor.

Written from the profile language's documentation and from what other tools allow; not tried on a Mac yet.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from agents.verification.box import Job, Ran, SandboxUnavailable
from agents.verification.sandbox import machine
from agents.verification.sandbox.confined import run_confined
from agents.verification.sandbox.confined_orders import Confinement
from agents.verification.sandbox.places import TRUSTED

_PROGRAM = Path("/usr/bin/sandbox-exec")
_READABLE = (
    *(
        "/usr",
        "/bin",
        "/sbin",
        "/System",
        "/Library/Frameworks",
        "/Library/Apple",
        "/Library/Developer/CommandLineTools",
    ),
    *("/opt/homebrew", "/private/etc/ssl", "/private/etc/localtime", "/private/var/db/timezone", "/dev"),
)
_RULES = """\
(version 1)
(deny default)
(allow process-fork)
(allow process-exec)
(allow signal (target same-sandbox))
(allow process-info* (target same-sandbox))
(allow sysctl-read)
(allow ipc-posix-sem)
(allow file-read-metadata)
(allow file-read* (literal "/"))
(allow file-write-data (literal "/dev/null") (literal "/dev/zero"))
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
"""


@dataclass(frozen=True)
class Seatbelt:
    """Files by allow-list and no network; no namespace of processes, so memory and disk are watched, not fenced."""

    @classmethod
    def of_this_machine(cls) -> Seatbelt:
        if sys.platform != "darwin" or not _PROGRAM.exists():
            raise SandboxUnavailable("sandbox-exec is a part of macOS")
        return cls()

    @property
    def name(self) -> str:
        return "seatbelt"

    @property
    def description(self) -> str:
        return (
            "macOS sandbox-exec: files by allow-list, no network, not even loopback; the user's processes stay visible"
        )

    @property
    def network(self) -> str:
        return "none"

    async def run(self, job: Job) -> Ran:
        before = (str(_PROGRAM), "-D", "RUN={directory}", "-p", profile(job))
        return await run_confined(job, Confinement(before=before))


def profile(job: Job) -> str:
    """The rules for this job; the run's folder is the parameter RUN."""
    readable = [*_READABLE, *(str(path) for path in (job.environment, *job.read_only, TRUSTED) if path)]
    writable = [str(job.writable)] if job.writable else []
    lines = [_RULES + _allow("file-read*", readable), '(allow file* (subpath (param "RUN")))']
    if writable:
        lines.append(_allow("file*", writable))
    if job.network:
        lines.append(_allow("file-read*", [str(path) for path in machine.install_files(os.environ).values()]))
        lines.append("(allow network-outbound)\n(allow system-socket)\n(allow mach-lookup)")
    return "\n".join(lines) + "\n"


def _allow(operation: str, paths: list[str]) -> str:
    """The kernel compares real paths, so links are followed here."""
    places = " ".join(f"(subpath {_quoted(os.path.realpath(path))})" for path in paths)
    return f"(allow {operation} {places})"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
