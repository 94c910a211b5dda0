"""Plays the recorded conversation through the real daemon, the real sandbox and real tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .config import Config, Watch
from .new_project import NewProjectError, create
from .recording import Recording, requirements
from .view import Level, View

FOLDER = "demo"
PROJECT = "recorded-roman"
SAID = "This is a recording: no model is asked. The daemon, the sandbox and the tests are real."
TIMEOUT = 300.0
"""Seconds; on a slow machine making the environment of the tests takes most of them."""


@dataclass(frozen=True)
class Played:
    """What is left for the person to look at."""

    root: Path
    completed: bool


def play(folder: Path, view: View, *, seconds: float = 0.8) -> Played:
    """Make a project in the new `folder` and work on it until it is done. `seconds` is the length of an answer.

    Raises NewProjectError and WorkspaceError.
    """
    from agents.architect import Architect
    from agents.engineer import Engineer
    from agents.verifier import Verifier

    from .daemon import Orchestrator

    workspace = folder / "projects"
    if workspace.exists() and any(workspace.iterdir()):
        raise NewProjectError(f"{workspace}: is there already, with something in it; name a new FOLDER, or none at all")
    config = Config(workspace=workspace, max_iterations=3, watch=Watch(debounce_seconds=0.1))
    view.say(SAID, level=Level.WARNING)
    create(workspace, PROJECT, requirements())
    daemon = Orchestrator(
        workspace,
        Architect(Recording.of("architect", seconds), acceptance="never"),
        Engineer(Recording.of("engineer", seconds)),
        Verifier(Recording.of("verifier", seconds), config.verification),
        config=config,
        view=view,
    )
    code = daemon.start(until_idle=True, timeout=TIMEOUT)
    return Played(workspace / PROJECT, code == 0)


def free_folder(beside: Path) -> Path:
    """`demo` in the folder `beside`, or the first of `demo-2`, `demo-3` ... that is not there yet."""
    number = 1
    while (folder := beside / (FOLDER if number == 1 else f"{FOLDER}-{number}")).exists():
        number += 1
    return folder
