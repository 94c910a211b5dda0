"""A reply with files in two formats, of which only one is read."""

from __future__ import annotations

from itertools import permutations

import pytest

from agents.answers import Reason, Rejected, fenced, read_reply

_ANSWERS = {
    "a.py": '{"files": [{"path": "a.py", "content": "x\\n"}]}\n',
    "b.py": fenced("b.py", "x\n"),
    "c.py": '<file path="c.py">\nx\n</file>\n',
}


@pytest.mark.parametrize(("first", "second"), [*permutations(_ANSWERS, 2)])
def test_files_in_a_second_format_are_not_dropped(first: str, second: str) -> None:
    with pytest.raises(Rejected) as caught:
        read_reply(f"{_ANSWERS[first]}\nAnd:\n\n{_ANSWERS[second]}")
    assert caught.value.reason == Reason.SEVERAL_ANSWERS
    assert (caught.value.salvage, caught.value.missing) == ({first: "x\n"}, (second,))


@pytest.mark.parametrize("answer", _ANSWERS)
@pytest.mark.parametrize(
    "prose",
    [
        "Run:\n```bash\npython a.py\n```\n",
        'The API returns {"name": "x"}.\n',
        "It calls `f(path: str)`.\n",
        "Expected:\n```text\nx\n```\n",
    ],
)
def test_what_only_explains_an_answer_is_no_second_one(answer: str, prose: str) -> None:
    assert read_reply(f"{_ANSWERS[answer]}\n{prose}").files == {answer: "x\n"}


@pytest.mark.parametrize("answer", ["a.py", "c.py"])
def test_the_same_file_in_a_second_format_is_no_contradiction(answer: str) -> None:
    again = f"{fenced(answer, 'x')}\n**{answer}**\n```python\npart\n```\n"
    assert read_reply(_ANSWERS[answer] + again).files == {answer: "x\n"}
