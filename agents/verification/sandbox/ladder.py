"""Which kinds of sandbox work on this machine, and which of them is used. A kind works when a real run in it worked."""

from __future__ import annotations

import asyncio
import functools
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType

from agents.verification.box import Ended, Job, Limits, Sandbox, SandboxUnavailable
from agents.verification.sandbox.bwrap import Bwrap
from agents.verification.sandbox.confined import Bare, Landlock

_PROBE = Job(argv=("true",), limits=Limits(wall=20.0))


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


def _bwrap() -> Sandbox:
    program = shutil.which("bwrap")
    if not program:
        raise SandboxUnavailable("bubblewrap is not installed")
    return _first_that_runs(Bwrap(program), Bwrap(program, disables_userns=False))


_KINDS: Mapping[str, Callable[[], Sandbox]] = MappingProxyType(
    {"bwrap": _bwrap, "landlock": Landlock.of_this_kernel, "none": Bare}
)
_LADDER = ("bwrap", "landlock")
_FIXES = {
    "bwrap": "apt install bubblewrap",
}


def choose(setting: str = "auto") -> Sandbox:
    """The sandbox for `setting`: auto (the best that works), or the name of one kind.

    Tries it by a real run the first time, which takes some 50 ms, and remembers. Raises SandboxUnavailable with the
    reasons and what mends them; never falls back to a weaker kind than was asked for.
    """
    tried = [probe(name) for name in (_LADDER if setting == "auto" else (setting,))]
    for result in tried:
        if result.sandbox:
            return result.sandbox
    reasons = "; ".join(f"{result.name}: {result.why}" for result in tried)
    fixes = "\n".join(f"  {result.fix}" for result in tried if result.fix)
    raise SandboxUnavailable(f"no sandbox works here ({reasons}). One of these mends it:\n{fixes}")


@functools.cache
def probe(name: str) -> Probed:
    if name not in _KINDS:
        raise SandboxUnavailable(f"there is no sandbox called {name}; there are: auto, {', '.join(_KINDS)}")
    try:
        sandbox = _KINDS[name]()
        _try(sandbox)
    except SandboxUnavailable as error:
        return Probed(name, None, why=str(error), fix=_FIXES.get(name, ""))
    return Probed(name, sandbox)


def probe_all() -> list[Probed]:
    """Every kind, best first."""
    return [probe(name) for name in _KINDS]


def _first_that_runs(best: Sandbox, *others: Sandbox) -> Sandbox:
    try:
        _try(best)
    except SandboxUnavailable:
        if not others:
            raise
        return _first_that_runs(*others)
    return best


def _try(sandbox: Sandbox) -> None:
    """Run nothing in it. In a thread, because the caller's may have an event loop."""
    with ThreadPoolExecutor(1) as thread:
        ran = thread.submit(asyncio.run, sandbox.run(_PROBE)).result()
    if ran.ended is not Ended.EXITED or ran.exit_code:
        said = ran.output.decode("utf-8", "replace").strip()[-300:]
        raise SandboxUnavailable(f"a trial run ended with {ran.ended} {ran.exit_code}: {said}")
