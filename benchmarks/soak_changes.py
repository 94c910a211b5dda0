"""Is any of many changes missed while the daemon is busy?"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.cycle import wait
from benchmarks.soak_checks import AT_REST, PATIENCE, state
from benchmarks.soak_person import MANIFEST, PLAN, REQUIREMENTS, Person, replace, touch, write
from benchmarks.soak_process import Daemon
from tests.fakes.llm import FakeLLM


def changes(workspace: Path, count: int, seed: int) -> list[str]:
    """Change each of 100 projects once a round while the daemon works on the others; each change must begin a turn."""
    dice, wrong, seconds = random.Random(seed), list[str](), list[float]()
    names = [f"p{number:02}" for number in range(min(100, count))]
    person = Person(workspace, dice)
    with FakeLLM("fine") as llm:
        daemon = Daemon(workspace, llm.url, "easy")
        stop = threading.Event()
        noise = threading.Thread(target=_scribble, args=(workspace, stop, seed))
        try:
            for name in names:
                person.drop(name)
            wait(lambda: all(state(workspace / name).get("status") in AT_REST for name in names), PATIENCE)
            noise.start()
            for _ in range(count // len(names)):
                turns = {name: state(workspace / name)["turn"] for name in names}
                began = time.monotonic()
                for name in dice.sample(names, len(names)):
                    _change(workspace / name, dice)
                    time.sleep(dice.uniform(0.0, 0.01))
                wrong += [f"a change of {name} was missed" for name in _missed(workspace, turns)]
                seconds.append(time.monotonic() - began)
        finally:
            stop.set()
            daemon.kill()
    print(f"{count} touches, edits and renames under load: {len(wrong)} missed; {max(seconds):.1f} s the slowest round")
    return wrong


def _change(root: Path, dice: random.Random) -> None:
    path = root / dice.choice((REQUIREMENTS, PLAN, MANIFEST))
    text = path.read_text(encoding="utf-8")
    how: list[Callable[[], None]] = [lambda: touch(path), lambda: replace(path, text)]
    if path.suffix != ".json":
        how += [lambda: write(path, f"{text}more\n"), lambda: replace(path, f"{text}more\n")]
    dice.choice(how)()


def _missed(workspace: Path, turns: dict[str, int]) -> list[str]:
    """Projects that are at rest without having begun a new turn; given a while."""

    def still() -> list[str]:
        now = {name: state(workspace / name) for name in turns}
        return [n for n, s in now.items() if s["turn"] <= turns[n] or s["status"] not in AT_REST]

    end = time.monotonic() + 60
    while still() and time.monotonic() < end:
        time.sleep(0.1)
    return still()


def _scribble(workspace: Path, stop: threading.Event, seed: int) -> None:
    """Load for the watcher: files that are no triggers come and go in staging folders and elsewhere."""
    dice = random.Random(seed + 2)
    while not stop.is_set():
        place = workspace / f"p{dice.randrange(100):02}" / dice.choice(("03_staging/build", "02_plan", "01_input"))
        if place.parent.exists():
            place.mkdir(exist_ok=True)
            for number in range(20):
                (place / f"noise{number}").write_text("x", encoding="utf-8")
                (place / f"noise{number}").unlink()
        time.sleep(0.002)
