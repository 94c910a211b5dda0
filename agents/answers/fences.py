"""Fenced code blocks of a Markdown reply and the names they bear: the format that our prompts ask for.

    ### FILE: src/app.py
    ```python
    ...
    ```

The name may stand in a heading, in a line of its own, in the info string (```python src/app.py, ```python:src/app.py,
```py title="src/app.py") or in a comment on the first line, which then is part of the file. A fence is closed by a line
with at least as many of the same character, indented the same and with nothing behind it; content that has such a line
needs a longer fence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from itertools import islice

from agents.answers.block_names import Name, named_by_comment, named_by_info, named_by_line
from agents.answers.prose import Prose
from agents.answers.rejection import Reason, Rejected

_FENCE = re.compile(r"^(?P<indent>[ \t]*+)(?P<marks>`{3,}+|~{3,}+)(?P<info>[^\n]*+)\n?", re.MULTILINE)
_HEADING = re.compile(r"^(?:#{2,6} *|={2,} *)\**FILE:", re.MULTILINE)
_BROKEN_OFF = re.compile(r"(?:#{1,6} +)?(?:\*\*`?|`{1,2})[\w./-]*")
_SHELL = frozenset({"bash", "sh", "shell", "zsh", "console", "terminal", "powershell", "ps1", "cmd", "bat", "batch"})
_SHELL |= {"shell-session", "shellsession", "sh-session", "tree"}
_NOT_CODE = _SHELL | {"text", "txt", "plaintext", "plain", "output", "log", "http"}
_MAY_WRAP = frozenset({"", "markdown", "md", "text", "txt", "plaintext"})
_NEVER_SHELL = re.compile(r".*\.(?:py|[jt]sx?|json|toml|ya?ml|md|html|css|go|rs|java)", re.IGNORECASE)
_MOST_FENCES = 20_000


@dataclass(frozen=True)
class Block:
    """One fenced block of a reply."""

    body: str
    """The lines between the fences, with their line ends."""
    language: str
    name: str | None
    """The path it is for, None when it bears none."""
    marked: bool
    """The name came with the word FILE, so that it cannot be prose."""
    far: bool
    """Prose stands between the name and the block, which may then show what the file does."""
    whole: bool
    """Nothing beside the name says that this is a part, an edit or a deletion."""
    closed: bool
    nested: bool
    """A fence of the same length opens inside: where the block ends is not certain."""
    bare: bool
    """Nothing stands behind the opening fence."""
    before: str
    """The last line of prose before it."""
    start: int
    """Where its opening fence stands in the text."""
    end: int
    """Where the text goes on behind it."""

    @property
    def is_code(self) -> bool:
        return self.language not in _NOT_CODE and not self.bare

    @property
    def holds_answer(self) -> bool:
        """A heading of our format stands in it: an answer, or the beginning of one, is in the block."""
        if self.name is None:
            return _HEADING.search(self.body) is not None
        own = named_by_comment(self.body)
        return not self.marked and own is not None and own.path == self.name and bool(_HEADING.match(self.body))


@dataclass(frozen=True)
class Document:
    """A reply as a sequence of blocks, and what its prose says about files."""

    blocks: tuple[Block, ...]
    announced: tuple[str, ...]
    """Paths that stand in the prose with the word FILE, whether a block follows or not."""
    deleted: tuple[str, ...]
    """Paths from lines `DELETE: path`."""
    ends_in_heading: bool = False
    """The text stops at a heading of a file, or in the middle of one."""

    @property
    def named(self) -> tuple[Block, ...]:
        return tuple(block for block in self.blocks if block.name is not None)


def read_document(text: str) -> Document:
    """The blocks of the text, in order. Rejected only when there are absurdly many."""
    blocks: list[Block] = []
    announced: list[str] = []
    deleted: list[str] = []
    found = islice(_FENCE.finditer(text), _MOST_FENCES + 1)
    fences = [match for match in found if _may_open(match)]
    if len(fences) > _MOST_FENCES:
        raise Rejected(Reason.DEGENERATE, "Received thousands of code fences; send each file once, in one block.")
    at, number = 0, 0
    waiting: Name | None = None
    while number < len(fences):
        prose = Prose(text[at : fences[number].start()])
        waiting = prose.names[-1] if prose.names else waiting
        announced += prose.announced
        deleted += prose.deleted
        block, number = _block(text, fences, number, "" if prose.names_several else prose.last_line, waiting)
        at = block.end
        waiting = None if block.name else waiting
        blocks.append(block)
    prose = Prose(text[at:])
    names = {block.name for block in blocks}
    ends_in_heading = bool(prose.last_line) and _is_heading(prose.last_line, names)
    return Document(tuple(blocks), (*announced, *prose.announced), (*deleted, *prose.deleted), ends_in_heading)


def _is_heading(line: str, names: Set[str | None]) -> bool:
    """A last line that names a file which did not come, or that breaks off where a name begins."""
    if "### file:".startswith(line.lower()) or "file:".startswith(line.lower()) or _BROKEN_OFF.fullmatch(line):
        return True
    name = named_by_line(line)
    return name is not None and name.path not in names and not line.startswith(("- ", "* "))


def unwrapped(text: str) -> str:
    """The answer in a longer fence around all of it; the text itself when it stands in none."""
    document = read_document(text)
    block = document.blocks[0] if len(document.blocks) == 1 else None
    if block is None or not block.closed or document.announced or document.deleted:
        return text
    return block.body if block.language in _MAY_WRAP and block.holds_answer else text


def is_fenced(text: str, position: int) -> bool:
    """Whether a fence is open there."""
    opening = None
    for fence in _FENCE.finditer(text, 0, position):
        if opening is None:
            opening = fence if _may_open(fence) else None
        elif _could_belong(fence, opening) and not fence["info"].strip():
            opening = None
    return opening is not None


def fenced(path: str, content: str) -> str:
    """The file in our format, with a fence longer than any in it. Content gets a last line end if it has none."""
    longest = max((len(run) for run in re.findall(r"`{3,}", content)), default=2)
    marks = "`" * (longest + 1)
    ending = "" if not content or content.endswith("\n") else "\n"
    return f"### FILE: {path}\n{marks}\n{content}{ending}{marks}\n"


def fenced_files(files: Mapping[str, str]) -> str:
    return "\n".join(fenced(path, content) for path, content in files.items())


def _block(text: str, fences: list[re.Match[str]], number: int, line: str, announced: Name | None) -> tuple[Block, int]:
    """The block that fence `number` opens, and the number of the next fence behind it."""
    opening = fences[number]
    nested, closing = False, None
    for following in range(number + 1, len(fences)):
        if not _could_belong(fences[following], opening):
            continue
        if not fences[following]["info"].strip():
            closing = following
            break
        nested = True
    end = len(text) if closing is None else fences[closing].start()
    body = _without_indent(text[opening.end() : end], opening["indent"])
    info = opening["info"].strip()
    language = re.split(r"[\s:{,]", info.lstrip("{."), maxsplit=1)[0].lower()
    name = _name(info, language, line, announced, body)
    block = Block(
        body=body,
        language=language,
        name=name.path if name else None,
        marked=bool(name and name.marked),
        far=bool(name and name.far),
        whole=name is None or name.whole,
        closed=closing is not None,
        nested=nested,
        bare=not info,
        before=line,
        start=opening.start(),
        end=len(text) if closing is None else fences[closing].end(),
    )
    return block, len(fences) if closing is None else closing + 1


def _may_open(fence: re.Match[str]) -> bool:
    return fence["marks"][0] == "~" or "`" not in fence["info"]


def _could_belong(fence: re.Match[str], opening: re.Match[str]) -> bool:
    return fence["indent"] == opening["indent"] and fence["marks"].startswith(opening["marks"])


def _name(info: str, language: str, line: str, announced: Name | None, body: str) -> Name | None:
    inside = named_by_info(info)
    if inside and not _may_be_language(inside.path, info):
        return inside
    above = named_by_line(line) or (replace(announced, far=True) if announced else None)
    if above and language in _SHELL and _NEVER_SHELL.fullmatch(above.path):
        return None  # how to run the file, not the file
    return above or (inside if inside and not info.islower() else named_by_comment(body))


def _may_be_language(path: str, info: str) -> bool:
    """`dockerfile` and `makefile` are languages, and files when written as such and nothing else names the block."""
    return path == info and "." not in path and "/" not in path


def _without_indent(body: str, indent: str) -> str:
    """A block inside a list item is indented as a whole."""
    if not indent:
        return body
    lines = body.split("\n")
    if not all(line.startswith(indent) or not line.strip() for line in lines):
        return body
    return "\n".join(line.removeprefix(indent) for line in lines)
