"""Finding the places where a model wrote "rest of the code unchanged" instead of the code."""

from __future__ import annotations

import re

_THING = (
    r"(?:code|file|class(?:es)?|functions?|methods?|implementations?|imports?|module|script|tests?|logic|contents?|routes?|styles?|"
    r"page|document|components?|html|css|markup|body|definitions?|handlers?|properties|fields)"
)
_REST = rf"(?:the\s+)?(?:rest|remainder)\s+of\s+(?:(?:the|your|this|my|our)\s+)?(?:[\w.]+\s+){{0,3}}?{_THING}"
_SAME = (
    r"(?:(?:keep|with|and|all|your|the|include|insert|add|plus)\s+)*"
    rf"(?:existing|previous|remaining|other|same|original|unchanged)\s+(?:\w+\s+){{0,2}}?{_THING}"
)
_SAME_ALONE = (
    r"(?:(?:keep|all|your|the)\s+)*(?:existing|previous|unchanged)\s+"
    r"(?:code|contents?|imports?|methods?|functions?|implementation|tests?|routes?)"
)
_TAIL_WORDS = (
    r"here|goes|unchanged|remains?|stays?|the|same|is|are|as|before|above|below|omitted|for|brevity|from|previous|version|original|"
    r"continues?|follows?|not|shown|in|this|file|identical|etc|and|so|on|like|existing|code|implementation|kept|left|intact"
)
_TAIL = rf"(?:[\s,:;()\-\u2013\u2014]*(?:{_TAIL_WORDS})\b)*"
_TAIL_SURE = (
    r"[\s,:;()\-\u2013\u2014]*(?:here|go(?:es)?\s+here|unchanged|remains?|stays?|(?:is|are)\s+(?:the\s+same|unchanged|omitted)|"
    r"as\s+(?:is|before|above)|omitted|not\s+shown|same\s+as\s+(?:before|above))\b"
)
_DOTS = r"(?:\.\.\.|\u2026)"
_ALONE = (
    r"(?:(?:code|implementation|content|file|methods?|functions?|everything(?:\s+else)?|all)\s+)?(?:remains?\s+)?"
    r"(?:unchanged|no\s+changes?(?:\s+(?:here|needed|required))?|(?:is\s+)?(?:omitted|truncated|shortened|abbreviated)\s+for\s+brevity)"
)
_YOURS = (
    r"(?:(?:add|put|insert|write)\s+)?(?:your|the)\s+(?:code|implementation|logic)\s+(?:goes\s+)?here|"
    r"implementation\s+(?:goes\s+)?here"
)
_LEADING_DOTS = (
    rf"{_DOTS}\s*[\[(]?\s*(?:\w+\s+){{0,3}}?(?:rest|remainder|existing|previous|remaining|unchanged|other|same\s+as|omitted|"
    rf"as\s+before|as\s+above|keep)\b.*|{_DOTS}\s*(?:more|additional|further)\s+(?:\w+\s+){{0,2}}?(?:{_THING}|cases)(?:\s+(?:go\s+)?here)?\s*(?:{_DOTS})?"
)
_PHRASE = rf"(?:(?:{_REST}|{_ALONE}|{_YOURS}|{_SAME_ALONE}){_TAIL}|{_SAME}{_TAIL_SURE}{_TAIL}|{_SAME}\s*(?={_DOTS}))"
_CUT = (
    r"(?:the\s+)?(?:rest|remainder)(?:\s+of\s+(?:the\s+|this\s+)?\w+)?\s+(?:is\s+|are\s+|remains?\s+|stays?\s+)?"
    r"(?:unchanged|omitted|truncated|the\s+same|as\s+(?:is|before|above))|-*\s*<?snip(?:ped)?>?\s*-*|"
    r"\.\.\.\s*(?:truncated|unchanged|omitted)|(?:truncated|unchanged|omitted)\s*\.\.\.|(?:\.\.\.\s*)?code\s+continues\s*(?:\.\.\.)?"
)
_REMARK = (
    rf"(?:{_LEADING_DOTS}|[\[(]?\s*(?:{_CUT})\s*[\])]?|[\[(<]?\s*{_PHRASE}\s*{_DOTS}?\s*[\])>]?|no\s+changes?\s+to\s+{_REST}.*|"
    rf"[\[(]\s*{_DOTS}?\s*(?:truncated|unchanged|omitted)\s*{_DOTS}?\s*[\])]|"
    r"[\[(]\s*same\s+as\s+(?:before|above)\s*[\])])"
)
_END = r"\s*[.!]?\s*(?:[-=]{2,}\s*)?(?:\*+/\}?|-->|\"\"\"|''')?\s*"

