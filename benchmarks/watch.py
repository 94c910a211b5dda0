"""How much the watcher sees, how soon, and at what cost. Run: python -m benchmarks.watch [--projects 1000]

Marks: of 200 new projects, made in five ways, how many were noted after their requirements were there.
Latency: from just before a write is closed to the callback in the loop. CPU: of the whole process, in seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from orchestrator.watch import watching

NEW = 200
INSTALL = """
import sys
from pathlib import Path
for folder in range(2000):
    place = Path(sys.argv[1]) / f"m{folder // 50}" / f"d{folder}"
    place.mkdir(parents=True)
    for file in range(10):
        (place / f"{file}.js").write_text("")
"""


def write(root: Path, name: str) -> None:
    (root / name / "01_input").mkdir(parents=True)
    (root / name / "01_input/requirements.txt").write_text("words")


def rename(root: Path, name: str) -> None:
    (root / name / "01_input").mkdir(parents=True)
    (root / name / "01_input/x").write_text("words")
    (root / name / "01_input/x").rename(root / name / "01_input/requirements.txt")


def move(root: Path, name: str) -> None:
    write(root.parent, name)
    (root.parent / name).rename(root / name)


def copy(root: Path, name: str) -> None:
    write(root.parent, name)
    shutil.copytree(root.parent / name, root / name)


def second_write_after_move(root: Path, name: str) -> None:
    (root.parent / name / "01_input").mkdir(parents=True)
    (root.parent / name).rename(root / name)
    time.sleep(0.005)
    (root / name / "01_input/requirements.txt").write_text("words")


async def marks(root: Path, appear: Callable[[Path, str], None]) -> int:
    seen: dict[str, bool] = {}

    def note(name: str) -> None:
        seen[name] = (root / name / "01_input/requirements.txt").exists()

    def appear_all() -> None:
        for number in range(NEW):
            appear(root, f"{appear.__name__}{number}")

    async with watching(root, note, "never"):
        await asyncio.to_thread(appear_all)
        await asyncio.sleep(1)
    return sum(seen.get(f"{appear.__name__}{number}", False) for number in range(NEW))


async def latencies(root: Path, names: list[str]) -> list[float]:
    arrived = asyncio.Event()
    found = []
    async with watching(root, lambda _: arrived.set(), "never"):
        for name in names:
            await asyncio.sleep(0.02)
            arrived.clear()
            file = (root / name / "02_plan/PLAN.md").open("w", encoding="utf-8")
            await asyncio.sleep(0.01)
            arrived.clear()
            start = time.perf_counter()
            file.close()
            await arrived.wait()
            found.append((time.perf_counter() - start) * 1000)
    return found


async def install(root: Path, staging: Path) -> tuple[int, float, float]:
    """(notes, CPU seconds of ours, seconds of the installation) for 20,000 files in 2,000 folders."""
    notes: list[str] = []
    async with watching(root, notes.append, "never"):
        before, start = time.process_time(), time.perf_counter()
        done = await asyncio.create_subprocess_exec(sys.executable, "-c", INSTALL, str(staging))
        await done.wait()
        took = time.perf_counter() - start
        await asyncio.sleep(0.5)
        return len(notes), time.process_time() - before, took


def populate(root: Path, count: int) -> list[str]:
    names = [f"p{number:04}" for number in range(count)]
    for name in names:
        for stage in (
            "01_input",
            "02_plan",
            "03_staging/src",
            "03_staging/tests",
            "04_feedback",
            "05_final",
            ".tumbler",
        ):
            (root / name / stage).mkdir(parents=True)
        (root / name / "02_plan/PLAN.md").touch()
    return names


async def measure(place: Path, projects: int) -> None:
    root = place / "projects"
    names = populate(root, projects)
    start, cpu = time.perf_counter(), time.process_time()
    async with watching(root, lambda _: None, "never") as watcher:
        print(f"start with {projects} projects ({watcher.mode}): {time.perf_counter() - start:.3f} s")
        await asyncio.sleep(2)
        print(f"CPU until 2 s after: {time.process_time() - cpu:.3f} s; check(): {watcher.check() or 'all well'}")
    found = sorted(await latencies(root, names[:200]))
    p99 = found[int(len(found) * 0.99) - 1]
    print(f"latency of {len(found)} writes: median {statistics.median(found):.2f} ms, p99 {p99:.2f} ms")
    for appear in (write, rename, move, copy, second_write_after_move):
        print(f"new projects by {appear.__name__}: {await marks(root, appear)} of {NEW}")
    notes, used, took = await install(root, root / names[0] / "03_staging/node_modules")
    print(f"20,000 files into one staging folder: {notes} notes, {used:.3f} s CPU, written in {took:.1f} s")
    plain = time.perf_counter()
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", INSTALL, str(place / "plain")], check=True)
    print(f"the same unwatched: {time.perf_counter() - plain:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--projects", type=int, default=1000)
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(measure(Path(place), parser.parse_args().projects))


if __name__ == "__main__":
    main()
