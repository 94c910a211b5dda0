"""What the machine must have: a sandbox, tools, a folder to write to, room on the disk, file events."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .config import Config
from .doctor import Check, Note, Verdict
from .status import names

SCARCE = 1 << 30
"""Bytes free below which a warning is due; environments of generated projects take hundreds of MB."""
TOO_LITTLE = 100 << 20
WATCHES_EACH = 8
"""Directories watched in a project, generously."""
_INOTIFY = Path("/proc/sys/fs/inotify")


def machine_checks(config: Config, note: Note) -> Iterator[Check]:
    """Each check in turn; the sandbox is tried by a real run."""
    yield from _tools()
    note("trying the sandbox")
    yield sandbox_check(config.verification.sandbox)
    yield workspace_check(config.workspace)
    yield disk_check(config.workspace, _free(config.workspace))
    if sys.platform == "linux":
        yield from events_checks(config)


def _tools() -> Iterator[Check]:
    yield Check("python", Verdict.OK, f"{platform.python_version()} ({sys.executable})")
    yield _uv()
    yield _tool("node", "Node projects cannot be verified without it", "install Node.js 20 or newer with npm")
    yield _tool("npm", "Node projects with dependencies cannot be verified without it", "install npm")
    yield _tool("git", "some dependencies cannot be installed without it", "install git")


def _uv() -> Check:
    try:
        import uv

        return _version("uv", uv.find_uv_bin())
    except (ImportError, FileNotFoundError):
        return Check("uv", Verdict.FAILED, "Python projects cannot be verified without it", "pip install uv")


def _tool(name: str, without: str, mend: str) -> Check:
    path = shutil.which(name)
    return _version(name, path) if path else Check(name, Verdict.WARNING, f"not found; {without}", mend)


def _version(name: str, path: str) -> Check:
    try:
        ran = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Check(name, Verdict.WARNING, f"{path} does not run: {error}", f"install {name} again")
    first = ran.stdout.strip().splitlines()[:1]
    return Check(name, Verdict.OK, f"{first[0] if first else 'found'} ({path})")


def sandbox_check(setting: str) -> Check:
    """The sandbox that would be used; choosing none is allowed, but never passes in silence."""
    from agents.verification.box import SandboxUnavailable
    from agents.verification.sandbox import choose, probe

    try:
        chosen = choose(setting)
    except SandboxUnavailable as error:
        reason, _, fixes = str(error).partition("One of these mends it:")
        return Check("sandbox", Verdict.FAILED, reason.strip(), " or ".join(fixes.split("\n")).strip(" or"))
    text = f"{chosen.name}: {chosen.description}"
    if chosen.name == "none":
        return Check("sandbox", Verdict.WARNING, text, "set verification.sandbox to auto in config.yaml")
    best = probe("bwrap")
    if setting == "auto" and chosen.name != "bwrap" and best.fix:
        return Check("sandbox", Verdict.WARNING, f"{text}; bubblewrap would be stronger", best.fix)
    return Check("sandbox", Verdict.OK, text)


def workspace_check(workspace: Path) -> Check:
    """Writes an unnamed file there, or where the folder would be made."""
    place = next((folder for folder in (workspace, *workspace.parents) if folder.exists()), workspace)
    if not place.is_dir():
        return Check("workspace", Verdict.FAILED, f"{place} is a file", "move it away, or use --workspace FOLDER")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Check(
            "workspace",
            Verdict.FAILED,
            f"{place} cannot be written to: {error.strerror}",
            f"give yourself the right to write to {place}, or use --workspace FOLDER",
        )
    told = f"{workspace}" if place == workspace else f"{workspace} will be made"
    return Check("workspace", Verdict.OK, told)


def _free(workspace: Path) -> int:
    place = next((folder for folder in (workspace, *workspace.parents) if folder.exists()), Path.cwd())
    return shutil.disk_usage(place).free


def disk_check(workspace: Path, free: int) -> Check:
    size = f"{free / 1e9:.1f} GB" if free >= 1e9 else f"{free // 1_000_000} MB"
    told = f"{size} free at {workspace}"
    if free >= SCARCE:
        return Check("disk", Verdict.OK, told)
    verdict = Verdict.FAILED if free < TOO_LITTLE else Verdict.WARNING
    return Check(
        "disk", verdict, told, f"make room, or use --workspace FOLDER; what is large tells: du -sh {workspace}/*"
    )


def events_checks(config: Config, inotify: Path = _INOTIFY) -> Iterator[Check]:
    """Whether Linux tells about changed files, and for enough folders."""
    from .watch_mounts import silent_file_system

    kind = silent_file_system(config.workspace)
    polls = config.watch.polling == "always" or (config.watch.polling == "auto" and kind is not None)
    if polls:
        why = f" ({kind} tells of no changes)" if kind else ""
        yield Check("file events", Verdict.OK, f"folders are looked at every second or so{why}")
        return
    if kind is not None:
        mend = "set watch.polling to auto in config.yaml"
        yield Check("file events", Verdict.WARNING, f"{kind} tells of no changes, and polling is never", mend)
        return
    yield watches_check(inotify, _project_count(config.workspace))


def watches_check(inotify: Path, projects: int) -> Check:
    """`inotify` is /proc/sys/fs/inotify, or a folder like it."""
    try:
        allowed = int((inotify / "max_user_watches").read_text(encoding="ascii"))
        instances = int((inotify / "max_user_instances").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return Check("file events", Verdict.WARNING, "the system does not tell its inotify limits; polling is used")
    needed = projects * WATCHES_EACH + 100
    told = f"inotify: {allowed:,} watches and {instances:,} instances; about {needed:,} watches are needed"
    if allowed < needed:
        wanted = max(524_288, 2 * needed)
        return Check("file events", Verdict.WARNING, told, f"sudo sysctl fs.inotify.max_user_watches={wanted}")
    if instances < 8:
        return Check("file events", Verdict.WARNING, told, "sudo sysctl fs.inotify.max_user_instances=256")
    return Check("file events", Verdict.OK, told)


def _project_count(workspace: Path) -> int:
    try:
        return len(names(workspace))
    except OSError:
        return 0
