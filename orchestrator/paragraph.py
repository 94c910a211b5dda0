"""Joins sentences, and lays them out: lines end between words, and a command of ours stays whole, to be copied."""

from __future__ import annotations

import re

from rich.cells import cell_len

from .program import command

_NUMBER = r"(?<!\S)\d[\d.,]* (?:s|min|h|MB|GB)\b\S*"


def paragraph(text: str, width: int) -> str:
    """`text` in lines of at most `width` columns; a word or a command that is longer has a line of its own."""
    if cell_len(text) <= width:
        return text
    rows: list[str] = []
    for part in _parts(text):
        if rows and cell_len(rows[-1]) + 1 + cell_len(part) <= width:
            rows[-1] += f" {part}"
        else:
            rows.append(part)
    return "\n".join(rows)


def joined(*parts: str | None) -> str:
    """One sentence of several, without the full stops in the middle."""
    return "; ".join(part.rstrip(". ") for part in parts if part)


def _parts(text: str) -> list[str]:
    """Words; numbers with their units; commands of ours with their arguments, which end at a comma or a semicolon."""
    ours = rf"(?<!\S){re.escape(command())}(?: [^\s,;]+)*[,;]?(?!\S)"
    return re.findall(rf"{ours}|{_NUMBER}|\S+", text)
