"""Files in another format beside the answer that was read: which of them are meant only the model can tell."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from agents.answers.fences import Document
from agents.answers.json_scan import scan
from agents.answers.rejection import Reason, Rejected
from agents.answers.shapes import Pairs
from agents.answers.tags import complete_files_in_tags
from agents.answers.tolerant_json import Unreadable

Span = tuple[int, int]
"""Where something begins and ends in the text of a reply."""


def refuse_second_answer(text: str, document: Document, read: Sequence[Span], files: Mapping[str, str]) -> None:
    """Rejects the reply when files stand outside the spans that were read, unless they are the same `files` again."""
    rest = "\n".join(_outside(text, read))
    others = [*_blocks_outside(document, read, files), *complete_files_in_tags(rest), *_files_in_json(rest)]
    second = [path for path, content in others if files.get(path) != content]
    if second:
        sentence = (
            f"Received {second[0][:120]!r} in another format beside the other files; send all files in one format."
        )
        first = {path: content for path, content in files.items() if path not in second}
        raise Rejected(Reason.SEVERAL_ANSWERS, sentence, first, tuple(second))


def _outside(text: str, read: Sequence[Span]) -> Iterator[str]:
    at = 0
    for start, end in read:
        yield text[at:start]
        at = end
    yield text[at:]


def _blocks_outside(document: Document, read: Sequence[Span], files: Mapping[str, str]) -> Pairs:
    """Named blocks; one without the word FILE, named like a file that was read, may show a part of that."""
    starts = [start for start, _ in read]
    pairs: Pairs = []
    for block in document.named:
        before = bisect_right(starts, block.start) - 1
        is_read = before >= 0 and block.start < read[before][1]
        if block.name and not is_read and (block.marked or (block.is_code and block.name not in files)):
            pairs.append((block.name, block.body))
    return pairs


def _files_in_json(rest: str) -> Pairs:
    """JSON that begins a line; in a sentence it is a sample."""
    try:
        return [pair for one in scan(rest) if not one.before.rpartition("\n")[2].strip() for pair in one.pairs]
    except (Unreadable, Rejected):
        return []
