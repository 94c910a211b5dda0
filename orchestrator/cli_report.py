"""Commands that sum up: report and usage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from .invocation import as_json, common, fail, no_project, open_output, print_json, reading, say

if TYPE_CHECKING:
    from datetime import datetime

    from .digest import Digest

since_option = click.option(
    "--since", metavar="TIME", help="Only what happened since then: 90m, 12h, 3d, or a date such as 2026-01-31."
)


@click.command()
@common
@as_json
@since_option
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one HTML file instead.")
@click.argument("name", required=False)
@click.pass_context
def report(
    context: click.RichContext,
    /,
    name: str | None,
    since: str | None,
    html: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Show what ran, how it ended and why, and what to do next.

    With scores, changed files, tests and costs by round; a cost of ? is not known.
    """
    from .digest import busy_since, digest

    begin = _moment(since)
    with reading(context, options, name) as (config, standings):
        digests = [digest(config.workspace / row.project, row, begin) for row in standings]
    if begin is not None and name is None:
        digests = [each for each in digests if busy_since(each, begin)]
    if as_json:
        print_json([each.document() for each in digests])
    elif html is not None:
        _write_html(html, digests, begin)
    else:
        _print_report(config.workspace, digests, alone=name is not None, since=begin)


def _write_html(path: Path, digests: list[Digest], since: datetime | None) -> None:
    from datetime import UTC, datetime

    from .html_page import html_page

    try:
        path.write_text(html_page(digests, datetime.now(UTC), since), encoding="utf-8", errors="replace")
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror}; choose another file with --html")
    say(open_output(), f"{path} is written; open it in a browser.")


def _print_report(workspace: Path, digests: list[Digest], *, alone: bool, since: datetime | None) -> None:
    from .digest_tables import overview, page

    console = open_output()
    ascii_only = console.options.ascii_only
    if not digests:
        say(console, f"Nothing happened since {_minute(since)}." if since else f"{workspace}: {no_project()}")
    elif alone or len(digests) == 1:
        console.print(page(digests[0], console.width, ascii_only=ascii_only))
    else:
        console.print(overview(digests, console.width, ascii_only=ascii_only))


@click.command()
@common
@as_json
@since_option
@click.option(
    "--by",
    type=click.Choice(("agent", "day", "model", "project")),
    default="agent",
    help="What to sum for. Default: agent.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@click.argument("name", required=False)
@click.pass_context
def usage(
    context: click.RichContext,
    /,
    name: str | None,
    by: str,
    since: str | None,
    as_csv: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Show calls, tokens, costs and minutes of model time; a cost of ? is not known."""
    from dataclasses import asdict

    from .spending import HEADINGS, Sum, calls, sums
    from .tables import usage_table

    begin = _moment(since)
    with reading(context, options, name) as (config, standings):
        made = [call for row in standings for call in calls(config.workspace / row.project)]
    made = [call for call in made if begin is None or call.row.time >= begin]
    rows, headings = sums(made, by), HEADINGS[by]
    documents = [{**dict(zip(headings, names, strict=True)), **asdict(part)} for names, part in rows]
    if as_json:
        print_json(documents)
    elif as_csv:
        _print_csv([*headings, *Sum.__dataclass_fields__], documents)
    elif rows:
        console, total = open_output(), Sum.of(call.row for call in made)
        console.print(usage_table(headings, rows, total))
        if total.cost is None:
            say(console, "A cost of ? is not known; set `prices` of the provider in config.yaml.")
    else:
        say(open_output(), f"No model was called {f'since {_minute(begin)}' if begin else 'yet'}.")


def _print_csv(columns: list[str], rows: list[dict[str, Any]]) -> None:
    """An unknown cost is an empty field."""
    import csv

    writer = csv.DictWriter(open_output().file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _moment(since: str | None) -> datetime | None:
    from datetime import datetime

    from .span import moment

    try:
        return None if since is None else moment(since, datetime.now().astimezone())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from error


COMMANDS = (report, usage)
