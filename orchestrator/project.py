"""Where a project's files are, and which of them start work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Trigger(StrEnum):
    """A file whose arrival starts a phase; members stand in pipeline order."""

    REQUIREMENTS = "requirements"
    PLAN = "plan"
    MANIFEST = "manifest"
    REPORT = "report"


@dataclass(frozen=True)
class Project:
    """One folder under the workspace; knows paths, does no work."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.name

    REQUIREMENTS = "01_input/requirements.txt"
    PLAN = "02_plan/PLAN.md"
    ACCEPTANCE = "02_plan/ACCEPTANCE.md"
    ACCEPTANCE_BEFORE = "02_plan/ACCEPTANCE.before.md"
    """The checks of the plan before, which a person may have edited; those of earlier ones are in .tumbler/edited."""
    STAGING = "03_staging"
    MANIFEST = "03_staging/.manifest.json"
    FEEDBACK = "04_feedback"
    DIAGNOSIS = "04_feedback/DIAGNOSIS.md"
    FINAL = "05_final"
    MEMORY = ".tumbler"
    STATE = ".tumbler/state.json"
    USAGE = ".tumbler/usage.json"
    JOURNAL = ".tumbler/journal"
    ITERATIONS = ".tumbler/iterations"
    LOGS = ".tumbler/logs"
    OVERRIDES = "tumbler.yaml"
    NOTES = "NOTES.md"

    @staticmethod
    def report(iteration: int) -> str:
        """Path of the report of `iteration`, counted from 1."""
        return f"04_feedback/REPORT_iter{iteration}.md"

    @staticmethod
    def file(trigger: Trigger, iteration: int) -> str:
        """The file that is `trigger`, relative to the root; only the report's name depends on the iteration."""
        return {
            Trigger.REQUIREMENTS: Project.REQUIREMENTS,
            Trigger.PLAN: Project.PLAN,
            Trigger.MANIFEST: Project.MANIFEST,
            Trigger.REPORT: Project.report(max(1, iteration)),
        }[trigger]
