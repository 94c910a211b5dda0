"""What a person says by files at a project's root: PAUSE (after this call) and STOP (now); removing them goes on."""

from __future__ import annotations

import shlex

from .events import Halted
from .files import FileProblem, Folder
from .program import program
from .state import State, Status

PAUSE = "PAUSE"
STOP = "STOP"


class Held(Exception):
    """The person wants no further model call."""


def told(folder: Folder) -> str | None:
    """`STOP` or `PAUSE` when the project's root holds it; the content does not matter."""
    try:
        return next((word for word in (STOP, PAUSE) if folder.status(word) is not None), None)
    except FileProblem:
        return None


def halted(word: str, project: str) -> Halted:
    resume = f"{program()} resume {shlex.quote(project)}"
    return Halted(_reason(word), f"it goes on with: {resume}, or remove the file")


def halted_by(state: State) -> str | None:
    """The word that made the project wait, also when its file is gone by now; None for another reason."""
    return next(
        (word for word in (STOP, PAUSE) if state.status is Status.PAUSED and state.error == _reason(word)), None
    )


def _reason(word: str) -> str:
    return f"you put {word} into the project's folder"


def require_leave(folder: Folder) -> None:
    """Raises Held when no further model call is wanted."""
    word = told(folder)
    if word is not None:
        raise Held(word)
