"""Runs projects in the sandbox: chosen at the first run, and so many at once as there are slots."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from agents.languages import Languages

from .box import Sandbox
from .evidence import Evidence
from .sandbox import choose
from .settings import VerificationSettings
from .tree import SnapshotRefused
from .verify import Subject, verify

_ONLY_TESTS = {"coverage": False, "lint": False, "vacuity": False}
_GLANCE = {"test_timeout": 30.0, "each_test_timeout": 5.0, "example_timeout": 5.0}
"""Longest times, in seconds."""


class Runner:
    """What Verifier and Engineer share.

    The sandbox is chosen by the settings when it is None; without `slots` any number runs at once.
    """

    def __init__(
        self,
        settings: VerificationSettings | None = None,
        sandbox: Sandbox | None = None,
        slots: asyncio.Semaphore | None = None,
    ) -> None:
        self._settings = settings or VerificationSettings()
        self._sandbox = sandbox
        self._slots = slots or nullcontext()
        self._languages = Languages(self._settings)

    async def evidence(self, subject: Subject) -> Evidence:
        """All that can be measured. Raises SandboxUnavailable and SnapshotRefused."""
        return await self._verified(subject, self._settings)

    async def tests(self, files: Mapping[str, str], plan: str = "") -> Evidence:
        """What tests and the plan's examples say of `files`, and no more than that. Raises as `evidence` does."""
        return await self._laid_out(files, plan, "", _ONLY_TESTS)

    async def glance(self, files: Mapping[str, str], plan: str = "", acceptance: str = "") -> Evidence:
        """What tests and examples say within seconds: one of several programs that goes on for ever shall not cost
        minutes. Raises as `evidence` does."""
        limits = {name: min(getattr(self._settings, name), most) for name, most in _GLANCE.items()}
        return await self._laid_out(files, plan, acceptance, {**_ONLY_TESTS, **limits})

    async def _laid_out(
        self, files: Mapping[str, str], plan: str, acceptance: str, settings: Mapping[str, object]
    ) -> Evidence:
        quick = self._settings.model_copy(update=settings)
        with tempfile.TemporaryDirectory(prefix="tumbler-tests-") as folder:
            try:
                await asyncio.to_thread(_lay_out, Path(folder), files)
            except OSError as problem:  # one of them is called as the folder of another
                raise SnapshotRefused(f"these files cannot lie in one folder: {problem}") from problem
            return await self._verified(Subject(Path(folder), plan, acceptance), quick)

    async def _verified(self, subject: Subject, settings: VerificationSettings) -> Evidence:
        if self._sandbox is None:
            self._sandbox = await asyncio.to_thread(choose, self._settings.sandbox)
        async with self._slots:
            return await verify(subject, self._sandbox, settings, self._languages)


def _lay_out(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
