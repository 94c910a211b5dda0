"""What a file's content must not be: a diff, a placeholder, noise, bytes that are no text. Pure, one file at a time."""

from __future__ import annotations

import ast
import re

from agents.answers.patches import is_patch, unsupported
from agents.answers.placeholders import placeholder_in
from agents.answers.rejection import Reason, Rejected

_FENCED = re.compile(r"\s*(?P<marks>`{3,}|~{3,})[\w+-]*[ \t]*\r?\n(?P<body>.*?)\r?\n?(?P=marks)\s*", re.DOTALL)
_ESCAPED_LINE_END = re.compile(r"\\n(?:\\n| {2,}|\\t|[A-Za-z_#@])")
_PROSE = (".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc")
_ONE_LINE_DATA = (".json", ".csv", ".jsonl")
_CODE = (".py", ".js", ".mjs", ".ts", ".tsx", ".jsx", ".go", ".rs", ".java", ".c", ".h", ".cpp", ".rb", ".sh", ".php")
_LONGEST_RUN = 300
_LONGEST_SOURCE = 300_000


def checked_content(path: str, content: str) -> str:
    """The content as it goes to disk; Rejected, with the path as `missing`, when it must not."""
    if not _is_text(content):
        raise Rejected(
            Reason.NOT_TEXT, f"{path!r} holds a NUL byte or half a character; send plain text.", missing=(path,)
        )
    content = _without_fence(path, content)
    if is_patch(content) and not path.endswith((".diff", ".patch")):
        rejected = unsupported(f"as the content of {path!r}")
        raise Rejected(rejected.reason, rejected.sentence, missing=(path,))
    if line := placeholder_in(path, content):
        sentence = f"{path!r} leaves out code ({line[:80]!r}); send the file whole, with nothing left out."
        raise Rejected(Reason.PLACEHOLDER, sentence, missing=(path,))
    if _is_double_escaped(path, content):
        sentence = f"{path!r} is one line with \\n written out instead of line ends; escape line ends once."
        raise Rejected(Reason.DOUBLE_ESCAPED, sentence, missing=(path,))
    if _is_degenerate(path, content):
        raise Rejected(
            Reason.DEGENERATE, f"{path!r} repeats the same lines hundreds of times; write it anew.", missing=(path,)
        )
    return content


def _is_text(content: str) -> bool:
    try:
        content.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in content


def _without_fence(path: str, content: str) -> str:
    """A fence around all of a file is the model's habit; in Markdown it may be the content."""
    if path.lower().endswith(_PROSE) or not content.lstrip().startswith(("```", "~~~")):
        return content
    match = _FENCED.fullmatch(content)
    if match is None or match["marks"] in match["body"]:
        return content
    return match["body"] + "\n"


def _is_double_escaped(path: str, content: str) -> bool:
    if "\\n" not in content or "\n" in content.strip() or path.endswith(_ONE_LINE_DATA):
        return False
    if len(_ESCAPED_LINE_END.findall(content)) >= 3:
        return True
    return path.endswith(".py") and not is_python(content) and is_python(content.replace("\\n", "\n"))


def is_python(source: str) -> bool:
    """True when the source compiles as far as its syntax goes; more than 300,000 characters are not looked at."""
    if len(source) > _LONGEST_SOURCE:
        return False
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_degenerate(path: str, content: str) -> bool:
    lines = content.split("\n")
    if len(lines) > 2000 and len(set(lines)) < len(lines) // 100:
        return True
    return path.endswith(_CODE) and _longest_run(lines) >= _LONGEST_RUN


def _longest_run(lines: list[str]) -> int:
    """How often the most repeated line follows itself, empty lines aside."""
    longest = run = 0
    previous = ""
    for line in lines:
        run = run + 1 if line and line == previous else 1
        previous = line
        longest = max(longest, run)
    return longest
