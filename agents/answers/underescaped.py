"""Replies in which the model forgot to escape, read only when there is exactly one way to read them.

Three kinds: every quote left bare inside the content of a single file; `\\'` in Python, which is no escape of JSON; and
JSON whose quotes all became `&quot;`. A second possible reading, however odd, is a refusal.
"""

from __future__ import annotations

import html
import re

from agents.answers.contents import is_python
from agents.answers.file_entry import CONTENT_KEYS, PATH_KEYS
from agents.answers.rejection import Rejected
from agents.answers.shapes import Pairs, files_in
from agents.answers.tolerant_json import Unreadable, tolerant_value_at

_LONGEST = 1_000_000
_CONTENT = "|".join(CONTENT_KEYS)
_HEAD = re.compile(
    rf"\s*\{{\s*(?P<quote>[\"'])files(?P=quote)\s*:\s*\[\s*\{{\s*(?P=quote)(?:{'|'.join(PATH_KEYS)})(?P=quote)\s*:\s*"
    rf"(?P=quote)(?P<path>[^\"'\\\n]+)(?P=quote)\s*,\s*(?P=quote)(?:{_CONTENT})(?P=quote)\s*:\s*(?P=quote)"
)
_MEMBERS = r"(?:\s*,\s*(?P<q{0}>[\"'])\w+(?P=q{0})\s*:\s*(?:(?P=q{0})[^\"'\\]*(?P=q{0})|[\w.-]+)){{0,8}}"
_TAIL = re.compile(rf"{_MEMBERS.format(1)}\s*\}}\s*\]{_MEMBERS.format(2)}\s*\}}\s*")
_WHOLE_FENCE = re.compile(r"\s*```(?:json)?[ \t]*\n(?P<body>[^`]*)\n```\s*", re.IGNORECASE)
_ANOTHER_CONTENT = re.compile(rf"[\"'](?:{_CONTENT})[\"']\s*:")
_SUM = re.compile(r"^[\"']\s*\+|\+\s*[\"']$")
_BACKSLASH_QUOTE = re.compile(r"(?<!\\)((?:\\\\)*)\\'")
_ENTITY = re.compile(r"&(?:quot|amp|lt|gt|#39|#x27|apos);")


def read_underescaped(text: str) -> Pairs | None:
    """The files, None when there is no reading or more than one."""
    if len(text) > _LONGEST:
        return None
    if fence := _WHOLE_FENCE.fullmatch(text):
        text = fence["body"]
    return _bare_quotes(text) or _backslash_quotes(text) or _entities(text)


def _bare_quotes(text: str) -> Pairs | None:
    """One file, whose content can end at one quote only: the one behind which the reply is closed properly."""
    head = _HEAD.match(text)
    if head is None:
        return None
    quotes = (match.start() for match in re.finditer(rf"{head['quote']}(?=\s*+[,}}])", text[head.end() :]))
    ends = [head.end() + at for at in quotes if _TAIL.fullmatch(text, head.end() + at + 1)]
    body = text[head.end() : ends[0]] if len(ends) == 1 else ""
    if not body or not _is_consistent(body, head["quote"]):
        return None
    content = _with_line_ends(body)
    return [(head["path"], content)] if content is not None and _has_even_lines(head["path"], content) else None


def _is_consistent(body: str, quote: str) -> bool:
    """All quotes are bare, and nothing in the body looks like the content of another file."""
    if body.startswith(quote * 2) and body.endswith(quote * 2):
        return False  # three quotes enclose it
    if f"\\{quote}" in body or _ANOTHER_CONTENT.search(body) or _SUM.search(body):
        return False
    return quote == "'" or body.count(quote) % 2 == 0


def _with_line_ends(body: str) -> str | None:
    """The body with \\n decoded; None with any other backslash, or beside raw line ends."""
    if "\\" not in body:
        return body
    return None if "\n" in body or re.search(r"\\[^n]", body) else body.replace("\\n", "\n")


def _has_even_lines(path: str, content: str) -> bool:
    """A \\n that was meant for a string in the code would have torn that string over two lines."""
    if path.endswith(".py"):
        return is_python(content)
    return all(line.count('"') % 2 == 0 and line.count("'") % 2 == 0 for line in content.split("\n"))


def _backslash_quotes(text: str) -> Pairs | None:
    """`\\'` stands for a quote when the file is Python that way, and is not with the backslash kept."""
    if not _BACKSLASH_QUOTE.search(text):
        return None
    plain, kept = _files(_BACKSLASH_QUOTE.sub(r"\1'", text)), _files(_BACKSLASH_QUOTE.sub(r"\1\\\\'", text))
    if plain is None or kept is None or [path for path, _ in plain] != [path for path, _ in kept]:
        return None
    for (path, one), (_, other) in zip(plain, kept, strict=True):
        if one != other and not _is_surely_plain(path, one, other):
            return None
    return plain


def _is_surely_plain(path: str, plain: str, kept: str) -> bool:
    """Every single quote of the file came with a backslash, and only without them it is Python."""
    consistent = kept.count("\\'") == kept.count("'")
    return consistent and path.endswith(".py") and is_python(plain) and not is_python(kept)


def _entities(text: str) -> Pairs | None:
    """Quotes written as &quot;. Other entities count only if the whole text was escaped: no bare <, > or & is left."""
    if '"' in text or "&quot;" not in text:
        return None
    if set(_ENTITY.findall(text)) == {"&quot;"}:
        return _files(text.replace("&quot;", '"'))
    if "<" in text or ">" in text or _ENTITY.sub("", text).count("&"):
        return None
    return _files(html.unescape(text))


def _files(text: str) -> Pairs | None:
    start = text.find("{")
    try:
        value, end = tolerant_value_at(text, max(start, 0))
        return files_in(value) if not text[end:].strip() and not text[:start].strip() else None
    except (Unreadable, Rejected):
        return None
