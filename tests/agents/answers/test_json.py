"""Answers in JSON: whose files they are, where they begin and end, and what is no file."""

from __future__ import annotations

import json

import pytest

from agents.answers import Reason, Rejected, fenced, read_reply

Files = dict[str, str]

_A = '{"path": "a.py", "content": "x"}'
_B = '{"path": "b.py", "content": "y"}'
_TWO = {"a.py": 'x = {"a": [1]}\n', "b.py": "y = 2\n"}


def _reason(reply: str, salvage: Files | None = None) -> Reason:
    with pytest.raises(Rejected) as caught:
        read_reply(reply, project="demo")
    assert salvage is None or caught.value.salvage == salvage
    return caught.value.reason


def _call(path: str, content: str) -> str:
    call = json.dumps({"id": 1, "name": "write_file", "arguments": {"path": path, "content": content}})
    return f"<tool_call>\n{call}\n</tool_call>"


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps({"done": "s", "files": [{"no": 1, "path": path, "content": _TWO[path]} for path in _TWO]}),
        json.dumps([{"language": "python", "path": path, "content": _TWO[path]} for path in _TWO]),
        json.dumps(_TWO),
        json.dumps({"status": "ok", "files": _TWO}),
    ],
)
def test_a_value_cut_anywhere_is_no_answer(reply: str) -> None:
    for end in range(1, len(reply) - 2):
        assert _reason(reply[:end]) in (Reason.TRUNCATED, Reason.MALFORMED, Reason.NO_FILES)


@pytest.mark.parametrize(
    "reply",
    [
        f'[{_A}, {{"kind": "py", "path": "b.py", "content": "print("y")"}}]',
        '{"status": "ok", "files": [{"id": 1, "path": "a.py", "content": "x"}, {"path": "b.py", "content": "\\d"}]}',
        '[{"a.py": "x"}, {"b.py": "\\d"}]',
        '{"id": 1, "path": "a.py", "content": "x"}\n{"id": 2, "path": "b.py", "content": "\\d"}',
        '{"a.py": "\\d"}',
        f'{{"files" = [{_A}]}}',
        f'{{"files": [{_A}]}}'.replace('"', '\\"'),
    ],
)
def test_files_beside_a_value_that_cannot_be_read_are_no_answer(reply: str) -> None:
    assert _reason(reply) == Reason.MALFORMED


@pytest.mark.parametrize(
    "end", ["{", '{"pa', "<tool_call>", '<tool_call>\n{"na', "</tool_c", '```json\n{"fi', "```json\n"]
)
def test_another_value_that_only_begins_is_a_cut(end: str) -> None:
    assert _reason(f"{_A}\n{end}") == Reason.TRUNCATED


@pytest.mark.parametrize(
    "remark",
    [
        "I added `load(path: str)`.",
        'The API returns {"name": "x"}.',
        'Rows are [name: str] or [{"id": 1, "name": "x"}] or [{"name": "x"}].',
        'It takes {"path": str, "content": str}.',
    ],
)
def test_json_in_a_remark_is_not_where_the_answer_begins(remark: str) -> None:
    body = f'CASE = {{"files": [{_B}]}}\n'
    for answer in (fenced("a.py", body), f'<file path="a.py">\n{body}</file>\n', json.dumps({"a.py": body})):
        assert read_reply(f"{remark}\n\n{answer}").files == {"a.py": body}
