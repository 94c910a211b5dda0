"""What a reply gives in place of a whole file: diffs, parts, deletions. A diff that creates a file is that file."""

from __future__ import annotations

import re

from agents.answers.rejection import Reason, Rejected

_NEW_FILE = re.compile(
    r"(?:diff --git [^\n]*\n(?:new file mode [^\n]*\n)?(?:index [^\n]*\n)?)?"
    r"--- /dev/null[^\n]*\n\+\+\+ (?:b/)?(?P<path>[^\t\n]+)(?:\t[^\n]*)?\n@@ -0,0 \+1(?:,(?P<count>\d+))? @@[^\n]*\n"
)
_LOOKS_LIKE_DIFF = re.compile(
    r"(?:(?:Index:|===|//|#)[^\n]*+\n\s*+){0,5}"
    r"(?:--- \S[^\n]*\n\+\+\+ \S|diff --git |@@ -\d+(?:,\d+)? \+\d|@@(?:[ .]{0,9}@@)?[^\S\n]*\n|\*\*\* Begin Patch)"
)
_BEFORE = re.compile(r"^(?:<{5,9}|-{5,9}) (?:SEARCH|ORIGINAL|HEAD)\b", re.MULTILINE)
_BETWEEN = re.compile(r"^={5,9}[^\S\n]*$", re.MULTILINE)
_AFTER = re.compile(r"^(?:>{5,9}|\+{5,9}) \S", re.MULTILINE)
_PART = r"(?:parts?|lines?|functions?|methods?|sections?|code)"
_NOT_WHOLE = re.compile(
    r"\W*(?:append(?:ed)?|prepend(?:ed)?|insert(?:ed|ion)?|edits?|patch|diff|str_replace|deleted?|deletion|removed?|rename|"
    rf"part(?:ial)?|continued|excerpt|snippet|additions?|chang(?:es|ed {_PART})|directory|folder|symlink)\b"
    r"(?=\W*$|\W*\d|\s+(?:from|to|at|in|into|lines?|only)\b)|"
    rf".*\bonly\s+(?:the\s+)?(?:chang|new|modif|relevant|add)\w*(?:\s+{_PART})?\W*$",
    re.IGNORECASE,
)


def says_not_whole(remark: str) -> bool:
    """Whether a word beside the name of a file says that the block is an edit, a part or a deletion of it, or no file.

    `(append)`, `(part 1 of 2)` and `(only the changed lines)` do; `(edit form)` and `(updated)` do not.
    """
    return _NOT_WHOLE.match(remark) is not None


def is_patch(content: str) -> bool:
    """True for a diff, a SEARCH/REPLACE block or a merge conflict, which must never be written as the file itself."""
    if _LOOKS_LIKE_DIFF.match(content.lstrip()):
        return True
    at = 0
    for mark in (_BEFORE, _BETWEEN, _AFTER):
        if (match := mark.search(content, at)) is None:
            return False
        at = match.end()
    return True


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
