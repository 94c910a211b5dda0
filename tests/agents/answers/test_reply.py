"""Choosing the format of a reply, its limits, and what goes back to the model."""

from __future__ import annotations

import json
import time

import pytest

from agents.answers import LONGEST_REPLY, Reason, Rejected, fenced, read_reply, reask

_JSON = '{"files": [{"path": "a.py", "content": "x = 1\\n"}]}'
_FILES = {"a.py": "x = 1\n"}


@pytest.mark.parametrize(
    "reply",
    [
        f"Let me see {{a}}.\n</think>\n{_JSON}",
        f"Okay.\n<think>draft {_JSON.replace('1', '2')}</think>\n{_JSON}",
        f"<thinking>One.</thinking><think>Two.</think>{_JSON}",
        f"<|start|>assistant<|channel|>final<|message|>{_JSON}<|return|>",
        f"```json\n{_JSON}\n```<|im_end|>",
        f"const files = {_JSON};",
        json.dumps([{"type": "function", "function": {"name": "write", "arguments": _JSON}}]),
        json.dumps([{"name": "write_file", "arguments": {"path": "a.py", "content": "x = 1\n"}}]),
        '{"path": "a.py", "content": "x = 1\\n"}',
        '{files: [{path: "a.py", content: "x = 1\\n"}]}',
        '{"files": [{"path": "a.py", "content": "x = 1\\n",},],}',
        '{"files": [{"path": "a.py", "content": "x " + "= 1\\n"}]}',
        "{'files': [{'path': 'a.py', 'content': '''x = 1\n'''}]}",
        "<file name='a.py'><![CDATA[x = 1\n]]></file>",
        '<think>Hm.</think>\n<file path="a.py">\nx = 1\n</file>',
        f"The <body> element comes first, and a Result<SourceFile> too.\n{_JSON}",
        '{"files": [{"path": "a.py", "content": "x = 1\\n", "replace": true}]}',
        "files:\n- path: a.py\n  content: |\n    x = 1\n",
        "```diff\n--- /dev/null\n+++ b/a.py\n@@ -0,0 +1 @@\n+x = 1\n```",
    ],
)
def test_every_way_to_say_it_gives_the_same_file(reply: str) -> None:
    assert read_reply(reply).files == _FILES


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("<think>Still thinking {", Reason.TRUNCATED_THINKING),
        ("I can't help with that.", Reason.REFUSAL),
        ("Unfortunately, I cannot assist with this.", Reason.REFUSAL),
        ("I must decline to write this program.", Reason.REFUSAL),
        ("OK", Reason.NO_FILES),
        ('{"files": [{"path": "a.py", "content": "re.match(r\'\\d\')"}]}', Reason.MALFORMED),
        ('{"files": [{"path": "a.py", "content": "x', Reason.TRUNCATED),
        ("files:\n- name: a.md\n  content: >\n    folded\n    text\n", Reason.NO_FILES),
        ('[[files]]\npath = "a.py"\ncontent = """\nprint("\\n")\n"""\n', Reason.NO_FILES),
        ("<file>x</file>", Reason.NO_FILES),
        ('<file path="a.py">x = 1 &lt; 2\n</file>', Reason.AMBIGUOUS),
        ("x" * (LONGEST_REPLY + 1), Reason.TOO_LARGE),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_read_for_certain_is_refused(reply: str, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        read_reply(reply)
    assert caught.value.reason == reason


def test_the_format_that_begins_first_is_the_replys() -> None:
    page = 'See:\n```js a.js\nlet x = 1;\n```\n<file path="b.py">\n'
    as_json = json.dumps({"files": [{"path": "README.md", "content": page}]})
    assert read_reply(f"Here:\n{as_json}").files == {"README.md": page}
    assert read_reply(fenced("README.md", page)).files == {"README.md": page}


def test_quotes_that_could_end_the_content_in_two_places_are_refused() -> None:
    reply = '{"files": [{"path": "a.txt", "content": "say "a", "note": "b"}]}'
    with pytest.raises(Rejected):
        read_reply(reply)


def test_a_deletion_list_in_json_is_read() -> None:
    assert read_reply('{"files": [], "deleted": ["old.py"]}').deleted == {"old.py"}


def test_the_question_to_the_model_names_what_came_and_what_is_missing() -> None:
    reply = (
        '{"files": [{"path": "a.py", "content": "x = 1\\n"}, {"path": "b.py", "content": "# ... rest of the code\\n"}]}'
    )
    with pytest.raises(Rejected) as caught:
        read_reply(reply)
    question = reask(caught.value)
    assert "'b.py' leaves out code" in question
    assert "kept, do not repeat them: 'a.py'" in question
    assert "Send again, whole: 'b.py'." in question


@pytest.mark.parametrize(
    "reply",
    [
        *(
            "[" * 5000,
            "{" * 200_000,
            '"' * 1_000_000,
            "`" * 1_000_000,
            "```\n" * 200_000,
            "<think>" * 100_000,
            "\n" * 1_000_000,
        ),
        *('["' * 300_000, "['" * 300_000, '{"a":' * 200_000, "``` " + " " * 500_000 + "x", '<file path="a">' * 50_000),
        *(
            '{"files": /*' * 50_000,
            "### FILE: a.py\n" * 50_000,
            "FILE" + ":" * 1_000_000,
            "=" * 1_000_000,
            "&quot;" * 100_000,
            "files:\n  - " + "[" * 50_000,
        ),
        '{"files": [{"path": "a.py", "content": "' + 'x = "1"\\n' * 100_000 + '"}]}',
        '{"files": [{"path": "a.py", "content": "' + "# rest of the " + "the " * 200_000 + '"',
    ],
    ids=lambda reply: reply[:12],
)
def test_hostile_text_is_refused_in_good_time(reply: str) -> None:
    started = time.process_time()
    with pytest.raises(Rejected):
        read_reply(reply)
    assert time.process_time() - started < 3
