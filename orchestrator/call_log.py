"""A project's model calls as a person reads them: a line for each, and what was asked and answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from agents.verification.text import line

from .files import FileProblem, Folder
from .journal import Entry, Journal
from .live_table import duration
from .project import Project
from .tables import UNKNOWN, short

_LARGEST = 64 << 20
WIDE = 100
"""Columns from which on the model is named."""
STYLES = {"ok": "", "aborted": "yellow", "failed": "red"}


def entries(root: Path, *, after: int = 0, agent: str | None = None) -> list[Entry]:
    """The calls with an id above `after`, oldest first; only these are read. Raises FileProblem."""
    with Folder.open(root) as folder:
        names = [name for name in folder.names(Project.JOURNAL) if _number(name) > after]
        return [
            entry for entry in Journal(folder, sorted(names, key=_number)).entries() if agent in (None, entry.agent)
        ]


def _number(name: str) -> int:
    """The id in the name of an entry; 0 for other files."""
    number = name.partition("-")[0]
    return int(number) if number.isascii() and number.isdigit() else 0


def summary(entry: Entry, width: int) -> Text:
    """One line, the model in it where there is room."""
    tokens = entry.tokens
    size = f"{_tokens(tokens.input)} in, {_tokens(tokens.output)} out"
    when = f"{entry.started.astimezone():%m-%d %H:%M}"
    what = f"{entry.agent} {entry.purpose or 'call'}".ljust(18)
    model = f", {line(entry.model, 60)}" if width >= WIDE else ""
    told = f"{size}, {duration(entry.seconds)}{model}"
    result = entry.outcome if entry.outcome != "ok" else str(entry.finish or "ok")
    text = Text.assemble((f"{entry.id:4}", "bold"), f"  {when}  {what} iter {entry.iteration}  ")
    text.append(result, STYLES[entry.outcome])
    text.append(f"  {told}", "dim")
    return text.append(f"\n      {line(entry.error, 300)}", STYLES[entry.outcome]) if entry.error else text


def conversation(root: Path, entry: Entry) -> Iterator[tuple[str, str]]:
    """(heading, text) of what was asked and what came back."""
    with Folder.open(root) as folder:
        asked = _prompt(folder, entry)
    yield f"call {entry.id}: the prompt{_settings(entry)}", asked or "(its log is gone)"
    if entry.reasoning:
        yield f"call {entry.id}: the thinking", entry.reasoning
    yield f"call {entry.id}: the reply", entry.text or f"(none) {entry.error or ''}"


def _settings(entry: Entry) -> str:
    """How it was to be answered, as far as that was sent."""
    thinking = {True: "on", False: "off", None: None}[entry.thinking]
    said = {
        "temperature": entry.temperature,
        "seed": entry.seed,
        "thinking": thinking,
        "at most": entry.max_output_tokens and f"{entry.max_output_tokens} tokens",
    }
    told = ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)
    return f" ({told})" if told else ""


def _prompt(folder: Folder, entry: Entry) -> str:
    stem = f"{Project.LOGS}/{entry.id:04}-{entry.agent}-iter{entry.iteration}-{entry.purpose or 'call'}"
    try:
        return (folder.read(f"{stem}.prompt.md", limit=_LARGEST) or b"").decode("utf-8", "replace")
    except FileProblem:
        return ""


def _tokens(number: int | None) -> str:
    return UNKNOWN if number is None else short(number)
