"""Answers in JSON: whose files they are, where they begin and end, and what is no file."""

from __future__ import annotations

import json

import pytest

from agents.answers import Reason, Rejected, fenced, read_reply

Files = dict[str, str]

_A = '{"path": "a.py", "content": "x"}'
_B = '{"path": "b.py", "content": "y"}'
_TEXT = json.dumps(f'{{"files": [{_A}], "deleted": ["b.py"]}}')
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


def _pairs(*pairs: tuple[str, str]) -> str:
    return json.dumps({"files": [{"path": path, "content": content} for path, content in pairs]})


@pytest.mark.parametrize(
    ("reply", "path"),
    [
        ('{"files": {"path": "a.py", "content": "x"}}', "a.py"),
        ('{"files": {"main": {"path": "src/a.py", "content": "x"}}}', "src/a.py"),
        ('{"files": {"1": {"file": "src/a.py", "content": "x"}}}', "src/a.py"),
        ('{"files": {"src/a.py": {"name": "a.py", "content": "x"}}}', "src/a.py"),
        ('{"files": {"Makefile": "x"}}', "Makefile"),
        ('{"files": {"bin/run": "x"}}', "bin/run"),
        (f'{{"files": [{_A}], "version": "1", "notes": {{"a.py": "is x"}}, "complete": true}}', "a.py"),
        ('{"files": [{"path": "a.py", "content": "x", "part": 1, "total_parts": 1, "delete": false}]}', "a.py"),
        (f'[{{"name": "write_file", "arguments": {_A}}}, {{"name": "run", "arguments": {{"x": 1}}}}]', "a.py"),
        ('{"name": "edit_tool", "input": {"command": "create", "path": "a.py", "file_text": "x"}}', "a.py"),
    ],
)
def test_a_file_has_the_path_that_is_given_for_it(reply: str, path: str) -> None:
    assert read_reply(reply).files == {path: "x"}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ('{"files": {"a.py": "x", "description": "two files"}}', Reason.SCHEMA),
        ('{"files": {"b.py": {"path": "src/a.py", "content": "x"}}}', Reason.AMBIGUOUS),
        ('{"main.py": {"path": "src/a.py", "content": "x"}}', Reason.AMBIGUOUS),
        ('{"files": [{"a.py": "x"}, {"scripts/run": "y"}]}', Reason.AMBIGUOUS),
        (f'[{{"files": [{_A}]}}, {{"tests": [{_B}]}}]', Reason.AMBIGUOUS),
        (f'{{"result": {{"files": [{_A}]}}, "tests": {{"files": [{_B}]}}}}', Reason.AMBIGUOUS),
        (f'{{"path": "a.py", "content": "x", "tests": [{_B}]}}', Reason.AMBIGUOUS),
        (f'{{"files": [{_A}]}}\n{{"tests": [{_B}]}}', Reason.SCHEMA),
        (f'{{"files": [{_A}]}}\nOutput:\n```json\n{{"report.txt": "done"}}\n```', Reason.AMBIGUOUS),
        (f'{{"files": [{_A}]}}\nEach is like {_B}.', Reason.AMBIGUOUS),
        (
            json.dumps([{"name": "w", "arguments": _B.replace("y", '"')}, {"name": "w", "arguments": _A}]),
            Reason.AMBIGUOUS,
        ),
        *(
            (f'{{"files": [{_A}], {beside}}}', Reason.AMBIGUOUS)
            for beside in (
                '"tests": {"tests/test_a.py": "y"}',
                f'"tests": {{"files": [{_B}]}}',
                f'"test": {_B}',
                '"b.py": "y"',
                '"tests": [{"name": "b.py", "text": "y"}]',
            )
        ),
    ],
)
def test_files_that_would_be_lost_or_misnamed_are_refused(reply: str, reason: Reason) -> None:
    assert _reason(reply) == reason


