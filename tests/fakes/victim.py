"""A machine worth attacking, and a program that lets every hostile case attack it from inside a sandbox.

Standard library only: as root the tests start it a second time as an ordinary user, with the system's interpreter and a
copy of the packages it needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.verification.box import MIB, Job, Limits, Ran, Sandbox
from agents.verification.sandbox import choose
from agents.verification.sandbox.confine.removal import remove

PYTHON = "/usr/bin/python3"
_SECRET, _API_KEY = "TOP-SECRET-PRIVATE-KEY", "sk-never-to-be-seen"
_STATE = '{"status": "verifying"}'
_LIMITS = Limits(wall=6.0, memory=300 * MIB, work=256 * MIB, tmp=64 * MIB, shm=32 * MIB, processes=64)


class Victim:
    """A home with a key, a project with state, a daemon with an API key, sockets that listen, an environment."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="victim-"))
        self.root.chmod(0o755)
        self.marker = f"marker{secrets.token_hex(6)}"
        self.home, self.project, self.env = (self.root / name for name in ("home", "project", "env"))
        self.key = self.home / ".ssh/id_rsa"
        self.state = self.project / ".tumbler/state.json"
        self.package = self.env / "lib/python3.11/site-packages/iniconfig/__init__.py"
        for path, text in ((self.key, _SECRET), (self.state, _STATE), (self.package, "")):
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
        self.key.chmod(0o600)
        self.key.parent.chmod(0o700)
        self.daemon = subprocess.Popen(
            ["sleep", "600"],
            env={"OPENAI_API_KEY": _API_KEY},
            start_new_session=True,
        )
        os.environ["OPENAI_API_KEY"] = _API_KEY
        self.sockets = [self._listen(f"\0{self.marker}"), self._listen(str(self.root / "socket"))]
        self.datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.datagrams.bind(str(self.root / "datagrams"))
        (self.root / "datagrams").chmod(0o777)
        (self.root / "socket").chmod(0o777)
        self.server = socket.create_server(("127.0.0.1", 0))

    def _listen(self, address: str) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen()
        return listener

    def facts(self) -> dict[str, Any]:
        """What the attacker is told, so that no attack fails for want of a path."""
        return {
            "home": str(self.home),
            "project": str(self.project),
            "env": str(self.env),
            "marker": self.marker,
            "daemon": self.daemon.pid,
            "socket": str(self.root / "socket"),
            "datagrams": str(self.root / "datagrams"),
            "port": self.server.getsockname()[1],
        }

    def harm(self) -> list[str]:
        """What has happened to it; in words."""
        checks: dict[str, Callable[[], bool]] = {
            "state.json was changed": lambda: self.state.read_text(encoding="utf-8") != _STATE,
            "the key was changed": lambda: self.key.read_text(encoding="utf-8") != _SECRET,
            "modes were changed": lambda: [_mode(p) for p in (self.key, self.key.parent)] != [0o600, 0o700],
            "the daemon is dead": lambda: self.daemon.poll() is not None,
            "a process survived": lambda: bool(_processes(self.marker)),
            "files were left outside": lambda: bool(self._left()),
            "shared memory was left": lambda: _segments() > self._segments,
            "folders of runs were left": lambda: bool(_own_folders()),
        }
        return [name for name, happened in checks.items() if _is_so(happened)]

    def before(self) -> None:
        self._segments = _segments()

    def _left(self) -> list[Path]:
        folders = ("/tmp", "/var/tmp", "/dev/shm", "/", "/usr", "/etc", "/usr/bin", str(self.home))
        return [path for folder in folders for path in Path(folder).glob(f"*{self.marker}*")]

    def close(self) -> None:
        for item in (*self.sockets, self.datagrams, self.server):
            item.close()
        self.daemon.kill()
        self.daemon.wait()
        remove(str(self.root))


def _is_so(happened: Callable[[], bool]) -> bool:
    """What cannot be looked at any more was harmed."""
    try:
        return happened()
    except OSError:
        return True


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _own_folders() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("code-tumbler-run-*"))


def _processes(marker: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if marker.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def _segments() -> int:
    return len(Path("/proc/sysvipc/shm").read_text(encoding="utf-8").splitlines())


def _source(case: Path, victim: Victim) -> Path:
    """The case's project as staging would hold it, with its links and the victim's particulars."""
    source = Path(tempfile.mkdtemp(prefix="source-"))
    shutil.copytree(case / "project", source, dirs_exist_ok=True)
    about = json.loads((case / "case.json").read_text(encoding="utf-8"))
    for name, target in about.get("links", {}).items():
        (source / name).symlink_to(target.format(home=victim.home, project=victim.project))
    # The report's descriptor is only known inside; the program's first argument tells it.
    (source / "victim.json").write_text(json.dumps(victim.facts() | {"report": -1}), encoding="utf-8")
    return source


_START = "import json,runpy,sys;v=json.load(open('victim.json'));v['report']=int(sys.argv[1]);\
json.dump(v,open('victim.json','w'));sys.argv=['main.py'];sys.path.insert(0,'');runpy.run_path('main.py',run_name='__main__')"


async def attack(sandbox: Sandbox, case: Path, victim: Victim) -> dict[str, Any]:
    """Let one case loose; what it achieved, and how it ended."""
    about = json.loads((case / "case.json").read_text(encoding="utf-8"))
    limits = replace(_LIMITS, wall=float(about.get("lim", {}).get("wall", _LIMITS.wall)))
    source = _source(case, victim)
    victim.before()
    started = time.monotonic()
    ran = await sandbox.run(
        Job((PYTHON, "-c", _START, "{report}"), source=source, environment=victim.env, limits=limits)
    )
    seconds = time.monotonic() - started
    shutil.rmtree(source)
    harm = [*victim.harm(), *_said(ran)]
    if seconds > limits.wall + 15:
        harm.append(f"it took {seconds:.1f} s with a limit of {limits.wall:.1f} s")
    if (wanted := about.get("ended", ran.ended)) != ran.ended:
        harm.append(f"it ended by {ran.ended}, not {wanted}")
    return {
        "harm": harm,
        "ended": ran.ended,
        "seconds": seconds,
        "output": ran.output[-1500:].decode("utf-8", "replace"),
    }


def _said(ran: Ran) -> list[str]:
    lines = ran.output.decode("utf-8", "replace").splitlines()
    bad = [line for line in lines if "ESCAPED" in line or _SECRET in line or _API_KEY in line]
    return [f"it said: {line[:200]}" for line in bad]


async def attack_all(kind: str, folder: Path, names: list[str]) -> dict[str, Any]:
    """`names`: only these cases; empty: all."""
    sandbox, found = choose(kind), {}
    for case in sorted(folder.iterdir()):
        if names and case.name not in names:
            continue
        # A new victim each time: one that was harmed must not fail the next case as well.
        victim = Victim()
        try:
            found[case.name] = await attack(sandbox, case, victim)
        finally:
            victim.close()
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        tempfile.tempdir = folder
        print(json.dumps(asyncio.run(attack_all(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))))
