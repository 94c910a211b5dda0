"""What every command shares: its options, the settings they lead to, and ways to print and to end."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import rich_click as click

from .paragraph import paragraph
from .program import home, program

if TYPE_CHECKING:
    from rich.console import Console

    from .config import Config
    from .status import Standing

F = TypeVar("F", bound=Callable[..., Any])

AGENTS = ("architect", "engineer", "verifier")
LOG_LEVELS = ("debug", "info", "warning", "error")
_LEVELS_HELP = "How much to say: debug, info, warning or error. Default: info."
MOST_NAMED = 8
"""Projects that an error names."""
WRONG_USE = 2
"""Exit code for settings that cannot be used, and for a second daemon."""


@dataclass(frozen=True)
class Options:
    """What may be said before or after the name of a sub-command; after it counts."""

    config: Path | None = None
    workspace: Path | None = None
    log_level: str | None = None


def common(function: F) -> F:
    """Adds the options of every command."""
    for option in (
        click.option("--log-level", type=click.Choice(LOG_LEVELS), metavar="LEVEL", help=_LEVELS_HELP),
        click.option("--workspace", type=click.Path(path_type=Path), help="The folder of the projects."),
        click.option(
            "--config", type=click.Path(path_type=Path), help="Settings. Default: config.yaml, if there is one."
        ),
    ):
        function = option(function)
    return function


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def merged(context: click.Context, options: dict[str, Any]) -> Options:
    before = context.obj or Options()
    return replace(before, **{name: value for name, value in options.items() if value is not None})


def settings(options: Options) -> tuple[Config, Path | None]:
    """The settings with the command line's changes, and their file; ends the program when they cannot be used."""
    from .config_error import ConfigError
    from .config_file import find, load

    source = find(options.config, *home())
    try:
        config = load(source)
    except ConfigError as error:
        fail(str(error), WRONG_USE)
    changes: dict[str, Any] = {}
    if options.workspace is not None:
        changes["workspace"] = options.workspace.expanduser().absolute()
    if options.log_level is not None:
        changes["log_level"] = options.log_level
    return config.model_copy(update=changes), source


@contextmanager
def reading(
    context: click.Context, options: dict[str, Any], name: str | None = None
) -> Iterator[tuple[Config, list[Standing]]]:
    """The settings and how the projects stand, or only the project `name`."""
    from .status import daemon, names, standing

    chosen = merged(context, options)
    config, _ = settings(chosen)
    if chosen.workspace is not None and not config.workspace.exists():
        fail(f"{config.workspace}: there is no such folder; name another with --workspace FOLDER")
    try:
        known = names(config.workspace)
    except NotADirectoryError:
        fail(f"{config.workspace}: is a file; name a folder with --workspace FOLDER")
    except OSError as error:
        fail(f"{config.workspace}: cannot be read: {error.strerror}; name another folder with --workspace FOLDER")
    if name is not None and name not in known:
        fail(f"{config.workspace} has no project {name!r}; {_meant(name, known)}")
    running = daemon(config.workspace)["running"]
    yield config, [standing(config.workspace / each, running=running) for each in known if name in (None, each)]


def no_project() -> str:
    return f"no project yet; make one with: {program()} new NAME TEXT"


def _meant(name: str, known: list[str]) -> str:
    """What to type instead of `name`."""
    if not known:
        return f"make one with: {program()} new {shlex.quote(name)} TEXT"
    folded = {each.casefold(): each for each in known}
    near = [folded[each] for each in get_close_matches(name.casefold(), folded, cutoff=0.7)]
    if near:
        return f"did you mean: {', '.join(sorted(near))}"
    more = f" and {len(known) - MOST_NAMED} more; see: {program()} status" if len(known) > MOST_NAMED else ""
    return f"it has: {', '.join(known[:MOST_NAMED])}{more}"


def open_output() -> Console:
    from typing import TextIO, cast

    from rich.console import Console

    from .output import Output

    return Console(file=cast("TextIO", Output(sys.stdout)), soft_wrap=False)


@contextmanager
def telling(console: Console, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """On a terminal, a line that tells what is being waited for, and goes away."""
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    with console.status("looking around") as shown:
        yield shown.update


def say(console: Console, text: str) -> None:
    """One paragraph; only a terminal gets line ends in it."""
    from agents.verification.text import line

    said = line(text, 2000)
    said = paragraph(said, console.width) if console.is_terminal else said
    console.print(said, markup=False, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2))


def fail(message: str, code: int = 1) -> NoReturn:
    """End the program with `message` on standard error."""
    from agents.verification.text import clean

    rows = clean(message, 20_000).splitlines()
    if sys.stderr.isatty():
        width = get_terminal_size().columns
        rows = [row if row.startswith(" ") else paragraph(row, width) for row in rows]  # indented: a line of a file
    click.echo("\n".join(rows), err=True)
    sys.exit(code)
