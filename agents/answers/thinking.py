"""What a model wrote for itself: taking thinking blocks, channels and special tokens off its answer."""

from __future__ import annotations

import re

from agents.answers.fences import is_fenced
from agents.answers.rejection import Reason, Rejected
from agents.answers.tags import is_tagged

_TAGS = (
    *("think", "thinking", "thought", "thoughts", "reasoning", "reasoning_content", "reflection", "analysis"),
    *("scratchpad", "monologue", "inner_monologue", "internal_monologue", "seed:think", "antml:thinking"),
)
_OTHER_BLOCKS = (
    ("[THINK]", "[/THINK]"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    ("<|channel>thought", "<channel|>"),
    ("<unused94>", "<unused95>"),
)
_CLOSING = {opening.lower(): closing for opening, closing in _OTHER_BLOCKS}
_TAG = rf"(?P<tag>{'|'.join(_TAGS)})"
_OPEN = re.compile(
    rf"< ?{_TAG}(?: [^<>\n]{{0,80}})?>|{'|'.join(re.escape(opening) for opening, _ in _OTHER_BLOCKS)}", re.IGNORECASE
)
_CLOSE_ALONE = re.compile(rf"(?:^|\n)[^\n<]*(?P<mark></(?:{'|'.join(_TAGS)})>)|\[/THINK\]", re.IGNORECASE)
_SPECIAL_AT_END = re.compile(
    r"(?:(?:<\|[a-z_]{2,40}\|>|<\uff5c[\w\u2581]{2,40}\uff5c>|</s>|<eos>|<(?:end|start)_of_turn>|\[/INST\]|\[EOS\])"
    r"(?:user|assistant|model)?\s*)+"
)
_LONGEST_END = 1000
_SPECIAL_AT_START = re.compile(r"\s*(?:<\|im_start\|>|<\|start\|>)(?:assistant)?\s*")
_MOST_BLOCKS = 50
_CHANNEL = re.compile(
    r"<\|channel\|>(?P<name>analysis|commentary|final)(?P<to>[^<>]{0,200})(?:<\|constrain\|>[^<>]{0,40})?<\|message\|>"
)
_OBJECT = re.compile(r"\{\s*[\"'\u201c]?\w+[\"'\u201d]?\s*[:\uff1a]")
_DOCUMENT = re.compile(r"\s*(?:---\s*)?(?:files:|\[\[files\]\])", re.IGNORECASE)
_STRING_OR_BRACE = re.compile(r"\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?|[{}]", re.DOTALL)
_DEPTH = {"{": 1, "}": -1}
_GOES_ON = re.compile(r"(?:[.,;:)]| +[a-z])[^\n{\[<]*$", re.MULTILINE)


def without_thinking(text: str) -> str:
    """The answer alone. File contents are not touched: a tag inside a fence, or inside JSON, belongs to the file.

    Raises Rejected when the thinking never ends, because then there is no answer.
    """
    text = _final_channel(text)
    text = _without_leading_blocks(text)
    text = _without_implicit_block(text)
    text = _without_later_blocks(text)
    return _without_special_end(text)


def _without_special_end(text: str) -> str:
    start = max(0, len(text) - _LONGEST_END)
    end = next((match for match in _SPECIAL_AT_END.finditer(text, start) if match.end() == len(text)), None)
    return text[: end.start()].rstrip() + "\n" if end else text


def _final_channel(text: str) -> str:
    """The `final` channel of the harmony format, or the call of a tool in `commentary`."""
    start = _SPECIAL_AT_START.match(text)
    rest = text[start.end() :] if start else text
    if not rest.lstrip().startswith("<|channel|>"):
        return rest
    answers = [match for match in _CHANNEL.finditer(rest) if match["name"] == "final"]
    answers = answers or [match for match in _CHANNEL.finditer(rest) if "to=" in match["to"]]
    if not answers:
        raise _never_ends()
    return rest[answers[0].end() :]


def _without_leading_blocks(text: str) -> str:
    for _ in range(_MOST_BLOCKS):
        bare = text.lstrip()
        match = _OPEN.match(bare)
        if match is None:
            break
        text = _after_block(bare, match)
    return text


def _after_block(text: str, opening: re.Match[str]) -> str:
    tag = opening["tag"]
    mark = rf"</ ?{tag}>" if tag else re.escape(_CLOSING[opening.group().lower()])
    closing = re.compile(mark, re.IGNORECASE).search(text, opening.end())
    if closing is None:
        raise _never_ends()
    return text[closing.end() :]


def _without_implicit_block(text: str) -> str:
    """Some templates put `<think>` into the prompt, so that the reply only closes it."""
    closing = _CLOSE_ALONE.search(text)
    if closing is None or _OPEN.search(text, 0, closing.end()) or not _is_outside(text, closing.end()):
        return text
    is_mentioned = _is_mentioned(text, max(closing.span("mark")[0], closing.start()), closing.end())
    return text if is_mentioned else text[closing.end() :]


def _without_later_blocks(text: str) -> str:
    """Blocks between the parts of an answer in fences. A tag in a file or in a sentence is skipped."""
    at = 0
    for _ in range(_MOST_BLOCKS):
        opening = _OPEN.search(text, at)
        if opening is None:
            break
        if not _is_mentioned(text, *opening.span()) and _is_outside(text, opening.start()):
            text = text[: opening.start()] + _after_block(text, opening)
        else:
            at = opening.end()
    return text


def _is_outside(text: str, position: int) -> bool:
    """True when the position lies in no fence, file tag, document or JSON object that is still open there."""
    if is_fenced(text, position) or is_tagged(text, position) or _DOCUMENT.match(text):
        return False
    # bare quotes put the strings out of step, and then the mere number of braces has to do
    return not _in_object(text, position) and (
        _OBJECT.search(text, 0, position) is None or text.count("{", 0, position) <= text.count("}", 0, position)
    )


def _in_object(text: str, position: int) -> bool:
    """Whether braces are open there that stand in no string."""
    at = 0
    while opening := _OBJECT.search(text, at, position):
        depth = 0
        for token in _STRING_OR_BRACE.finditer(text, opening.start(), position):
            depth += _DEPTH.get(token.group(), 0)
            at = token.end()
            if depth == 0:
                break
        else:
            return True
    return False


def _is_mentioned(text: str, start: int, end: int) -> bool:
    """The tag stands in backticks or amid a sentence: it is talked about."""
    before = text[text.rfind("\n", 0, start) + 1 : start].strip()
    return before.endswith("`") or bool(before and before[-1] not in ".!?" and _GOES_ON.match(text, end))


def _never_ends() -> Rejected:
    return Rejected(
        Reason.TRUNCATED_THINKING,
        "Received thinking that never ends, and no answer. Think less and send the files.",
    )
