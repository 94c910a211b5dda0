"""The least that could do a cycle: inotify, three HTTP calls on a kept-alive connection, and files that are fsynced.

    python -m benchmarks.floor WORKSPACE URL

It knows no errors, no restarts, no edits and no second project name; it is what the daemon's overhead is compared with.
"""

from __future__ import annotations

import asyncio
import ctypes
import ctypes.util
import io
import json
import os
import struct
import sys
import zipfile
from pathlib import Path

import httpx

IN_CLOSE_WRITE, IN_CREATE, IN_MOVED_TO = 0x8, 0x100, 0x80
_libc = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)


def write(path: Path, data: str | bytes) -> None:
    """Temporary file, fsync, rename, fsync of the directory: as durable as the daemon's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(".part")
    with part.open("wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


class Floor:
    def __init__(self, workspace: Path, url: str) -> None:
        self.workspace = workspace
        self.http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=60)
        self.fd = _libc.inotify_init1(os.O_NONBLOCK)
        self.paths: dict[int, Path] = {}
        self.busy: set[asyncio.Task[None]] = set()
        self.begun: set[Path] = set()

    def watch(self, path: Path) -> None:
        wd = _libc.inotify_add_watch(self.fd, os.fsencode(path), IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO)
        self.paths[wd] = path
        for found in path.iterdir():
            self.found(found)

    def found(self, path: Path) -> None:
        depth = len(path.relative_to(self.workspace).parts)
        if path.name == "requirements.txt" and path.stat().st_size and path not in self.begun:
            self.begun.add(path)
            task = asyncio.create_task(self.cycle(path.parent.parent))
            self.busy.add(task)
            task.add_done_callback(self.busy.discard)
        elif depth < 3 and path.is_dir() and path.name != ".tumbler":
            self.watch(path)

    def events(self) -> None:
        data, at = os.read(self.fd, 65536), 0
        while at < len(data):
            wd, _, _, size = struct.unpack_from("iIII", data, at)
            name = data[at + 16 : at + 16 + size].rstrip(b"\0").decode()
            at += 16 + size
            path = self.paths[wd] / name
            if path.exists():
                self.found(path)

    async def ask(self, root: Path, number: int) -> None:
        body = {"model": "fake", "messages": [{"role": "user", "content": "x"}], "stream": True}
        answer = await self.http.post("/v1/chat/completions", json=body)
        write(root / ".tumbler" / "journal" / f"{number}.json", json.dumps({"text": answer.text}))
        write(root / ".tumbler" / "usage.json", json.dumps({"total_tokens": number}))

    async def cycle(self, root: Path) -> None:
        def state(status: str) -> None:
            write(root / ".tumbler" / "state.json", json.dumps({"name": root.name, "status": status}))

        state("planning")
        await self.ask(root, 1)
        write(root / "02_plan" / "PLAN.md", "# Plan\n")
        state("engineering")
        await self.ask(root, 2)
        write(root / "03_staging" / "main.py", "print('hello')\n")
        write(root / "03_staging" / "tests" / "test_main.py", "def test_it():\n    assert True\n")
        write(root / "03_staging" / ".manifest.json", "{}")
        state("verifying")
        await self.ask(root, 3)
        write(root / "04_feedback" / "REPORT_iter1.md", "Score: 9.0/10\n")
        state("finalizing")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("main.py", "print('hello')\n")
        write(root / "05_final" / "x.zip", packed.getvalue())
        state("completed")

    async def run(self) -> None:
        self.watch(self.workspace)
        asyncio.get_running_loop().add_reader(self.fd, self.events)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(Floor(Path(sys.argv[1]), sys.argv[2]).run())
