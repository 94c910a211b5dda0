"""What a model wrote for itself: taking thinking blocks, channels and special tokens off its answer."""

from __future__ import annotations

import re

from agents.answers.rejection import Reason, Rejected

_TAGS = ("think", "thinking", "thought", "thoughts", "reasoning")
_OPEN = re.compile(rf"<(?P<tag>{'|'.join(_TAGS)})>|\[(?P<bracket>THINK)\]", re.IGNORECASE)
_OPEN_LINE = re.compile(rf"^<(?P<tag>{'|'.join(_TAGS)})>", re.IGNORECASE | re.MULTILINE)
_CLOSE_ALONE = re.compile(rf"(?:^|\n)[^\n<]*</(?:{'|'.join(_TAGS)})>|\[/THINK\]", re.IGNORECASE)
_SPECIAL_AT_END = (
    *("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|return|>", "<|end|>", "<|call|>"),
    *("</s>", "<eos>", "<end_of_turn>"),
)
_SPECIAL_AT_START = re.compile(r"\s*(?:<\|im_start\|>|<\|start\|>)(?:assistant)?\s*")
_MOST_BLOCKS, _MOST_SPECIAL = 50, 20
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
    return _without_special_end(text)


def _without_special_end(text: str) -> str:
    bare = text.rstrip()
    if not bare.endswith(_SPECIAL_AT_END):
        return text
    for _ in range(_MOST_SPECIAL):
        token = next((token for token in _SPECIAL_AT_END if bare.endswith(token)), None)
        if token is None:
            break
        bare = bare.removesuffix(token).rstrip()
    return bare + "\n"


def _final_channel(text: str) -> str:
    """The `final` channel of the harmony format."""
    start = _SPECIAL_AT_START.match(text)
    rest = text[start.end() :] if start else text
    if not rest.lstrip().startswith("<|channel|>"):
        return rest
    _, found, answer = rest.partition(_FINAL_CHANNEL)
    if not found:
        raise _never_ends()
    return answer


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
    """Blocks between the parts of an answer in fences. A tag in a fence or in JSON is skipped."""
    at = 0
    for _ in range(_MOST_BLOCKS):
        opening = _OPEN_LINE.search(text, at)
        if opening is None:
            break
        if _is_outside(text, opening.start()):
            text = text[: opening.start()] + _after_block(text, opening)
        else:
            at = opening.end()
    return text


def _is_outside(text: str, position: int) -> bool:
    """True when the position lies neither in an open fence nor in a JSON object that is still open there."""
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
