"""What the daemon itself costs: a cycle against the floor, 50 projects at once, 1,000 idle ones, and Ctrl+C.

python -m benchmarks.cycle [overhead] [many] [idle] [stop]
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.llm import Answer, FakeLLM

REPOSITORY = Path(__file__).resolve().parents[1]


def status(root: Path) -> str:
    try:
        return str(json.loads((root / ".tumbler" / "state.json").read_text())["status"])
    except (FileNotFoundError, ValueError):
        return ""


def wait(holds: Callable[[], object], seconds: float = 120.0) -> float:
    """Poll each millisecond; the time at which it held."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.001)
    return time.monotonic()


def watched(pid: int) -> int:
    """How many inotify watches the process has."""
    total = 0
    for path in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            total += path.read_text().count("inotify wd")
        except OSError:
            continue
    return total


@contextmanager
def started(module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon in a process of its own, watching."""
    argv = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    process = subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: watched(process.pid), 30)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def drop(workspace: Path, name: str) -> float:
    path = workspace / name / "01_input" / "requirements.txt"
    path.parent.mkdir(parents=True)
    path.write_text("print hello\n")
    return time.monotonic()


def cycles(module: str, url: str, count: int) -> list[float]:
    """Seconds from drop to completed, one project after the other; the first (cold) one is left out."""
    seconds = []
    with tempfile.TemporaryDirectory(dir=REPOSITORY) as folder, started(module, folder, url):
        for number in range(count + 1):
            begin = drop(Path(folder), f"p{number}")
            root = Path(folder) / f"p{number}"
            seconds.append(wait(lambda root=root: status(root) == "completed") - begin)  # type: ignore[misc]
    return seconds[1:]


def overhead() -> None:
    """Debounce 0, a server that answers at once, agents that take no time: what is left is the daemon."""
    print("Overhead of a cycle, milliseconds (debounce, model and tests take none)")
    with FakeLLM("ok") as llm:
        results: dict[str, list[float]] = {"floor": [], "daemon": []}
        for _ in range(3):
            results["floor"] += cycles("floor", llm.url, 10)
            results["daemon"] += cycles("scripted", llm.url, 10)
    for name, seconds in results.items():
        print(f"  {name:8} min {1000 * min(seconds):6.1f}  median {1000 * statistics.median(seconds):6.1f}")
    ratio = statistics.median(results["daemon"]) / statistics.median(results["floor"])
    print(f"  ratio of the medians: {ratio:.2f} (goal: at most 3)")


def many() -> None:
    """50 projects dropped at once, a model that takes a second, 16 allowed at once: ideal is 150 / 16 rounds."""
    print("50 projects at once, 1 s per call, 16 at once")
    with (
        FakeLLM(Answer("ok", delay=1.0)) as llm,
        tempfile.TemporaryDirectory(dir=REPOSITORY) as folder,
        started("scripted", folder, llm.url, "0.1", "16"),
    ):
        begin = time.monotonic()
        for n in range(50):
            drop(Path(folder), f"p{n:02}")
        ends: list[float] = []
        left = {f"p{n:02}" for n in range(50)}
        while left:
            done = {name for name in left if status(Path(folder) / name) == "completed"}
            ends += [time.monotonic() - begin] * len(done)
            left -= done
            time.sleep(0.05)
    ideal = 150 / 16
    print(
        f"  first {ends[0]:.2f} s, last {ends[-1]:.2f} s, ideal {ideal:.2f} s, ratio {ends[-1] / ideal:.2f} (goal: 1.3)"
    )


def idle() -> None:
    """1,000 projects that are completed: start, memory and processor time of doing nothing."""
    print("1,000 completed projects")
    with FakeLLM("ok") as llm, tempfile.TemporaryDirectory(dir=REPOSITORY) as folder:
        with started("scripted", folder, llm.url, "0.1", "64"):
            for n in range(1000):
                drop(Path(folder), f"p{n:04}")
            wait(lambda: all(status(Path(folder) / f"p{n:04}") == "completed" for n in range(1000)), 600)
        begin = time.monotonic()
        with started("scripted", folder, llm.url, "0.1", "64") as process:
            print(
                f"  start to watching: {time.monotonic() - begin:.2f} s (goal: under 1), {watched(process.pid)} watches"
            )
            time.sleep(20)
            before, at = cpu_seconds(process.pid), time.monotonic()
            time.sleep(65)
            used = (cpu_seconds(process.pid) - before) / (time.monotonic() - at)
            print(
                f"  idle: {100 * used:.2f} % of a core (goal: under 1), {rss_mb(process.pid):.0f} MB (goal: under 120)"
            )


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def stop() -> None:
    """Ctrl+C with 8 model calls in flight that say nothing."""
    print("Ctrl+C with 8 silent calls in flight")
    with FakeLLM(Answer("ok", delay=600)) as llm, tempfile.TemporaryDirectory(dir=REPOSITORY) as folder:
        with started("scripted", folder, llm.url, "0", "8") as process:
            for n in range(8):
                drop(Path(folder), f"p{n}")
            wait(lambda: len(llm.requests) == 8)
            begin = time.monotonic()
            process.send_signal(signal.SIGINT)
            code = process.wait(10)
            print(f"  ended after {time.monotonic() - begin:.3f} s with exit code {code} (goal: under 0.5 s)")
        llm.reply = "ok"
        with started("scripted", folder, llm.url, "0", "8"):
            wait(lambda: all(status(Path(folder) / f"p{n}") == "completed" for n in range(8)))
            print("  all 8 went on after the next start")


def main() -> None:
    questions = {"overhead": overhead, "many": many, "stop": stop, "idle": idle}
    for name in sys.argv[1:] or list(questions):
        questions[name]()


if __name__ == "__main__":
    main()
