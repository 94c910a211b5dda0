"""What a model wrote for itself: thinking blocks, channels and special tokens around its answer, and how to take them off."""

from __future__ import annotations

import re

from agents.answers.rejection import Reason, Rejected

_TAGS = ("think", "thinking", "thought", "thoughts", "reasoning")
_OPEN = re.compile(rf"<(?P<tag>{'|'.join(_TAGS)})>|\[(?P<bracket>THINK)\]", re.IGNORECASE)
_CLOSE_ALONE = re.compile(rf"(?:^|\n)[^\n<]*</(?:{'|'.join(_TAGS)})>|\[/THINK\]", re.IGNORECASE)
_SPECIAL_AT_END = re.compile(
    r"(?:\s|<\|(?:im_end|endoftext|eot_id|eom_id|return|end|call)\|>|</s>|<eos>|<end_of_turn>)+\Z"
)
_SPECIAL_AT_START = re.compile(r"\s*(?:<\|im_start\|>|<\|start\|>)(?:assistant)?\s*")
_FINAL_CHANNEL = "<|channel|>final<|message|>"
_FENCE_LINE = re.compile(r"^(`{3,}|~{3,})(.*)$", re.MULTILINE)


def without_thinking(text: str) -> str:
    """The answer alone. File contents are not touched: a tag inside a fence, or inside JSON, belongs to the file.

    Raises Rejected when the thinking never ends, because then there is no answer.
    """
    text = _final_channel(text)
    text = _without_leading_blocks(text)
    text = _without_implicit_block(text)
    text = _without_later_blocks(text)
    end = _SPECIAL_AT_END.search(text)
    return text if end is None or "<" not in end.group() else text[: end.start()] + "\n"


def _final_channel(text: str) -> str:
    """The `final` channel of the harmony format."""
    start = _SPECIAL_AT_START.match(text)
    rest = text[start.end() :] if start else text
    if not rest.lstrip().startswith("<|channel|>"):
        return rest
    before, found, answer = rest.partition(_FINAL_CHANNEL)
    if not found:
        raise _never_ends()
    del before
    return answer


def _without_leading_blocks(text: str) -> str:
    while (match := _OPEN.match(text.lstrip())) is not None:
        text = _after_block(text.lstrip(), match)
    return text


def _after_block(text: str, opening: re.Match[str]) -> str:
    tag = opening["tag"]
    closing = re.compile(rf"</{tag}>" if tag else r"\[/THINK\]", re.IGNORECASE).search(text, opening.end())
    if closing is None:
        raise _never_ends()
    return text[closing.end() :]


def _without_implicit_block(text: str) -> str:
    """Some templates put `<think>` into the prompt, so that the reply only closes it."""
    closing = _CLOSE_ALONE.search(text)
    if closing is None or _OPEN.search(text, 0, closing.end()) or not _is_outside(text, closing.end()):
        return text
    return text[closing.end() :]


def _without_later_blocks(text: str) -> str:
    """Blocks between the parts of an answer in fences. With JSON the answer is found without touching them."""
    for match in re.finditer(rf"^<({'|'.join(_TAGS)})>", text, re.IGNORECASE | re.MULTILINE):
        if _is_outside(text, match.start()):
            opening = _OPEN.match(text, match.start())
            assert opening
            return _without_later_blocks_bounded(text, opening)
    return text


def _without_later_blocks_bounded(text: str, opening: re.Match[str]) -> str:
    return text[: opening.start()] + _after_block(text, opening)


def _is_outside(text: str, position: int) -> bool:
    """True when the position lies neither in an open fence nor behind the start of a JSON answer that is still open there."""
    fence = ""
    for match in _FENCE_LINE.finditer(text, 0, position):
        if not fence:
            fence = match[1]
        elif match[1].startswith(fence) and not match[2].strip():
            fence = ""
    if fence:
        return False
    before = text[:position]
    return before.count('{"') == 0 or before.count("{") <= before.count("}")


def _never_ends() -> Rejected:
    return Rejected(
        Reason.TRUNCATED_THINKING,
        "Received thinking that never ends, and no answer. Think less and send the files.",
    )
