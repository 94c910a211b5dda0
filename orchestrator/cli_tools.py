"""Commands that need no project: config, verify and read-reply."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import rich_click as click

from .program import program


@click.command("config")
def print_config() -> None:
    """Print config.yaml as it is shipped, with all defaults and comments."""
    from .shipped import config_yaml

    click.echo(config_yaml(), nl=False)


def _passed_on(name: str, help_: str) -> Callable[[Callable[..., Any]], click.RichCommand]:
    """A command that hands all that follows its name to another program's `main`, with its own options and help."""
    settings = {"ignore_unknown_options": True, "help_option_names": []}
    arguments = click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    return lambda function: click.command(name, help=help_, context_settings=settings)(arguments(function))


@_passed_on("verify", "Build and test a folder in the sandbox, without any model.")
def verify(arguments: tuple[str, ...]) -> None:
    from agents.verification.__main__ import main

    sys.exit(main(list(arguments), f"{program()} verify"))


@_passed_on("read-reply", "Print what a model's raw reply holds, as JSON.")
def read_reply(arguments: tuple[str, ...]) -> None:
    from agents.answers.__main__ import main

    sys.exit(main(list(arguments), f"{program()} read-reply"))


COMMANDS = (print_config, verify, read_reply)
