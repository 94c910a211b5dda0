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
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.cycle import REPOSITORY, rss_mb, wait, watched
from benchmarks.soak_checks import Watchdog, at_the_end, state
from benchmarks.soak_person import MANIFEST, PLAN, REQUIREMENTS, Person, replace, touch, write
from tests.fakes.llm import Answer, Asked, FakeLLM

LONG = "All work and no play makes for a long answer, number by number. " * 4
FAULTS = {
    "500": Answer(status=500, body={"error": "engine died"}),
    "503": Answer(status=503, body={"error": "busy"}),
    "429": Answer(status=429, body={"error": "slow down"}, headers={"Retry-After": "0.5"}),
    "reset": Answer(LONG, cut_after=60),
    "close": Answer(LONG, cut_after=60, cut="fin"),
    "stall": Answer(LONG, stall_after=60),
    "silence": Answer(LONG, stall_after=0),
    "no finish reason": Answer(LONG, finish=None),
    "page": Answer(body="<html><p>Bad gateway"),
    "garbage": Answer(LONG, garbage='{"choi'),
    "blank": Answer(""),
    "thinking": Answer("", reasoning="Hmm. ", finish="length"),
    "repetition": Answer("again and " * 400, piece=100),
    "error in the stream": Answer(LONG, error_after=60),
    "drip": Answer(LONG, pause=0.05),
    "slow": Answer("fine", delay=0.4),
}
GROWTH_MB = 15.0
"""What a life of the daemon may gain between its first quarter minute and its end."""
AT_REST = ("completed", "exhausted")
PATIENCE = 240.0
"""Seconds for all projects to end once there is peace."""


