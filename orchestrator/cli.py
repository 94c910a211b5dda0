"""The command line: reads options, calls what does the work, and turns errors into a sentence and an exit code.

Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import rich_click as click

from . import cli_beginning, cli_reading, cli_report, cli_steering, cli_tools
from .invocation import (
    WRONG_USE,
    Options,
    as_json,
    common,
    fail,
    merged,
    no_project,
    open_output,
    print_json,
    reading,
    say,
    settings,
    telling,
)
from .output import honour_locale
from .program import home, program

if TYPE_CHECKING:
    from .config import Config


def print_version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"code-tumbler {version('code-tumbler')}")
    except PackageNotFoundError:
        click.echo("code-tumbler, not installed")
    context.exit()


_PANELS = {
    "Begin": ("demo", "init", "doctor", "new", "run"),
    "Look": ("status", "watch", "report", "diff", "logs", "usage"),
    "Steer": ("pause", "stop", "resume", "rerun", "restore"),
    "Tools": ("config", "verify", "read-reply"),
}
_help = click.RichHelpConfiguration(
    command_groups={"cli": [{"name": name, "commands": list(commands)} for name, commands in _PANELS.items()]},
    range_string="",  # `SECONDS [x>0]` reads like a riddle
    style_commands_table_expand=False,  # or the names' column grows with the terminal, in each panel differently
)


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.rich_config(help_config=_help)
@common
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version, help="Show the version."
)
@click.pass_context
def cli(context: click.RichContext, /, config: Path | None, workspace: Path | None, log_level: str | None) -> None:
    """Turn a requirements file into tested code.

    Without a command this starts the daemon: it watches the project folders, and an Architect, an Engineer
    and a Verifier take turns until the score is good enough. Ctrl+C stops it; work goes on at the next start.
    """
    context.obj = Options(config, workspace, log_level)
    if context.invoked_subcommand is None:
        _run(context.obj, until_idle=False, timeout=None)


@cli.command()
@common
@click.option("--until-idle", is_flag=True, help="End when nothing is left to do.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="With --until-idle: end after that.",
)
@click.pass_context
def run(context: click.RichContext, /, until_idle: bool, timeout: float | None, **options: Any) -> None:
    """Start the daemon (the same as no command).

    Ctrl+C stops it; work goes on at the next start. With --until-idle the exit code is 0 when every project is
    completed.
    """
    if timeout is not None and not until_idle:
        raise click.UsageError("--timeout needs --until-idle")
    _run(merged(context, options), until_idle=until_idle, timeout=timeout)


@cli.command()
@common
@click.argument("name")
@click.argument("text", nargs=-1)
@click.option("--from", "file", type=click.File("rb"), metavar="FILE", help="Read the requirements from a file.")
@click.pass_context
def new(context: click.RichContext, /, name: str, text: tuple[str, ...], file: Any, **options: Any) -> None:
    """Make a project: NAME, and its requirements as TEXT, from a file, or from standard input (-).

    For example: new hello "Create a Python script that prints Hello, World!"
    """
    from .new_project import NewProjectError, create
    from .status import daemon

    config, _ = settings(merged(context, options))
    try:
        path = create(config.workspace, name, _requirements(text, file))
    except NewProjectError as error:
        fail(str(error))
    console = open_output()
    say(console, f"{path} is written.")
    running = daemon(config.workspace)["running"]
    say(console, "The daemon takes it up now." if running else f"Start the work with: {program()} run")


@cli.command()
@common
@as_json
@click.pass_context
def status(context: click.RichContext, /, as_json: bool, **options: Any) -> None:
    """Show every project: status, iteration, score, cost, and what is next."""
    from .status import document
    from .tables import status_table

    with reading(context, options) as (config, standings):
        if as_json:
            print_json(document(config.workspace))
            return
        console = open_output()
        say(console, _headline(config, len(standings)))
        if standings:
            console.print()
            console.print(status_table(standings, console.width))


@cli.command()
@common
@as_json
@click.option("--no-call", is_flag=True, help="Do not ask a model anything.")
@click.pass_context
def doctor(context: click.RichContext, /, as_json: bool, no_call: bool, **options: Any) -> None:
    """Check settings, providers, models, sandbox, tools and disk, and say what mends them."""
    import asyncio

    from .doctor import examine
    from .tables import checkup_table

    chosen = merged(context, options)
    console = open_output()
    with telling(console, quiet=as_json) as note:
        examining = examine(chosen.config, home(), workspace=chosen.workspace, call=not no_call, note=note)
        checkup = asyncio.run(examining)
    if as_json:
        print_json(checkup.document())
    else:
        console.print(checkup_table(checkup))
        say(console, f"{checkup.summary} Next: {checkup.next}")
    context.exit(0 if checkup.healthy else 1)


for _module in (cli_beginning, cli_report, cli_reading, cli_steering, cli_tools):
    for _command in _module.COMMANDS:
        cli.add_command(_command)


def main() -> None:
    """The program."""
    honour_locale((sys.stdout, sys.stderr), os.environ)
    cli.main(prog_name=program())


def _run(options: Options, *, until_idle: bool, timeout: float | None) -> NoReturn:
    config, source = settings(options)

    from .console import open_console
    from .daemon import Orchestrator
    from .live_file import shared
    from .notice import notifying
    from .workspace import WorkspaceError

    with (
        open_console(config.log_level) as console,
        shared(console, config.workspace) as told,
        notifying(told, config.workspace, config.notify) as view,
    ):
        view.say(_settings_line(source))
        try:
            code = Orchestrator.from_config(config, view).start(until_idle=until_idle, timeout=timeout)
        except WorkspaceError as error:
            fail(str(error), WRONG_USE)
    sys.exit(code)


def _settings_line(source: Path | None) -> str:
    return f"settings: {source}" if source else "settings: the defaults, for want of a config.yaml in this directory"


def _headline(config: Config, count: int) -> str:
    from .status import daemon

    told = daemon(config.workspace)
    known = {
        True: f"the daemon works (process {told['pid']})",
        False: f"no daemon works; start it with: {program()} run",
    }
    projects = f"{count} project{'s' * (count != 1)}" if count else no_project()
    return f"{config.workspace}: {projects}; {known.get(told['running'], 'a daemon may be at work')}"


def _requirements(text: tuple[str, ...], file: Any) -> str | bytes:
    if file is not None and text:
        raise click.UsageError("give the requirements either as TEXT or with --from FILE")
    if file is not None or text == ("-",):
        content: bytes = (file or sys.stdin.buffer).read()
        return content
    if not text:
        raise click.UsageError("what is to be made? give TEXT, --from FILE, or - to read standard input")
    return " ".join(text) + "\n"
