"""Unified diffs in a reply: one that creates a whole file is that file, any other is refused."""

from __future__ import annotations

import re

from agents.answers.rejection import Reason, Rejected

_NEW_FILE = re.compile(
    r"(?:diff --git [^\n]*\n(?:new file mode [^\n]*\n)?(?:index [^\n]*\n)?)?"
    r"--- /dev/null[^\n]*\n\+\+\+ (?:b/)?(?P<path>[^\t\n]+)(?:\t[^\n]*)?\n@@ -0,0 \+1(?:,(?P<count>\d+))? @@[^\n]*\n"
)
_LOOKS_LIKE_DIFF = re.compile(r"(?:--- \S[^\n]*\n\+\+\+ \S|diff --git |@@ -\d+(?:,\d+)? \+\d)")
_SEARCH, _REPLACE = "<<<<<<< SEARCH", ">>>>>>> REPLACE"


def is_patch(content: str) -> bool:
    """True for a diff or a SEARCH/REPLACE block, which must never be written as the file itself."""
    return bool(_LOOKS_LIKE_DIFF.match(content.lstrip())) or (_SEARCH in content and _REPLACE in content)


def new_file(diff: str) -> tuple[str, str] | None:
    """(path, content) of a diff that creates one file and whose line count is right, otherwise None."""
    header = _NEW_FILE.match(diff)
    if header is None:
        return None
    lines = diff[header.end() :].removesuffix("\n").split("\n")
    ended = True
    if lines[-1].startswith("\\ No newline"):
        lines, ended = lines[:-1], False
    if len(lines) != int(header["count"] or 1) or not all(line.startswith("+") for line in lines):
        return None
    return header["path"].strip(), "\n".join(line[1:] for line in lines) + ("\n" if ended else "")


def unsupported(where: str) -> Rejected:
    return Rejected(Reason.DIFF_UNSUPPORTED, f"Received a diff or an edit block {where}; send the whole file instead.")