class Daemon:
    """Its process, started as often as it is killed."""

    def __init__(self, workspace: Path, url: str, *more: str) -> None:
        self._argv = [sys.executable, "-m", "benchmarks.soak_daemon", str(workspace), url, *more]
        self._log = workspace.with_name("daemon.log")
        self.starts = 0
        self.slowest_start = 0.0
        self.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Until it watches; a daemon that ends instead raises RuntimeError."""
        began = time.monotonic()
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(self._argv, cwd=REPOSITORY, stdout=log, stderr=log)
        wait(lambda: self._alive() and watched(self.pid), 60)
        self.starts += 1
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> float:
        """Seconds that it took after SIGTERM."""
        began = time.monotonic()
        self._process.terminate()
        self._process.wait(30)
        return time.monotonic() - began

    def _alive(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"the daemon ended with {self._process.returncode}:\n{self.said()[-3000:]}")
        return True

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))


class Chaos:
    """What the model server does; `peace` makes it serve everybody."""

    def __init__(self, dice: random.Random) -> None:
        self.peace = False
        self.did: Counter[str] = Counter()
        self._dice = dice

    def __call__(self, _: Asked) -> Answer:
        if self.peace or self._dice.random() < 0.6:
            return Answer("fine")
        name = self._dice.choice(sorted(FAULTS))
        self.did[name] += 1
        return FAULTS[name]


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
            grown = measured(person, daemon, until=end)
            chaos.peace = True
            print(f"chaos: {', '.join(f'{count} {what}' for what, count in chaos.did.most_common())}")
            print(f"person: {', '.join(f'{count} {what}' for what, count in person.did.most_common())}")
            print(f"daemon: {kills} kills, slowest start {daemon.slowest_start:.1f} s, {len(llm.requests)} requests")
            wrong += peace(person)
            print(grown(), flush=True)
            wrong += [] if "OVER" not in grown() else [grown()]
            took = daemon.stop()
            print(f"SIGTERM: ended after {took:.2f} s")
            wrong += [] if took < 10 else [f"I12: SIGTERM took {took:.1f} s"]
        finally:
            daemon.kill()
        said = daemon.said()
    wrong += [*watchdog.at_any_moment(), *at_the_end(person), *left_processes(workspace)]
    defects = [line for line in said.splitlines() if "internal error" in line or "Traceback" in line]
    return [*wrong, *(f"the log says: {line}" for line in defects[:5])]


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


def measured(person: Person, daemon: Daemon, *, until: float) -> Callable[[], str]:
    """One long life among chaos; a function that tells at the end what it gained."""
    total = max(1.0, until - time.monotonic())
    warm: tuple[float, int] | None = None
    begin = time.monotonic()
    while time.monotonic() < until:
        person.act()
        time.sleep(person.dice.uniform(0.0, 0.15))
        if warm is None and time.monotonic() > begin + min(15.0, total / 2):
            warm = rss_mb(daemon.pid), daemon.descriptors()
    first, descriptors = warm or (rss_mb(daemon.pid), daemon.descriptors())
    last = rss_mb(daemon.pid)

    def told() -> str:
        over = last - first > GROWTH_MB or daemon.descriptors() > descriptors + 8
        return (
            f"{'OVER: ' if over else ''}memory {first:.1f} MB, after {total:.0f} s of chaos {last:.1f} MB, at rest "
            f"{rss_mb(daemon.pid):.1f} MB; descriptors {descriptors}, at rest {daemon.descriptors()}; "
            f"{daemon.threads()} threads"
        )

    return told


def peace(person: Person) -> list[str]:
    """Every project ends; one that failed needs a touch. What did not end."""
    began, touched = time.monotonic(), Counter[str]()
    while time.monotonic() < began + PATIENCE:
        states = {name: state(person.workspace / name) for name in person.wanted}
        open_ = {name: now for name, now in states.items() if now.get("status") not in AT_REST}
        if not open_:
            time.sleep(2.5)  # longer than debounce and rescan: nothing may begin again
            if all(state(person.workspace / name).get("status") in AT_REST for name in person.wanted):
                ends = Counter(str(now["status"]) for now in states.values())
                print(f"peace: {dict(ends)} after {time.monotonic() - began:.1f} s, {touched.total()} needed a touch")
                return []
        for name, now in open_.items():
            if now.get("status") == "failed" and touched[name] < 3:
                touched[name] += 1
                touch(_trigger(person.workspace / name, now))
        time.sleep(1.0)
    return [f"{name} did not end: {now.get('status')}: {now.get('error')}" for name, now in open_.items()]


def _trigger(root: Path, now: dict[str, object]) -> Path:
    """What the failed phase works from."""
    by_phase = {"engineering": PLAN, "verifying": MANIFEST}
    path = root / by_phase.get(str(now.get("current_phase")), REQUIREMENTS)
    return path if path.exists() else root / REQUIREMENTS


def left_processes(workspace: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(workspace).encode() in path.read_bytes() and path.parent.name != str(os.getpid()):
                found.append(f"process {path.parent.name} is left")
        except OSError:
            continue
    return found


# --- nothing is missed


def changes(workspace: Path, count: int, seed: int) -> list[str]:
    """Change each of 100 projects once a round while the daemon works on the others; each change must begin a turn."""
    dice, wrong, seconds = random.Random(seed), list[str](), list[float]()
    names = [f"p{number:02}" for number in range(min(100, count))]
    person = Person(workspace, dice)
    with FakeLLM("fine") as llm:
        daemon = Daemon(workspace, llm.url, "easy")
        stop = threading.Event()
        noise = threading.Thread(target=scribble, args=(workspace, stop, seed))
        try:
            for name in names:
                person.drop(name)
            wait(lambda: all(state(workspace / name).get("status") in AT_REST for name in names), PATIENCE)
            noise.start()
            for _ in range(count // len(names)):
                turns = {name: state(workspace / name)["turn"] for name in names}
                began = time.monotonic()
                for name in dice.sample(names, len(names)):
                    change(workspace / name, dice)
                    time.sleep(dice.uniform(0.0, 0.01))
                wrong += [f"a change of {name} was missed" for name in missed(workspace, turns)]
                seconds.append(time.monotonic() - began)
        finally:
            stop.set()
            daemon.kill()
    print(f"{count} touches, edits and renames under load: {len(wrong)} missed; {max(seconds):.1f} s the slowest round")
    return wrong


def change(root: Path, dice: random.Random) -> None:
    path = root / dice.choice((REQUIREMENTS, PLAN, MANIFEST))
    text = path.read_text(encoding="utf-8")
    how: list[Callable[[], None]] = [lambda: touch(path), lambda: replace(path, text)]
    if path.suffix != ".json":
        how += [lambda: write(path, f"{text}more\n"), lambda: replace(path, f"{text}more\n")]
    dice.choice(how)()


def missed(workspace: Path, turns: dict[str, int]) -> list[str]:
    """Projects that are at rest without having begun a new turn; given a while."""

    def still() -> list[str]:
        now = {name: state(workspace / name) for name in turns}
        return [n for n, s in now.items() if s["turn"] <= turns[n] or s["status"] not in AT_REST]

    end = time.monotonic() + 60
    while still() and time.monotonic() < end:
        time.sleep(0.1)
    return still()


def scribble(workspace: Path, stop: threading.Event, seed: int) -> None:
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
