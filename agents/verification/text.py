"""Makes text from hostile code safe to show: decoded, without control characters, capped, fenced."""

from __future__ import annotations

import re
import unicodedata

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_TICKS = re.compile(r"`+")


def clean(raw: bytes | str, limit: int = 4000) -> str:
    """`raw` without terminal sequences, control and invisible format characters; head and tail when over `limit`."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    text = _ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    return cut(text, limit)


def cut(text: str, limit: int) -> str:
    """At most about `limit` characters: the first half and the last, with a mark that tells how many are missing."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters cut ...]\n{text[-half:]}"


def line(raw: bytes | str, limit: int = 200) -> str:
    """`raw` as one clean line."""
    text = " ".join(clean(raw, limit * 4).split())
    return text if len(text) <= limit else text[: limit - 3] + "..."


def prose(raw: bytes | str, limit: int = 300) -> str:
    """`raw` as one clean line in which nothing is a tag, a link, an image or a code span."""
    return line(raw, limit).replace("`", "'").replace("<", "&lt;").replace("[", "\\[")


def inline(raw: str, limit: int = 160) -> str:
    """`raw` as a code span that nothing inside can close."""
    return "`" + line(raw, limit).replace("`", "'") + "`"


def fence(text: str, info: str = "text") -> str:
    """`text`, clean, in a fenced block whose fence is longer than any run of back-ticks inside."""
    text = clean(text, len(text))
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{info}\n{text.rstrip()}\n{ticks}"


def count(number: int, noun: str) -> str:
    """`1 test`, `2 tests`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
