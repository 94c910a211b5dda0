"""What a file's content must not be: a diff, a placeholder, noise, bytes that are no text. Pure, one file at a time."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import partial

from agents.answers.patches import is_patch, unsupported
from agents.answers.placeholders import placeholder_in
from agents.answers.rejection import Reason, Rejected

_FENCED = re.compile(r"\s*(?P<marks>`{3,}|~{3,})[\w+-]*[ \t]*\r?\n(?P<body>.*?)\r?\n?(?P=marks)\s*", re.DOTALL)
_ESCAPED_LINE_END = re.compile(r"\\n(?:\\n| {2,}|\\t|[A-Za-z_#@])")
_PROSE = (".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc")
_ONE_LINE_DATA = (".json", ".csv", ".jsonl")
_CODE = (
    *(".py", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".vue", ".svelte", ".html", ".css", ".go", ".rs", ".java"),
    *(".c", ".h", ".cpp", ".cs", ".rb", ".sh", ".php", ".kt", ".swift", ".sql"),
)
_INTRODUCTION = re.compile(r"(?:here|sure|below|this|the following)\b.*:\s*$", re.IGNORECASE)
_NUMBERED = re.compile(r"\s{0,6}(\d{1,6})(?:[:|\u2502\t]|\s+[|\u2502\u2192])")
_LONGEST_RUN = 300
_LONGEST_SOURCE = 300_000


def checked_content(path: str, content: str) -> str:
    """The content as it goes to disk; Rejected, with the path as `missing`, when it must not."""
    if not _is_text(content):
        raise Rejected(
            Reason.NOT_TEXT, f"{path!r} holds a NUL byte or half a character; send plain text.", missing=(path,)
        )
    content = _without_fence(path, content)
    if problem := _foreign(path, content):
        raise Rejected(Reason.AMBIGUOUS, f"{path!r} {problem}; send the file itself, as it is.", missing=(path,))
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


def _foreign(path: str, content: str) -> str:
    """What shows that the content is a message about the file, a listing or an escaped copy of it."""
    if not path.lower().endswith(_CODE):
        return ""
    lines = content.split("\n")
    ends = {line[:3] for line in (content.lstrip().split("\n", 1)[0], content.rstrip().rsplit("\n", 1)[-1])}
    if ends & {"```", "~~~"} or (_INTRODUCTION.match(lines[0]) and any(line[:3] == "```" for line in lines[1:3])):
        return "has a code fence around the code"
    if _has_line_numbers(lines):
        return "has line numbers before the code"
    if ("&lt;" in content or "&gt;" in content) and "<" not in content and ">" not in content:
        return "has &lt; and &gt; instead of < and >"
    if "&quot;" in content and '"' not in content and "'" not in content:
        return "has &quot; instead of quotes"
    return ""


def _has_line_numbers(lines: list[str]) -> bool:
    matches = [_NUMBERED.match(line) for line in lines[:50] if line.strip()]
    numbers = [int(match[1]) for match in matches if match]
    return 3 <= len(numbers) == len(matches) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _is_double_escaped(path: str, content: str) -> bool:
    if "\\n" not in content or "\n" in content.strip():
        return False
    if content.rstrip().endswith("\\n"):
        return True
    unescaped = content.replace("\\n", "\n").replace('\\"', '"')
    for ending, is_valid in _VALID.items():
        if path.endswith(ending):
            return not is_valid(content) and is_valid(unescaped)
    return not path.endswith(_ONE_LINE_DATA) and len(_ESCAPED_LINE_END.findall(content)) >= 3


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_python(source: str) -> bool:
    """True when the source compiles as far as its syntax goes; more than 300,000 characters are not looked at."""
    if len(source) > _LONGEST_SOURCE:
        return False
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


_VALID: Mapping[str, Callable[[str], bool]] = {
    ".py": is_python,
    ".json": partial(_reads, json.loads),
    ".toml": partial(_reads, tomllib.loads),
}


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
