"""Commands by which a person steers a project: pause, stop, resume, rerun and restore."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import rich_click as click

from .invocation import AGENTS, common, fail, open_output, reading, say
from .program import program

if TYPE_CHECKING:
    from pathlib import Path

    from .status import Standing


@contextmanager
def _project(context: click.Context, options: dict[str, Any], name: str) -> Iterator[tuple[Path, Standing]]:
    """The workspace and how the project stands; trouble with its files ends the program with a sentence."""
    from .files import FileProblem
    from .rerun import SteeringError
    from .store import StateProblem

    with reading(context, options, name) as (config, standings):
        try:
            yield config.workspace, standings[0]
        except (FileProblem, StateProblem, SteeringError) as error:
            text = str(error)
            fail(text if text.startswith(name) else f"{name}: {text}")


@click.command()
@common
@click.argument("name")
@click.pass_context
def pause(context: click.RichContext, /, name: str, **options: Any) -> None:
    """Let project NAME finish its current call, then wait until `resume`."""
    from .steering import PAUSE

    _hold(context, options, name, PAUSE, "it waits after the call under way")


@click.command()
@common
@click.argument("name")
@click.pass_context
def stop(context: click.RichContext, /, name: str, **options: Any) -> None:
    """Cancel what project NAME does now; it waits until `resume`."""
    from .steering import STOP

    _hold(context, options, name, STOP, "what is under way is cancelled, and it waits")


def _hold(context: click.Context, options: dict[str, Any], name: str, word: str, follows: str) -> None:
    from .files import Folder
    from .machine import WORKING
    from .status import daemon

    with _project(context, options, name) as (workspace, standing), Folder.open(workspace / name) as folder:
        if folder.status(word) is None:
            folder.write(word, "")
        busy = standing.status in WORKING and daemon(workspace)["running"] is not False
    told = f"{follows}; it goes on with:" if busy else "nothing is under way, and nothing begins until:"
    say(open_output(), f"{name}: {told} {program()} resume {shlex.quote(name)}")


@click.command()
@common
@click.argument("name")
@click.pass_context
def resume(context: click.RichContext, /, name: str, **options: Any) -> None:
    """Let project NAME go on after `pause` or `stop`."""
    from .files import Folder
    from .status import daemon, standing
    from .steering import PAUSE, STOP

    with _project(context, options, name) as (workspace, _), Folder.open(workspace / name) as folder:
        removed = [word for word in (PAUSE, STOP) if folder.remove(word)]
        following = standing(workspace / name, running=daemon(workspace)["running"]).next
    told = "nothing holds it any more" if removed else "nothing held it"
    say(open_output(), f"{name}: {told}; {following}")


@click.command()
@common
@click.argument("name")
@click.argument("agent", metavar="[AGENT]", required=False, type=click.Choice(AGENTS))
@click.pass_context
def rerun(context: click.RichContext, /, name: str, agent: str | None, **options: Any) -> None:
    """Let an AGENT of project NAME run again on what stands now.

    AGENT is architect, engineer or verifier; without it, the one that worked last.
    """
    from .rerun import rerun

    with _project(context, options, name) as (workspace, _):
        told = rerun(workspace, name, agent)
        _say_held(workspace, name, told)


@click.command()
@common
@click.argument("name")
@click.argument("iteration", type=click.IntRange(min=1))
@click.pass_context
def restore(context: click.RichContext, /, name: str, iteration: int, **options: Any) -> None:
    """Put an ITERATION of project NAME back into 03_staging.

    It is verified once more. What you edited there is kept aside.
    """
    from datetime import datetime

    from agents.verification.text import count

    from .restore import restore

    with _project(context, options, name) as (workspace, _):
        done = restore(workspace, name, iteration, datetime.now().astimezone())
        changed = f"{count(len(done.written), 'file')} written, {len(done.removed)} removed"
        changed = changed if done.written or done.removed else "no file had to change"
        say(open_output(), f"{name}: 03_staging is iteration {iteration} again ({changed})")
        if done.aside:
            say(open_output(), f"your edits are in {workspace / name / done.aside}")
        _say_held(workspace, name, f"{'now' if done.running else 'when the daemon runs,'} the Verifier tests it")


def _say_held(workspace: Path, name: str, told: str) -> None:
    from .files import Folder
    from .steering import PAUSE, STOP

    with Folder.open(workspace / name) as folder:
        held = any(folder.status(word) is not None for word in (PAUSE, STOP))
    but = f"; but it is held, until: {program()} resume {shlex.quote(name)}" if held else ""
    say(open_output(), f"{name}: {told}{but}")


COMMANDS = (pause, stop, resume, rerun, restore)
