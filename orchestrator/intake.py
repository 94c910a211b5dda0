"""A file that a person wrote (requirements.txt, PLAN.md, a report, NOTES.md): its text, or one sentence why not."""

from __future__ import annotations

import codecs

from .files import FileProblem, Folder, NotText

MAX_BYTES = 256 * 1024

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"


class Blank(FileProblem):
    """Nothing is written yet: no error, the project waits."""


def read(folder: Folder, rel: str, *, limit: int = MAX_BYTES) -> str | None:
    """The text, line ends kept and byte order mark removed; None when the file is absent.

    Raises Blank, NotText, TooLarge, NotRegular or another FileProblem. Does not wait for a pipe's writer.
    """
    found = folder.read(rel, limit=limit)
    return None if found is None else decode(found, rel)


def decode(found: bytes, rel: str) -> str:
    """The text in UTF-8, or in what its byte order mark says. No other encoding is guessed."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if found.startswith(mark)), (b"", "utf-8"))
    try:
        text = found[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise NotText(
            f"{rel}: not {encoding.upper()} at byte {len(mark) + error.start}; save it as UTF-8 text", rel
        ) from error
    _refuse_binary(text, encoding, len(mark), rel)
    if all(letter.isspace() or letter in _INVISIBLE for letter in text):
        raise Blank(f"{rel}: is empty; write into it what is wanted and save it", rel)
    return text


def _refuse_binary(text: str, encoding: str, start: int, rel: str) -> None:
    position = text.find("\0")
    if position < 0:
        return
    offset = start + len(text[:position].encode(encoding))
    raise NotText(
        f"{rel}: not text, byte {offset} is zero (a binary file, or UTF-16 without its mark); save it as UTF-8 text",
        rel,
    )
