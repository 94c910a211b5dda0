"""Numbers what the user asked for, R1 to Rn, so that plan, tests and report can refer to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)]|\(?[a-z]\))\s+(?P<text>\S.*)$")
_HEADING = re.compile(r"^#{1,6}\s+(?P<text>\S.*?)\s*#*$")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)\s+(?=[A-Z\"'`(])")


@dataclass(frozen=True)
class Requirement:
    """One thing the user asked for."""

    id: str
    """`R1`, `R2` ... in the order of the text."""
    text: str
    """The user's own words without the list marker; white space collapsed, except in fenced blocks."""


def number(text: str) -> tuple[Requirement, ...]:
    """The requirements in `text`: one for each list item, elsewhere one for each sentence.

    Every word of `text` ends up in exactly one of them; headings go in front of what follows them, a fenced block
    stays with what it follows. The same text gives the same numbers. Blank text gives none.
    """
    return tuple(Requirement(f"R{index}", words) for index, words in enumerate(_statements(text), 1))


def _statements(text: str) -> Iterator[str]:
    heading: list[str] = []
    for block in _blocks(text):
        if match := _HEADING.match(block):
            heading.append(match["text"])
            continue
        for statement in _split(block):
            yield " ".join([*(f"{words}:" for words in heading), statement])
            heading.clear()
    if heading:
        yield ": ".join(heading)


def _split(block: str) -> list[str]:
    if _FENCE.search(block) or "\n```" in block or "\n~~~" in block:
        return [_unmarked(block)]
    if _ITEM.match(block.partition("\n")[0]):
        return [" ".join(_unmarked(block).split())]
    return _SENTENCE_END.split(" ".join(block.split()))


def _unmarked(block: str) -> str:
    first, newline, rest = block.partition("\n")
    match = _ITEM.match(first)
    return (match["text"] if match else first) + newline + rest


def _blocks(text: str) -> Iterator[str]:
    """Runs of lines that belong together: a heading, a list item with what is indented below it, or a passage."""
    block: list[str] = []
    fenced = False
    for line in text.splitlines():
        fence = bool(_FENCE.match(line))
        if block and not (fenced or fence or _goes_on(block, line)):
            yield "\n".join(block)
            block = []
        if line.strip() or fenced:
            block.append(line if fenced or fence else line.rstrip())
        fenced ^= fence
    if block:
        yield "\n".join(block)


def _goes_on(block: list[str], line: str) -> bool:
    """Whether `line` goes on with `block`: hard-wrapped text does, a line that starts something new does not."""
    if not line.strip() or _ITEM.match(line) or _HEADING.match(line) or _HEADING.match(block[-1]):
        return False
    if _FENCE.match(block[-1]):
        return False
    if _ITEM.match(block[0]):
        return line[0].isspace()
    return line.strip()[0].islower() or (len(block[-1]) > 60 and not re.search(r"[.!?:;]$", block[-1]))
