"""Minutes of chaos, then peace: does every project end, is nothing lost, nothing left, and does memory stay?

python -m benchmarks.soak [--minutes 10] [--projects 30] [--seed 1] [--keep]    chaos
python -m benchmarks.soak --changes 1000                                        touches, edits and renames under load

The model server fails in all its ways, a person edits, touches, renames, deletes; for the first two thirds the daemon
is killed every few seconds. Exits with 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.soak_changes import changes
from benchmarks.soak_checks import AT_REST, PATIENCE, Watchdog, at_the_end, state
from benchmarks.soak_life import Life
from benchmarks.soak_person import MANIFEST, PLAN, REQUIREMENTS, Person, touch
from benchmarks.soak_process import Daemon
from benchmarks.soak_server import Chaos
from tests.fakes.llm import FakeLLM


def soak(workspace: Path, *, minutes: float, projects: int, seed: int) -> list[str]:
    """The chaos, then the peace; what was wrong."""
    person, chaos = Person(workspace, random.Random(seed)), Chaos(random.Random(seed + 1))
    watchdog, wrong = Watchdog(person), list[str]()
    with FakeLLM(chaos) as llm:
        daemon = Daemon(workspace, llm.url)
        try:
            for number in range(projects):
                person.drop(f"p{number:02}")
            end = time.monotonic() + minutes * 60
            kills = torment(person, daemon, watchdog, wrong, until=end - minutes * 20)
            life = Life(daemon)
            life.go_on(person, until=end)
            chaos.peace = True
            print(f"chaos: {', '.join(f'{count} {what}' for what, count in chaos.did.most_common())}")
            print(f"person: {', '.join(f'{count} {what}' for what, count in person.did.most_common())}")
            print(f"daemon: {kills} kills, slowest start {daemon.slowest_start:.1f} s, {len(llm.requests)} requests")
            wrong += [*peace(person), *ended(daemon, life)]
        finally:
            daemon.kill()
        said = daemon.said()
    wrong += [*watchdog.at_any_moment(), *at_the_end(person), *left_processes(workspace)]
    defects = [line for line in said.splitlines() if "internal error" in line or "Traceback" in line]
    return [*wrong, *(f"the log says: {line}" for line in defects[:5])]


def ended(daemon: Daemon, life: Life) -> Iterator[str]:
    """Look at what its life cost, and end it; what was wrong with either."""
    print(life.told(), flush=True)
    if life.grew():
        yield f"it grew: {life.told()}"
    took = daemon.stop()
    print(f"SIGTERM: ended after {took:.2f} s")
    if took >= 10:
        yield f"I12: SIGTERM took {took:.1f} s"


def torment(person: Person, daemon: Daemon, watchdog: Watchdog, wrong: list[str], *, until: float) -> int:
    """The person and the killer at work; how often the daemon was killed."""
    kills = 0
    while time.monotonic() < until:
        doom = time.monotonic() + person.dice.uniform(0.5, 8.0)
        while time.monotonic() < doom:
            person.act()
            time.sleep(person.dice.uniform(0.0, 0.15))
        daemon.kill()
        kills += 1
        wrong += [f"{found} (after kill {kills})" for found in watchdog.at_any_moment()]
        for _ in range(person.dice.randrange(4)):
            person.act()
        daemon.start()
    return kills


def peace(person: Person) -> list[str]:
    """Every project ends; one that failed needs a touch. What did not end."""
    began, touched = time.monotonic(), Counter[str]()
    while time.monotonic() < began + PATIENCE:
        open_ = at_work(person)
        if not open_:
            time.sleep(2.5)  # longer than debounce and rescan: nothing may begin again
            if not at_work(person):
                ends = Counter(str(state(person.workspace / name)["status"]) for name in person.wanted)
                print(f"peace: {dict(ends)} after {time.monotonic() - began:.1f} s, {touched.total()} needed a touch")
                return []
        for name, now in open_.items():
            if now.get("status") == "failed" and touched[name] < 3:
                touched[name] += 1
                touch(_trigger(person.workspace / name, now))
        time.sleep(1.0)
    return [f"{name} did not end: {now.get('status')}: {now.get('error')}" for name, now in at_work(person).items()]


def at_work(person: Person) -> dict[str, dict[str, Any]]:
    """Name -> state of each project that has not ended."""
    states = {name: state(person.workspace / name) for name in person.wanted}
    return {name: now for name, now in states.items() if now.get("status") not in AT_REST}


def _trigger(root: Path, now: dict[str, object]) -> Path:
    """What the failed phase works from."""
    by_phase = {"engineering": PLAN, "verifying": MANIFEST}
    path = root / by_phase.get(str(now.get("current_phase")), REQUIREMENTS)
    return path if path.exists() else root / REQUIREMENTS


def left_processes(workspace: Path) -> list[str]:
    """Any but ours whose command line names the workspace."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(workspace).encode() in path.read_bytes() and path.parent.name != str(os.getpid()):
                found.append(f"process {path.parent.name} is left")
        except OSError:
            continue
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--projects", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", type=int, help="instead: so many changes of 100 projects, counted")
    parser.add_argument("--keep", action="store_true", help="leave the workspace for a look when something was wrong")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="soak-"))
    workspace = place / "projects"
    workspace.mkdir()
    if options.changes:
        wrong = changes(workspace, options.changes, options.seed)
    else:
        wrong = soak(workspace, minutes=options.minutes, projects=options.projects, seed=options.seed)
    for line in wrong[:40]:
        print(f"WRONG: {line}")
    print(f"{len(wrong)} violations" + (f"; the workspace is {workspace}" if wrong and options.keep else ""))
    if not (wrong and options.keep):
        shutil.rmtree(place)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
