"""Commands that show what happens and what happened: watch, diff and logs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from .invocation import AGENTS, common, fail, open_output, reading, say
from .program import program

if TYPE_CHECKING:
    from rich.console import Console

    from .files import Folder
    from .journal import Entry


@click.command()
@common
@click.argument("name")
@click.argument("old", metavar="[A]", required=False, type=click.IntRange(min=0))
@click.argument("new", metavar="[B]", required=False, type=click.IntRange(min=1))
@click.pass_context
def diff(context: click.RichContext, /, name: str, old: int | None, new: int | None, **options: Any) -> None:
    """Show what changed from iteration A to iteration B of project NAME.

    Without B: from A to what is in 03_staging now. Without both: what the last iteration changed. 0 is the empty start.
    """
    from .difference import unified
    from .files import FileProblem, Folder

    with reading(context, options, name) as (config, standings):
        iterations = [int(score["iteration"]) for score in standings[0].scores]
    if old is None:
        new = max(iterations, default=None)
        old = max((each for each in iterations if new is not None and each < new), default=0)
    try:
        with Folder.open(config.workspace / name) as folder:
            before, after = _files(folder, name, old), _files(folder, name, new)
    except FileProblem as problem:
        fail(f"{name}: {problem}")
    rows = list(unified(before, after, _side(old), _side(new)))
    if rows:
        _print_diff(open_output(), rows)
    elif not before and not after:
        click.echo(f"{name}: there is no code yet.", err=True)
    else:
        click.echo(f"{name}: {_side(old)} and {_side(new)} are the same.", err=True)


def _side(iteration: int | None) -> str:
    return "03_staging" if iteration is None else f"iter{iteration}"


def _files(folder: Folder, name: str, iteration: int | None) -> dict[str, bytes]:
    from .archive import staged_files
    from .iterations import files_of
    from .project import Project

    if iteration is None:
        paths = staged_files(folder)
        return {path: folder.read(f"{Project.STAGING}/{path}") or b"" for path in paths}
    kept = {} if iteration == 0 else files_of(folder, iteration)
    if kept is None:
        those = f"{program()} report {shlex.quote(name)}"
        fail(f"{name}: iteration {iteration} was not kept; see which there are with: {those}")
    return kept


_ROW_STYLES = {"+++": "bold", "---": "bold", "@@": "cyan", "+": "green", "-": "red"}


def _print_diff(console: Console, rows: list[str]) -> None:
    """Coloured and cleaned on a terminal; elsewhere byte for byte, so that `patch` can read it."""
    from rich.text import Text

    from agents.verification.text import clean

    if not console.is_terminal:
        console.file.write("".join(f"{row}\n" for row in rows))
        return
    for row in rows:
        style = next((style for mark, style in _ROW_STYLES.items() if row.startswith(mark)), "")
        console.print(Text(clean(row, 4000), style=style), soft_wrap=True)


@click.command()
@common
@click.option(
    "--agent", type=click.Choice(AGENTS), metavar="AGENT", help="Only calls of the architect, engineer or verifier."
)
@click.option("--follow", "-f", is_flag=True, help="Go on with new calls until Ctrl+C.")
@click.option("--text", "-t", is_flag=True, help="With the prompts and the replies.")
@click.argument("name")
@click.argument("call", required=False, type=click.IntRange(min=1))
@click.pass_context
def logs(
    context: click.RichContext,
    /,
    name: str,
    call: int | None,
    agent: str | None,
    follow: bool,
    text: bool,
    **options: Any,
) -> None:
    """Show the model calls of project NAME.

    With a number: all that was asked and answered in that CALL.
    """
    from contextlib import suppress

    from .call_log import entries
    from .files import FileProblem
    from .project import Project

    with reading(context, options, name) as (config, _):
        root = config.workspace / name
    console = open_output()
    try:
        found = [entry for entry in entries(root, agent=agent) if call in (None, entry.id)]
        for entry in found:
            _print_call(console, root, entry, text=text or call is not None)
        if follow:
            with suppress(KeyboardInterrupt):
                _follow_calls(console, root, found[-1].id if found else 0, agent, text=text)
    except FileProblem as problem:
        fail(f"{name}: {problem}")
    again = f"{program()} logs {shlex.quote(name)}"
    if not found and not follow:
        if call:
            fail(f"{name}: there is no call {call}; see which there are with: {again}")
        say(console, f"{name}: no model was called yet.")
    if found and not (follow or call or text):
        say(console, f"What was said is in {root / Project.LOGS}; one call whole: {again} {found[-1].id}")


def _follow_calls(console: Console, root: Path, last: int, agent: str | None, *, text: bool) -> None:
    import time

    from .call_log import entries

    while True:
        for entry in entries(root, after=last, agent=agent):
            _print_call(console, root, entry, text=text)
            last = entry.id
        time.sleep(0.5)


def _print_call(console: Console, root: Path, entry: Entry, *, text: bool) -> None:
    from rich.text import Text

    from agents.verification.text import clean

    from .call_log import conversation, summary

    console.print(summary(entry, console.width), soft_wrap=True)
    for heading, body in conversation(root, entry) if text else ():
        console.print(Text(f"--- {heading}", style="cyan"))
        console.print(Text(clean(body, 1 << 22)), soft_wrap=True)


@click.command()
@common
@click.argument("name", required=False)
@click.pass_context
def watch(context: click.RichContext, /, name: str | None, **options: Any) -> None:
    """Show what the daemon does, from another terminal.

    Reads files only. Ctrl+C ends the view, not the daemon.
    """
    import time
    from contextlib import suppress

    from .console import open_console
    from .follow import Follower

    with reading(context, options, name) as (config, _):
        pass
    with suppress(KeyboardInterrupt), open_console(config.log_level) as view:
        follower = Follower(config.workspace, view, name)
        while True:
            follower.look()
            time.sleep(0.5)


COMMANDS = (watch, diff, logs)
