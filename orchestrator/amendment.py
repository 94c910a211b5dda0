"""What a trial changes in ACCEPTANCE.md: made durable before the report, and put into the file once that is written.

A check must not change before its verdict counts: a verification that was cut off is done again, and finds its calls in
the journal only while it is given the same. After a crash behind the report the next step of the project amends.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from .files import Folder
from .project import Project
from .records import record
from .triggers import content_of

PENDING = f"{Project.MEMORY}/amendment.json"
LARGEST = 64 << 20


class Amendment(BaseModel):
    """The outcome of the trials of one verification."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn: int
    """Of the verification."""
    tried: str
    """Hash of the ACCEPTANCE.md that was tried; one that a person edited since then stays."""
    acceptance: str
    """ACCEPTANCE.md, whole."""


def prepare(folder: Folder, amendment: Amendment) -> None:
    """Make it durable; one without any text takes back what a verification that was cut off has left."""
    if amendment.acceptance:
        folder.write(PENDING, amendment.model_dump_json() + "\n")
    else:
        folder.remove(PENDING)


def finish(folder: Folder, *, verifying: int | None = None) -> None:
    """Amend what was prepared, unless it belongs to the turn `verifying`, which is not over. May be repeated."""
    amendment = record(folder, PENDING, Amendment, limit=LARGEST)
    if amendment is None or amendment.turn == verifying:
        return
    if content_of(folder, Project.ACCEPTANCE) == amendment.tried:
        folder.write(Project.ACCEPTANCE, amendment.acceptance)
    folder.remove(PENDING)
