"""Judging the fenced blocks of a reply: which are files for certain, and what makes the others doubtful."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from agents.answers.block_names import is_written_in, named_by_line
from agents.answers.contents import is_python
from agents.answers.fences import Block, Document, read_document
from agents.answers.patches import is_patch, new_file, unsupported
from agents.answers.paths import looks_like_path
from agents.answers.rejection import Reason, Rejected
from agents.answers.shapes import Pairs, files_in
from agents.answers.strict_json import loads

_PROSE = (".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc")
_LONG_FENCE_OR_HEADING = re.compile(
    r"^(?P<marks>`{4,}+|~{4,}+)[^`\n]*+\n.*?(?:^(?P=marks)[`~]*[ \t]*$|\Z)|"
    r"^(?P<heading>(?:#{1,6} +|={2,} *)?\**FILE:[^\n]*\n\s*)(?=```|~~~)",
    re.MULTILINE | re.DOTALL,
)
_FENCE = re.compile(r"^(`{3,}+|~{3,}+)([^\n]*+)\n?", re.MULTILINE)
_COMMENTED_FILE = re.compile(
    r"^(?:#|//|--)[ \t]*File(?:name|path)?:[ \t]*([\w./-]+\.\w+)[ \t]*$", re.MULTILINE | re.IGNORECASE
)
_QUOTED = re.compile(r"`([^`\n]+)`")
_NAMED = "write ### FILE: path before each file"
_OUTSIDE = "write ### FILE: path above the fence of each file, and no fence around all"
_LONGER = "put a longer fence (````) around a file that has fences in it"


def files_in_blocks(document: Document) -> Pairs:
    """The files of all named blocks. Rejected, without salvage, when one block is doubtful."""
    pairs: Pairs = []
    for number, block in enumerate(document.blocks):
        if pair := _patched(block):
            pairs.append(pair)
        elif block.name is not None:
            if doubt := _doubt(block, document.blocks[number + 1 :]):
                raise doubt
            pairs.append((block.name, block.body))
        elif doubt := _doubt_without_name(block, document):
            raise doubt
    names = {block.name for block in document.named}
    if missing := tuple(path for path in document.announced if path not in names):
        sentence = (
            f"Received the name {missing[0]!r} without a fenced block behind it; send each file in its own block."
        )
        raise Rejected(Reason.TRUNCATED, sentence, missing=missing)
    if document.ends_in_heading:
        raise Rejected(Reason.TRUNCATED, "The answer ends at the heading of a file; send the files that are missing.")
    return pairs


def certain_files(text: str, document: Document) -> Pairs:
    """The files whose content is certain although the reply as a whole is not."""
    begun = {block.name for block in document.blocks if not block.closed}
    return [(path, content) for path, content in _closed_files(text, document) if path not in begun]


def _closed_files(text: str, document: Document) -> Pairs:
    sections = list(_marked_sections(text))
    if len(sections) >= len(document.named):
        return [pair for section in sections if (pair := _file_of_section(section))]
    pairs: Pairs = []
    for number, block in enumerate(document.blocks):
        following = document.blocks[number + 1 :]
        if not block.closed or block.nested:
            break
        ends_for_certain = following or not (block.name or "").lower().endswith(_PROSE)
        if block.name and not block.far and not _doubt(block, following) and ends_for_certain:
            pairs.append((block.name, block.body))
    return pairs


def _patched(block: Block) -> tuple[str, str] | None:
    """A diff in a block: the file that it creates. Any other diff is refused."""
    if block.language not in ("diff", "patch") and not (block.name is None and is_patch(block.body)):
        return None
    if block.name and block.name.endswith((".diff", ".patch")):
        return None
    pair = new_file(block.body) if block.closed else None
    if pair is None or (block.name and block.name != pair[0]):
        raise unsupported("in a code block")
    return pair


def _doubt(block: Block, following: Sequence[Block]) -> Rejected | None:
    name = block.name or ""
    if block.holds_answer:
        return _ambiguous(f"Received the heading of {name!r} inside a code block; {_OUTSIDE}.", name)
    if looks_like_path(name.partition(" ")[0].rstrip(",")) and " " in name:
        return Rejected(
            Reason.NO_PATH, f"It is not certain which path {name[:120]!r} names; {_NAMED}, and no more there."
        )
    if not block.marked and any(other != name for other in _COMMENTED_FILE.findall(block.body)):
        return _ambiguous(f"The block of {name!r} holds several files; send each file in its own block.", name)
    if not block.whole:
        sentence = (
            f"Received a part, an edit or a deletion of {name!r}; send whole files, and DELETE: path for a deletion."
        )
        return Rejected(Reason.DIFF_UNSUPPORTED, sentence, missing=(name,))
    if block.nested:
        return _ambiguous(f"{name!r} has a fence of the same length inside; {_LONGER}.", name)
    if not block.closed:
        return Rejected(
            Reason.TRUNCATED, f"The code block of {name!r} is never closed; send it whole.", missing=(name,)
        )
    if block.far and not (block.is_code and is_written_in(name, block.language)):
        return _ambiguous(
            f"It is not certain whether the block behind {block.before[:80]!r} is {name!r}; {_NAMED}.", name
        )
    bare = next((other.bare for other in following[:1] if other.name is None), False)
    if bare and (not _seems_whole(name, block.body) or named_by_line(block.body.rstrip().rsplit("\n", 1)[-1])):
        return _ambiguous(f"It is not certain where {name!r} ends, because of the fences behind it; {_LONGER}.", name)
    if not block.marked and name.endswith(".json") and _is_answer(block.body):
        return _ambiguous(f"{name!r} holds a list of files itself; send each file in its own block.", name)
    return None


def _seems_whole(name: str, body: str) -> bool:
    """Whether a bare fence may have closed the block, and not have stood in the file."""
    if name.lower().endswith(_PROSE):
        return False
    if name.endswith(".py"):
        return is_python(body)
    if name.endswith(".sh") and "<<" in body:
        return False
    pairs = (("(", ")"), ("[", "]"), ("{", "}"), ("<pre", "</pre"))
    return body.count("`") % 2 == 0 and all(body.count(opening) == body.count(closing) for opening, closing in pairs)


def _doubt_without_name(block: Block, document: Document) -> Rejected | None:
    if not block.closed:
        return Rejected(Reason.TRUNCATED, "The last code block is never closed; send the file whole.")
    if block.holds_answer:
        return _ambiguous(f"Received a FILE heading inside a code block; {_OUTSIDE}.")
    if not block.is_code:
        return _doubt_about_remark(block, document)
    if not document.named:
        return Rejected(Reason.NO_PATH, "Received a code block without a path; write ### FILE: path before each block.")
    return _ambiguous("Received a code block without a path beside named ones; write ### FILE: path before each block.")


def _doubt_about_remark(block: Block, document: Document) -> Rejected | None:
    """Output and commands are no files, unless the line before them names one that is not sent otherwise."""
    names = {other.name for other in document.named}
    asked = [name for name in _QUOTED.findall(block.before) if looks_like_path(name) and name not in names]
    if names and block.bare and block.before.endswith(":") and asked:
        return _ambiguous(
            f"It is not certain whether the block behind {block.before[:80]!r} is a file; {_NAMED}.", *asked
        )
    return None


def _ambiguous(sentence: str, *missing: str) -> Rejected:
    return Rejected(Reason.AMBIGUOUS, sentence, missing=missing)


def _is_answer(body: str) -> bool:
    try:
        return bool(files_in(loads(body)))
    except (ValueError, Rejected):
        return False


def _marked_sections(text: str) -> Iterator[str]:
    """The text from each FILE: line that a fence follows to the next such line: a boundary that no reading crosses.

    In a fence of more than three marks such a line is a sample.
    """
    starts = [match.start() for match in _LONG_FENCE_OR_HEADING.finditer(text) if match["heading"]]
    for start, end in pairwise([*starts, len(text)]):
        yield text[start:end]


def _file_of_section(section: str) -> tuple[str, str] | None:
    document = read_document(section)
    block = document.blocks[0]
    if block.name is None:
        return None
    others_are_code = any(other.is_code or other.name for other in document.blocks[1:])
    if (
        not others_are_code
        and not _doubt(block, document.blocks[1:])
        and all(other.closed for other in document.blocks)
    ):
        return block.name, block.body
    body = _nested_body(section) if not document.blocks[-1].closed else None
    return (block.name, body) if body is not None else None


def _nested_body(section: str) -> str | None:
    """The body when inner fences pair up and the last fence closes the file, while the flat reading leaves one open."""
    fences = list(_FENCE.finditer(section))
    marks = fences[0][1] if fences else ""
    inside = [fence for fence in fences[1:] if fence[1].startswith(marks)]
    depth = 1
    for number, fence in enumerate(inside):
        depth += 1 if fence[2].strip() else -1
        if depth == 0 and (number + 1 < len(inside) or section[fence.end() :].strip()):
            return None
    return section[fences[0].end() : inside[-1].start()] if inside and depth == 0 else None
