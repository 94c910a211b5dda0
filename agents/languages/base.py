"""What a language must be able to do so that its projects can be verified.

Adding one is one module in this package, whose `LANGUAGE` implements the protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agents.verification.box import MIB, Job, Limits, Sandbox
from agents.verification.evidence import Coverage, Finding, Phase, SuiteRun
from agents.verification.settings import VerificationSettings
from agents.verification.tree import Tree


@dataclass(frozen=True)
class Bench:
    """One snapshot on the bench, and what it is examined with."""

    root: Path
    """The snapshot; nothing else writes to it."""
    tree: Tree
    sandbox: Sandbox
    settings: VerificationSettings

    def limits(self, wall: float) -> Limits:
        """The configured bounds for a run of at most `wall` seconds."""
        memory = self.settings.memory_mb * MIB
        return Limits(wall=wall, cpu=int(wall) + 1, memory=memory, data=memory, processes=self.settings.processes)


@dataclass(frozen=True)
class Prepared:
    """The outcome of the environment phase, and where the tools are."""

    phase: Phase
    environment: Path | None = None
    read_only: tuple[Path, ...] = ()
    advice: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suite:
    """The outcome of building and testing."""

    phases: tuple[Phase, ...]
    tested: SuiteRun
    coverage: Coverage | None = None
    unmeasured: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Linted:
    """The outcome of the linter; None when it could not be run, the phase says why."""

    phase: Phase
    findings: tuple[Finding, ...] | None


class Language(Protocol):
    """One language."""

    @property
    def name(self) -> str: ...

    def recognises(self, tree: Tree) -> bool:
        """Whether the project is written in it, by its marker files."""

    def is_test(self, path: str) -> bool:
        """Whether a source file belongs to the tests."""

    def is_code(self, path: str) -> bool:
        """Whether a file is source of this language."""

    async def prepare(self, bench: Bench) -> Prepared:
        """Find the tools and install what the project depends on.

        Raises SandboxUnavailable when that cannot be tried.
        """

    async def test(self, bench: Bench, prepared: Prepared) -> Suite:
        """Build the project and run its tests."""

    async def lint(self, bench: Bench, prepared: Prepared) -> Linted: ...

    def program(self, argv: tuple[str, ...], bench: Bench, prepared: Prepared) -> Job:
        """A job that starts the program as a user would; source, stdin and limits are filled in by the caller."""
