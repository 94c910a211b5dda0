"""How long does verifying a hello-world project with 3 tests take, warm, against the same pytest without a sandbox?

Run: python benchmarks/verify.py [ROUNDS]. Rounds alternate, so that other load hits all rows alike; minima and medians.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agents.languages import Languages
from agents.languages.python_environment import Environments, python_in
from agents.verification.sandbox import choose
from agents.verification.settings import VerificationSettings
from agents.verification.verify import Subject, verify

PROJECT = {
    "hello.py": 'def hello(name="World"):\n    return f"Hello, {name}!"\n',
    "test_hello.py": "from hello import hello\n\n\n"
    'def test_default():\n    assert hello() == "Hello, World!"\n\n\n'
    'def test_name():\n    assert hello("Ada") == "Hello, Ada!"\n\n\n'
    'def test_empty():\n    assert hello("") == "Hello, !"\n',
}
TESTS_ONLY = VerificationSettings(vacuity=False, coverage=False, lint=False)
EVERYTHING = VerificationSettings()


async def main(rounds: int) -> None:
    sandbox = choose("auto")
    environment = (await Environments(EVERYTHING).get((), sandbox)).folder
    assert environment is not None
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in PROJECT.items():
            (root / path).write_text(text, encoding="utf-8")

        def bare() -> None:
            argv = [str(python_in(environment)), "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            subprocess.run(argv, cwd=root, check=True, capture_output=True)

        async def plain() -> None:
            await asyncio.to_thread(bare)

        def verified(settings: VerificationSettings) -> Callable[[], Awaitable[object]]:
            languages = Languages(settings)
            return lambda: verify(Subject(root), sandbox, settings, languages)

        rows: dict[str, Callable[[], Awaitable[object]]] = {
            "pytest, no sandbox": plain,
            f"verify in {sandbox.name}, tests only": verified(TESTS_ONLY),
            f"verify in {sandbox.name}, with coverage, lint and broken code": verified(EVERYTHING),
        }
        show(await measure(rows, rounds))


async def measure(rows: dict[str, Callable[[], Awaitable[object]]], rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for number in range(rounds + 1):
        for name, run in rows.items():
            started = time.perf_counter()
            await run()
            if number:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def show(seconds: dict[str, list[float]]) -> None:
    base = min(next(iter(seconds.values())))
    table = Table("what", "min s", "median s", "min, against the first")
    for name, values in seconds.items():
        table.add_row(name, f"{min(values):.3f}", f"{statistics.median(values):.3f}", f"{min(values) / base:.2f}x")
    Console().print(table)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
