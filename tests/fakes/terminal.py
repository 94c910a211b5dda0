"""Runs one attack in a process that has a terminal, and shows what was typed into it."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import sys
from pathlib import Path

from agents.verification.box import Job, Limits
from agents.verification.sandbox import choose


def main(kind: str, program: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        ran = asyncio.run(choose(kind).run(Job(("/usr/bin/python3", "-c", _attack(program)), limits=Limits(wall=5))))
        print(ran.output.decode())
        os._exit(0)
    said = b""
    while select.select([terminal], [], [], 10)[0]:
        try:
            said += os.read(terminal, 4096)
        except OSError:
            break
    os.waitpid(child, 0)
    print(said.decode())


def _attack(program: Path) -> str:
    return program.read_text(encoding="utf-8").replace('json.load(open("victim.json"))', "{}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
