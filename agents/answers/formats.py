"""Which format a reply is in: the one that begins first, unless it begins inside something that is not the answer."""

from __future__ import annotations

import re

from agents.answers.fences import Document, read_document
from agents.answers.json_scan import answer_start
from agents.answers.rejection import Reason, Rejected
from agents.answers.tags import tags_start

_CONTENT_TAG = re.compile(
    r"(?:^|>)[ \t]*"
    r"<(?P<name>[\w-]*(?:content|code|parameter|arg_value|create|write|artifact|action|source|body)[\w-]*)(?=[\s>=])[^<>]*>",
    re.IGNORECASE | re.MULTILINE,
)
_LEADING_TAG = re.compile(r"\s*<(?P<name>(?!file\b|tool_call\b|function)[A-Za-z][\w:.-]*)>")
_UNFENCED = re.compile(r"^(?:cat\b[^\n]*<<-?\s*['\"]?\w+['\"]?|\*\*\* (?:Add|Update) File: )", re.MULTILINE)


def first_format(text: str, document: Document) -> str:
    """`fences`, `tags` or `json`; empty when none begins.

    Rejected when it begins inside a tool call that is not read, in a file without a fence, or in one of two answers.
    """
    starts = {"fences": document.named[0].start if document.named else None, "tags": tags_start(text)}
    found = {name: start for name, start in starts.items() if start is not None}
    if (start := answer_start(text, min(found.values(), default=None))) is not None:
        found["json"] = start
    first = min(found, key=lambda name: found[name], default="")
    before = text[: found.get(first, 0)]
    if _has_open_content(before) or _UNFENCED.search(before) or _is_announced(before, document):
        raise Rejected(Reason.NO_FILES, "Received a format that is not read; write ### FILE: path before each block.")
    _refuse_two_answers(text)
    return first


def _refuse_two_answers(text: str) -> None:
    """A draft between tags, and the answer behind it: the files of both would be taken."""
    tag = _LEADING_TAG.match(text)
    end = text.find(f"</{tag['name']}>", tag.end()) if tag else -1
    if tag and end >= 0 and _holds_answer(text[tag.end() : end]) and _holds_answer(text[end:]):
        sentence = f"Received two answers, one of them in <{tag['name'][:40]}>; send one answer, with each file once."
        raise Rejected(Reason.SEVERAL_ANSWERS, sentence)


def _has_open_content(text: str) -> bool:
    """A tag such as <content> or <parameter=...> is not closed; the last ten decide. In a sentence it is only named."""
    tags = list(_CONTENT_TAG.finditer(text))[-10:]
    return any(text.find(f"</{tag['name']}>", tag.end()) < 0 for tag in tags)


def _is_announced(before: str, document: Document) -> bool:
    """A line ### FILE: stands there, and what follows is no block of that name."""
    named = {block.name for block in document.named}
    return any(path not in named and path in before for path in document.announced)


def _holds_answer(text: str) -> bool:
    return answer_start(text) is not None or bool(read_document(text).named)