@pytest.mark.parametrize(
    "reply",
    [
        *(f'{{"name": "{name}", "arguments": {_A}}}' for name in ("append_file", "file.insert", "patchFile")),
        f'[{{"name": "write", "arguments": {_A}}}, {{"name": "delete_file", "arguments": {{"path": "b.py"}}}}]',
        f'{{"name": "write", "arguments": {_A}}}\n{{"name": "removeFile", "arguments": {{"path": "b.py"}}}}',
        *(
            f'{{"files": [{_B}, {{"path": "a.py", "content": "", {member}}}]}}'
            for member in ('"delete": true', '"deleted": true', '"is_symlink": true')
        ),
        *(
            f'{{"files": [{_B}, {{"path": "a.py", "content": "", "type": "{kind}"}}]}}'
            for kind in ("delete", "append", "directory", "symlink")
        ),
    ],
)
def test_an_edit_or_a_deletion_is_not_taken_for_a_file(reply: str) -> None:
    assert _reason(reply) == Reason.DIFF_UNSUPPORTED


@pytest.mark.parametrize(
    "reply",
    [
        '{"files": [{"path": "a.py", "content": "x", "part": 1, "total_parts": 2}]}',
        '{"files": [{"path": "a.py", "content": "x", "complete": false}]}',
        f'{{"files": [{_A}], "truncated": true}}',
        f'{{"files": [{_A}], "has_more": true}}',
    ],
)
def test_what_says_that_more_follows_is_a_part(reply: str) -> None:
    assert _reason(reply) == Reason.TRUNCATED


@pytest.mark.parametrize(
    "reply",
    [
        f'{{"response": {{"files": [{_A}], "deleted": ["b.py"]}}}}',
        f'{{"name": "w", "arguments": {_TEXT}}}',
        f'{{"files": [{_A}], "deleted": [], "delete": ["b.py"]}}',
        "{'files': [{'path': 'a.py', 'content': 'x'}], 'deleted': ['b.py']}",
        '{"files": [{"path": "demo/a.py", "content": "x"}], "deleted": ["demo/b.py"]}',
        '{"files": [{"path": "demo/a.py", "content": "x"}], "deleted": ["b.py"]}',
    ],
)
def test_deletions_are_read_where_the_files_are(reply: str) -> None:
    answer = read_reply(reply, project="demo")
    assert answer.files == {"a.py": "x"}
    assert answer.deleted == {"b.py"}


@pytest.mark.parametrize("nothing", ["null", "false", "[]"])
def test_an_empty_delete_list_deletes_nothing(nothing: str) -> None:
    assert not read_reply(f'{{"files": [{_A}], "deleted": {nothing}}}').deleted


@pytest.mark.parametrize("path", ["src/A.py", "src"])
def test_what_is_sent_cannot_be_deleted(path: str) -> None:
    reply = f'{{"files": [{{"path": "src/a.py", "content": "x"}}], "deleted": ["{path}"]}}'
    assert _reason(reply) == Reason.AMBIGUOUS


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (_pairs(("a.py", "1"), ("a.py", "2"), ("a.py", "3"), ("b.py", "y")), Reason.DUPLICATE_PATH),
        (_pairs(("a.py", "# ... rest of the code\n"), ("a.py", "2"), ("b.py", "y")), Reason.DUPLICATE_PATH),
        (_pairs(("src/app.py", "1"), ("src", "2"), ("b.py", "y")), Reason.PATH_CONFLICT),
    ],
)
def test_of_files_that_contradict_each_other_none_counts_as_whole(reply: str, reason: Reason) -> None:
    assert _reason(reply, {"b.py": "y"}) == reason


_TORN = '{"files": [{"path": "a.js", "content": "f(\'a\\n\')\nx()\n"}]}'


