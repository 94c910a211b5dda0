"""What the lines between the blocks of a reply say about files: names of blocks, and deletions."""

from __future__ import annotations

import re
from itertools import islice

from agents.answers.block_names import Name, named_by_line, without_remark
from agents.answers.paths import looks_like_path

_MARKER = re.compile(
    r"^[^\n:\uff1a]{0,40}(?:file|path|delete)[^\n:\uff1a]{0,12}[:\uff1a][^\n]*", re.MULTILINE | re.IGNORECASE
)
_DELETE = re.compile(r"(?:[-*] +|#{1,6} +)?\**DELETE(?: FILE)?\**:\**[ \t]+[`\"]?(?P<path>[^`\"\r\n]+?)[`\"]?\**[ \t]*")
_MOST_LINES = 20_000


class Prose:
    """The lines between two blocks."""

    def __init__(self, text: str) -> None:
        rest, _, self.last_line = text.rstrip().rpartition("\n")
        self.names_several = _name_different_files(rest.rstrip().rpartition("\n")[2], self.last_line)
        """The last line is one of a list of files, of which none can be said to be the next block's."""
        self.names: list[Name] = []
        self.deleted: list[str] = []
        for match in islice(_MARKER.finditer(text), _MOST_LINES):
            line = match.group().strip()
            if delete := _DELETE.fullmatch(line):
                self.deleted.append(without_remark(delete["path"])[0])
            elif (name := named_by_line(line)) and name.marked and (line[0] in "#=" or looks_like_path(name.path)):
                self.names.append(name)

    @property
    def announced(self) -> list[str]:
        return [name.path for name in self.names]


def _name_different_files(one: str, other: str) -> bool:
    names = [name for line in (one, other) if (name := named_by_line(line)) and not name.marked]
    return len({name.path for name in names}) > 1
