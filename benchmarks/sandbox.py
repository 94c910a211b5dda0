"""What does each kind of sandbox add to a command that does nothing, and to starting Python?

    python benchmarks/sandbox.py [RUNS]

All kinds take turns within one run, so that other load on the machine meets them alike.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agents.verification.box import Job, Sandbox
from agents.verification.sandbox import prefixes, probe_all

PYTHON = Path(sys.executable)
COMMANDS = {"true": ("/usr/bin/true",), "python -I": (str(PYTHON), "-I", "-c", "pass")}


async def bare(argv: tuple[str, ...]) -> None:
    process = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    await process.communicate()


async def measured(runs: int, kinds: dict[str, Sandbox]) -> dict[tuple[str, str], list[float]]:
    """Seconds of each run by (command, kind)."""
    seconds: dict[tuple[str, str], list[float]] = {}
    places = {"environment": Path(sys.prefix), "read_only": prefixes(PYTHON)}
    for _ in range(runs):
        for command, argv in COMMANDS.items():
            for kind in ("bare", *kinds):
                started = time.perf_counter()
                await (kinds[kind].run(Job(argv, **places)) if kind in kinds else bare(argv))  # type: ignore[arg-type]
                seconds.setdefault((command, kind), []).append(time.perf_counter() - started)
    return seconds


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    kinds = {result.name: result.sandbox for result in probe_all() if result.sandbox}
    seconds = asyncio.run(measured(runs, kinds))
    print(f"{runs} runs each; milliseconds\n{'command':<12}{'sandbox':<12}{'min':>8}{'median':>8}{'min over bare':>16}")
    for (command, kind), values in seconds.items():
        best, least = min(values), min(seconds[command, "bare"])
        row = f"{best * 1e3:8.1f}{statistics.median(values) * 1e3:8.1f}{(best - least) * 1e3:+16.1f}"
        print(f"{command:<12}{kind:<12}{row}")


if __name__ == "__main__":
    main()