@pytest.mark.parametrize(
    "reply",
    [
        *(_TORN.replace("\\n", escape) for escape in ("\\n", "\\b", "\\f", "\\r", "\\t", "\\/", "\\u0041")),
        _TORN.replace('"', "\u201d"),
        json.dumps(_TORN),
        json.dumps({"name": "w", "arguments": _TORN}),
        '{"files": [{"path": "a.py", "content": "print("a\\tb")\\n"}]}',
        "{'files': [{'path': 'a.js', 'content': '''f(\"a\\nb\")\nx\n'''}]}",
        "{'files': [{'path': 'Dockerfile', 'content': '''RUN a \\\n  && b\n'''}]}",
        "{'files': [{'path': 'Dockerfile', 'content': 'RUN a \\\n  && b'}]}",
        "{'files': [{'path': 'a.txt', 'content': '''a\r\nb\r\n'''}]}",
    ],
)
def test_escapes_that_may_belong_to_the_code_are_refused(reply: str) -> None:
    assert _reason(reply) in (Reason.MALFORMED, Reason.SCHEMA)


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps({"name": "w", "arguments": '{"path": "a.js", "content": "f(\\"\\\\n\\")\nx\n"}'}),
        "{'files': [{'path': 'a.js', 'content': r'''f(\"\\n\")\nx\n'''}]}",
    ],
)
def test_escapes_that_can_only_be_meant_one_way_are_read(reply: str) -> None:
    assert read_reply(reply).files == {"a.js": 'f("\\n")\nx\n'}


def _one(path: str, content: object, **beside: object) -> str:
    return json.dumps({"files": [{"path": path, "content": content}], **beside})


@pytest.mark.parametrize(
    ("content", "text"),
    [(["a", "b"], '[\n  "a",\n  "b"\n]\n'), (["{", '"a": 1', "}"], '{\n"a": 1\n}\n'), ([1.5], "[\n  1.5\n]\n")],
)
def test_json_that_is_not_quoted_is_written_as_json(content: object, text: str) -> None:
    assert read_reply(_one("a.json", content)).files == {"a.json": text}


@pytest.mark.parametrize(
    "number", ["NaN", "undefined", "Infinity", "12345678901234567890.5", "1e3", "1e400", "0.00001"]
)
def test_a_number_that_would_be_written_otherwise_is_refused(number: str) -> None:
    reply = f'{{"files": [{{"path": "a.json", "content": {{"a": [{number}]}}}}]}}'
    assert _reason(reply) == Reason.SCHEMA
    assert read_reply(f'{{"confidence": {number}, "files": [{_A}]}}').files == {"a.py": "x"}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.js", "const a = 1;\\nfoo();\\n"),
        ("a.md", "# T\\n\\nfoo\\n"),
        ("a.csv", "a,b\\n1,2\\n"),
        ("a.json", '{\\n  \\"a\\": 1\\n}'),
        ("a.toml", "a = 1\\nb = 2"),
    ],
)
def test_a_file_on_one_line_with_written_out_line_ends_is_refused(path: str, content: str) -> None:
    assert _reason(_one(path, content)) == Reason.DOUBLE_ESCAPED


@pytest.mark.parametrize(("path", "content"), [("a.json", '{"a": "x\\n"}'), ("a.sh", "printf 'a\\nb\\n'\n")])
def test_a_line_end_in_a_string_of_the_code_is_taken(path: str, content: str) -> None:
    assert read_reply(_one(path, content)).files == {path: content}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (_one("a.py", "eA==", encoding="base64"), Reason.SCHEMA),
        (_one("a.py", "x", base_path="src"), Reason.AMBIGUOUS),
        (_one("a.py", "x", truncated=True), Reason.TRUNCATED),
        ('{"files": [{"path": "a.py", "parent": "src", "content": "x"}]}', Reason.AMBIGUOUS),
        ('{"files": [{"path": "a", "extension": "py", "content": "x"}]}', Reason.AMBIGUOUS),
        ('{"files": [{"path": "a.png", "encoding": "base64", "content": "iVBORw0KGgo="}]}', Reason.NOT_TEXT),
        ('{"refusal": "No."}', Reason.REFUSAL),
    ],
)
def test_what_stands_beside_a_content_counts(reply: str, reason: Reason) -> None:
    assert _reason(reply, {}) == reason


def test_what_stands_beside_a_cut_list_counts() -> None:
    reply = f'{{"encoding": "base64", "files": [{_A}, {{"path'
    with pytest.raises(Rejected) as caught:
        read_reply(reply, finish="length")
    assert not caught.value.salvage
