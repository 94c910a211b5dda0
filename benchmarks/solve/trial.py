"""One task through the real daemon, in a process of its own, and what came of it."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agents.verification.box import Sandbox
from agents.verification.tree import walk
from orchestrator.config import DEFAULT_PROVIDERS
from orchestrator.files import Folder
from orchestrator.iterations import files_of
from orchestrator.project import Project
from orchestrator.status import Standing, standing

from . import kept
from .hidden import Hidden, judge
from .rows import Outcome, Row
from .task import Task

REPOSITORY = Path(__file__).resolve().parents[2]
_STOPPED = ("waiting", "paused", "unreadable")


class NotFinished(Exception):
    """The project waits for something that is not the model's fault; it goes on with the next start."""


@dataclass(frozen=True)
class Configuration:
    """How the daemon is set up."""

    name: str
    settings: dict[str, Any]
    """A config.yaml as read."""
    without: tuple[str, ...] = ()
    """Levers that are taken out, see `levers.py`."""

    @classmethod
    def load(
        cls, path: Path | None, provider: str | None, iterations: int | None, without: tuple[str, ...] = ()
    ) -> Configuration:
        """Of a config.yaml (None: the defaults), with one provider for all agents where it is named."""
        settings = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path else {}
        settings.setdefault("providers", {name: dict(entry) for name, entry in DEFAULT_PROVIDERS.items()})
        if provider:
            settings["agent_providers"] = dict.fromkeys(("architect", "engineer", "verifier"), provider)
        if iterations:
            settings["max_iterations"] = iterations
        stem = path.stem if path else "defaults"
        name = f"{stem}/{provider}" if provider else stem
        return cls(" without ".join([name, *without]), settings, without)

    def with_seed(self, seed: int) -> str:
        """A config.yaml in which every provider answers repeatably."""
        providers = {name: {**entry, "seed": seed} for name, entry in self.settings["providers"].items()}
        return yaml.safe_dump({**self.settings, "providers": providers}, sort_keys=False)


@dataclass(frozen=True)
class Trial:
    """A task, a seed and a configuration; its folder outlives an interruption, and the daemon goes on from it."""

    task: Task
    seed: int
    configuration: Configuration
    out: Path

    @property
    def key(self) -> tuple[str, str, int]:
        return self.configuration.name, self.task.name, self.seed

    @property
    def folder(self) -> Path:
        configuration = re.sub(r"[/ ]", "-", self.configuration.name)
        return self.out / configuration / f"seed-{self.seed}" / self.task.name

    @property
    def root(self) -> Path:
        return self.folder / "projects" / self.task.name

    @property
    def _ledger(self) -> Path:
        return self.folder / "answers.jsonl"

    def run(self, timeout: float, sandbox: Sandbox) -> Row:
        """Raises NotFinished when nothing was decided."""
        self._prepare()
        seconds = self._daemon(timeout)
        standing_now = standing(self.root)
        if standing_now.status in _STOPPED:
            raise NotFinished(f"{self.task.name}: {standing_now.status}: {standing_now.error or standing_now.next}")
        last, right = asyncio.run(self._judged(standing_now.iteration or 0, sandbox))
        return self._row(standing_now, last, right, seconds)

    async def _judged(self, iterations: int, sandbox: Sandbox) -> tuple[Hidden, tuple[int, ...]]:
        """What the hidden tests say of the end, and the iterations whose program they accept."""
        with Folder.open(self.root) as folder:
            kept = {number: files_of(folder, number) for number in range(1, iterations + 1)}
        right = [n for n, files in kept.items() if files and (await judge(files, self.task, sandbox)).right]
        return await judge(final_files(self.root), self.task, sandbox), tuple(right)

    def _prepare(self) -> None:
        requirements = self.root / Project.REQUIREMENTS
        requirements.parent.mkdir(parents=True, exist_ok=True)
        if not requirements.exists():
            requirements.write_text(self.task.requirements, encoding="utf-8")
        (self.folder / "config.yaml").write_text(self.configuration.with_seed(self.seed), encoding="utf-8")

    def _daemon(self, timeout: float) -> float:
        """Run it until the project rests; seconds, with those of earlier, interrupted runs."""
        spent = self.folder / "seconds"
        before = float(spent.read_text()) if spent.exists() else 0.0
        levers = ",".join(self.configuration.without)
        daemon = [sys.executable, "-m", "benchmarks.solve.daemon", str(self.out / "replies"), str(self._ledger), levers]
        places = ["--config", str(self.folder / "config.yaml"), "--workspace", str(self.folder / "projects")]
        command = [*daemon, "run", "--until-idle", "--timeout", str(timeout), *places]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        started = time.monotonic()
        try:
            with (self.folder / "daemon.log").open("ab") as log:
                subprocess.run(
                    command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, env=environment,
                    check=False,
                )  # fmt: skip
        finally:
            spent.write_text(str(before + time.monotonic() - started))
        return float(spent.read_text())

    def _row(self, ended: Standing, hidden: Hidden, right: tuple[int, ...], seconds: float) -> Row:
        answers = kept.read(self._ledger)
        saved = sum(spent.seconds for spent in answers if spent.kept)
        return Row(
            configuration=self.configuration.name,
            task=self.task.name,
            size=self.task.size,
            language=self.task.language,
            seed=self.seed,
            outcome=outcome(ended.status, right=hidden.right),
            iterations=ended.iteration or 0,
            scores=tuple(score["score"] for score in ended.scores),
            right=right,
            passed=hidden.passed,
            failed=hidden.failed,
            tokens=ended.tokens or 0,
            calls=ended.calls or 0,
            minutes=(seconds + saved) / 60,
            model_minutes=sum(spent.seconds for spent in answers) / 60,
            error=ended.error or "",
        )


def outcome(status: str, *, right: bool) -> Outcome:
    """What the loop said of the program against what the hidden tests say."""
    if status == "completed":
        return Outcome.SOLVED if right else Outcome.FALSE_ACCEPT
    if right:
        return Outcome.MISSED
    return {"exhausted": Outcome.EXHAUSTED, "failed": Outcome.FAILED}.get(status, Outcome.TIMEOUT)


def final_files(root: Path) -> dict[str, bytes]:
    """What is in the newest zip; without one what lies in staging, where the best iteration is put back."""
    archives = sorted((root / Project.FINAL).glob("*.zip"), key=lambda path: path.stat().st_mtime_ns)
    if archives:
        with zipfile.ZipFile(archives[-1]) as archive:
            return _below_common_folder({name: archive.read(name) for name in archive.namelist() if name[-1] != "/"})
    staging = root / Project.STAGING
    return {path: (staging / path).read_bytes() for path, _ in walk(staging)} if staging.is_dir() else {}


def _below_common_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    tops = {path.partition("/")[0] for path in files if "/" in path}
    if len(tops) == 1 and all("/" in path for path in files):
        return {path.partition("/")[2]: content for path, content in files.items()}
    return files
