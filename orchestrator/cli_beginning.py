"""Commands for the first minute: init and demo."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from .invocation import fail, open_output, say, telling
from .program import program

if TYPE_CHECKING:
    from rich.console import Console

    from .first_config import Choice
    from .local_servers import Server


@click.command()
@click.option("--config", "path", type=click.Path(path_type=Path), help="The file to write. Default: config.yaml.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@click.option("--server", "urls", multiple=True, metavar="URL", help="Look at this address on this machine too.")
@click.pass_context
def init(context: click.RichContext, /, path: Path | None, yes: bool, force: bool, urls: tuple[str, ...]) -> None:
    """Write a config.yaml for the model servers on this machine.

    Finds Ollama, vLLM, LM Studio and llama.cpp, and proposes a model for each agent.
    """
    from .first_config import memory_bytes, propose, render
    from .local_servers import USUAL, find

    path = path or (context.obj and context.obj.config) or Path("config.yaml")
    if path.exists() and not force:
        look, replace = f"{program()} doctor", f"{program()} init --force"
        fail(f"{path}: is there already; look at it with: {look}, or replace it with: {replace}")
    console = open_output()
    places = [*((f"server{number}", url.rstrip("/")) for number, url in enumerate(urls, 1)), *USUAL]
    try:
        with telling(console, quiet=False) as note:
            note("looking for model servers on this machine")
            servers = find(places)
    except ValueError as error:
        fail(str(error), 2)
    choices = propose(servers, memory_bytes())
    _say_found(console, servers, choices)
    if not yes and sys.stdin.isatty() and not click.confirm(f"Write {path}?", default=True):
        fail("Nothing was written.")
    try:
        path.write_text(render(choices), encoding="utf-8")
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror}")
    say(console, f"{path} is written. Next: {program()} doctor")


def _say_found(console: Console, servers: list[Server], choices: dict[str, Choice]) -> None:
    from agents.verification.text import count
    from providers.engine_trouble import trouble

    for server in servers:
        named = ", ".join(offer.name for offer in server.offers[:6]) or "none; pull or load one"
        more = ", ..." if len(server.offers) > 6 else ""
        say(console, f"{server.base_url} ({server.type}): {count(len(server.offers), 'model')}: {named}{more}")
    if not servers:
        say(console, "No model server answers on this machine (Ollama, vLLM, LM Studio and llama.cpp were looked for).")
    for agent, choice in choices.items():
        say(console, f"{agent}: {choice.offer.name} on {choice.server.base_url}")
    if not choices:
        lacking = trouble(os.environ)
        needs = f", but {lacking}" if lacking else ""
        say(console, f"The agents use `embedded`, a small model that needs no server{needs}.")
        say(console, f"Larger ones do better: start a server, for example Ollama, then: {program()} init --force")


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.pass_context
def demo(context: click.RichContext, /, folder: Path | None) -> None:
    """Play a recorded run: no model, no network, ten seconds.

    The daemon, the sandbox and the tests are real. What it makes stays in FOLDER, or in the first free one of demo,
    demo-2 ... in the current directory.
    """
    from .console import open_console
    from .demo import SAID, free_folder, play
    from .digest import digest
    from .digest_tables import page
    from .new_project import NewProjectError
    from .status import standing
    from .workspace import WorkspaceError

    folder = (folder or free_folder(Path.cwd())).absolute()
    try:
        with open_console() as view:
            played = play(folder, view)
    except (NewProjectError, WorkspaceError) as error:
        fail(str(error))
    console = open_output()
    console.print()
    found = digest(played.root, standing(played.root))
    console.print(page(found, console.width, ascii_only=console.options.ascii_only))
    console.print()
    if not played.completed:
        say(console, f"The demo did not come to its end. Next: {program()} doctor")
        context.exit(1)
    say(console, SAID)
    say(console, f"All of it is in {played.root}; what the second round repaired:")
    command = f"{program()} --workspace {shlex.quote(str(played.root.parent))} diff {played.root.name}"
    say(console, command)
    say(console, f"With a model of yours: {program()} init, then {program()} run")


COMMANDS = (init, demo)
