"""Lays out a sentence for a terminal: lines end between words, and a command of ours stays whole, to be copied."""

from __future__ import annotations

import re

from rich.cells import cell_len

from .program import program


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


def _parts(text: str) -> list[str]:
    """Words; one of our commands with its arguments, up to a comma, a semicolon or the end, counts as one."""
    return re.findall(rf"(?<!\S){re.escape(program())}(?: [^\s,;]+)*[,;]?(?!\S)|\S+", text)
