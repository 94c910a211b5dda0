"""Looks at everything a run needs, without changing any of it, and says what mends what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from .config import Config
from .config_error import ConfigError
from .config_file import find, load
from .program import program

Note = Callable[[str], None]
"""Hears what is being looked at, for a person who waits."""


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARNING = "warning"
    """Work goes on without it, or less well."""
    FAILED = "failed"
    """Nothing can be completed before this is mended."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    text: str
    mend: str = ""
    """The command or the edit that mends it; empty when all is well, or when `text` says it."""


@dataclass(frozen=True)
class Checkup:
    """All checks of one visit."""

    checks: tuple[Check, ...]
    workspace: Path | None = None

    @property
    def healthy(self) -> bool:
        return all(check.verdict is not Verdict.FAILED for check in self.checks)

    @property
    def summary(self) -> str:
        """One sentence."""
        failed = [check.subject for check in self.checks if check.verdict is Verdict.FAILED]
        warned = sum(check.verdict is Verdict.WARNING for check in self.checks)
        if failed:
            return f"Not ready; to be mended first: {', '.join(failed)}."
        return f"Ready to work, with {warned} warning{'s' * (warned != 1)}." if warned else "Ready to work."

    @property
    def next(self) -> str:
        """What to type or do now."""
        first = next((check for check in self.checks if check.verdict is Verdict.FAILED), None)
        if first is None:
            return f"{program()} run"
        return first.mend or f"mend {first.subject}, then: {program()} doctor"

    def document(self) -> dict[str, Any]:
        """`doctor --json`, schema_version 1."""
        return {
            "schema_version": 1,
            "healthy": self.healthy,
            "summary": self.summary,
            "next": self.next,
            "checks": [{**asdict(check), "verdict": check.verdict.value} for check in self.checks],
        }


async def examine(
    explicit: Path | None,
    folders: tuple[Path, ...],
    *,
    workspace: Path | None = None,
    call: bool = True,
    note: Note = lambda _: None,
) -> Checkup:
    """Check the settings (`explicit`, or found as at every start), the machine, and each provider."""
    from .doctor_machine import machine_checks
    from .doctor_providers import provider_checks

    config, checked = _settings(explicit, folders)
    if workspace is not None:
        config = config.model_copy(update={"workspace": workspace.expanduser().absolute()})
    checks = [checked, *machine_checks(config, note)]
    if checked.verdict is Verdict.OK:
        checks += await provider_checks(config, call=call, note=note)
    return Checkup(tuple(checks), config.workspace)


def _settings(explicit: Path | None, folders: tuple[Path, ...]) -> tuple[Config, Check]:
    """The settings, or the defaults when they cannot be used, so that the machine is looked at all the same."""
    source = find(explicit, *folders)
    try:
        config = load(source)
    except ConfigError as error:
        return load(None), Check("settings", Verdict.FAILED, str(error), f"correct that line, then: {program()} doctor")
    said = str(source) if source else "the defaults; there is no config.yaml in this directory"
    return config, Check("settings", Verdict.OK, said)


def demoted(check: Check) -> Check:
    """The same, when what failed is not needed."""
    return replace(check, verdict=Verdict.WARNING) if check.verdict is Verdict.FAILED else check
