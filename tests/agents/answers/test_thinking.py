"""Tags of thinking that are not thinking: they stand in a file, or a sentence mentions them."""

from __future__ import annotations

import pytest

from agents.answers import Reason, Rejected, fenced, read_reply

_A, _B = fenced("a.py", "x = 1\n"), fenced("b.py", "y = 2\n")
_BOTH = {"a.py": "x = 1\n", "b.py": "y = 2\n"}
_TAGGED = "s = '<think>x</think>'\n"


@pytest.mark.parametrize(
    ("reply", "content"),
    [
        (f"1. FILE: a.py\n   ```python\n   {_TAGGED}   ```\n", _TAGGED),
        (f"<file><path>a.py</path><content>\n{_TAGGED}</content></file>", _TAGGED),
        (f'{{"files": [{{"path": "a.py", "content": "a = \'}}}}}}\'\n{_TAGGED}"}}]}}', f"a = '}}}}}}'\n{_TAGGED}"),
        ("{'files': [{'path': 'a.py', 'content': '# }}} <think>x</think>'}]}", "# }}} <think>x</think>"),
    ],
)
def test_a_tag_in_a_file_stays(reply: str, content: str) -> None:
    assert read_reply(reply).files == {"a.py": content}


@pytest.mark.parametrize(
    "reply",
    [
        f"It parses <think> tags.\n\n{_A}{_B}",
        f"{_A}It parses (<think>), too.\n\n{_B}",
        f"{_A}It stops at </think> tags.\n\n{_B}",
        f"{_A}It stops at </think>.\n\n{_B}",
    ],
)
def test_a_tag_in_a_sentence_is_only_mentioned(reply: str) -> None:
    assert read_reply(reply).files == _BOTH


@pytest.mark.parametrize(
    "thinking", ["<think>Now b.</think>", "Next.<think>It's b.\n{</think>", "<think>\n```\n</think>\n"]
)
def test_thinking_between_two_files_is_taken_off(thinking: str) -> None:
    assert read_reply(f"{_A}\n{thinking}\n{_B}").files == _BOTH


@pytest.mark.parametrize("reply", ["Okay <think>so {}", "Okay <think> so {}", "Okay.\n<think>\n{}"])
def test_a_draft_in_thinking_that_never_ends_is_no_answer(reply: str) -> None:
    with pytest.raises(Rejected) as caught:
        read_reply(reply.replace("{}", '{"files": [{"path": "a.py", "content": "x = 1\\n"}]}'))
    assert (caught.value.reason, caught.value.salvage) == (Reason.TRUNCATED_THINKING, {})