_COMMENT = re.compile(
    r"(?:(?:pass|\.\.\.|return|return None);?\s*)?"
    rf"(?:#+|//+|/\*+(?:\s*\.\.\.\s*\*/\s*//)?|\{{/\*|<!--|--|;+|%+|REM\b|\"\"\"|''')\s*(?:[-=]{{2,}}\s*)?(?:(?:TODO|NOTE):\s*)?{_REMARK}{_END}",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"(?:(?={_DOTS}){_LEADING_DOTS}|[\[(<]\s*{_DOTS}?\s*(?:{_REST}|{_SAME}|(?<=\.)\s*unchanged|(?<=\u2026)\s*unchanged){_TAIL}\s*{_DOTS}?\s*[\])>]){_END}",
    re.IGNORECASE,
)
_WORTH_A_LOOK = re.compile(
    r"^[^\n]*\b(?:rest|remainder|existing|previous|remaining|other|same|original|unchanged|changes?|brevity|here|omitted|keep|"
    r"snip|snipped|truncated|continues|more|additional|further)\b[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_WHOLE = re.compile(
    r"\s*[<\[({]?\s*(?:(?:the\s+)?(?:full|complete|entire|whole)\s+(?:file(?:\s+(?:contents?|code|text))?|contents?|code|text)(?:\s+of\s+the\s+file)?(?:\s+here)?|"
    rf"(?:the\s+)?contents?\s+of\s+(?:the|this)\s+file|unchanged|(?:the\s+)?file\s+contents?(?:\s+(?:goes\s+)?here)?|your\s+code\s+here|contents?\s+here|{_DOTS})\s*[>\])}}]?\s*",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:relative/)?path/to/.*|relative/path.*|string", re.IGNORECASE)
_DOTS_ALONE = re.compile(rf"^[ \t]*(?P<mark>//|#)[ \t]*\[?{_DOTS}\]?[ \t]*$", re.MULTILINE)
_SLASHES = (
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".jsx",
    ".java",
    ".go",
    ".rs",
    ".c",
    ".cpp",
    ".h",
    ".cs",
    ".kt",
    ".swift",
)
_HASHES = (".py", ".rb", ".sh", ".yml", ".yaml", ".toml")
_LONGEST_LINE = 200
_TEXT = (".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc")


def placeholder_in(path: str, content: str) -> str | None:
    """The line that stands for code which was left out, None when the file seems whole.

    `...` as a statement, a trailing comment and prose in a docstring are not placeholders.
    """
    if _PATH.fullmatch(path):
        return path
    if len(content) <= _LONGEST_LINE and _WHOLE.fullmatch(content):
        return content.strip()
    for mark, endings in (("//", _SLASHES), ("#", _HASHES)):
        if path.lower().endswith(endings) and (dots := _dots_alone(content, mark)):
            return dots
    is_text = path.lower().endswith(_TEXT)
    for match in _WORTH_A_LOOK.finditer(content):
        line = match.group().strip()
        if len(line) > _LONGEST_LINE:
            continue
        if _BARE.fullmatch(line) or (not is_text and _COMMENT.fullmatch(line)):
            return line
        if is_text and line.startswith("<!--") and _COMMENT.fullmatch(line):
            return line
    return None


def _dots_alone(content: str, mark: str) -> str | None:
    """A comment of nothing but dots, unless it is part of a longer comment."""
    if not _DOTS_ALONE.search(content):
        return None
    lines = [line.strip() for line in content.split("\n") if line.strip()]
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        dots = _DOTS_ALONE.fullmatch(line)
        if dots and dots["mark"] == mark and not before.startswith(mark) and not after.startswith(mark):
            return line
    return None
