"""Files between <file> tags."""

from __future__ import annotations

import pytest

from agents.answers import Reason, Rejected, read_reply


def _refused(reply: str) -> Reason:
    with pytest.raises(Rejected) as caught:
        read_reply(reply)
    return caught.value.reason


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ('path="a.py" type="diff"', Reason.DIFF_UNSUPPORTED),
        ('path="a.py" action="append"', Reason.DIFF_UNSUPPORTED),
        ('path="a.py" encoding="base64"', Reason.AMBIGUOUS),
        ('path="a.py" lines="1-10"', Reason.AMBIGUOUS),
        ('path="a.py" part="1"', Reason.AMBIGUOUS),
        ('path="a.py" append', Reason.AMBIGUOUS),
        ('name="b.py" path="a.py"', Reason.AMBIGUOUS),
    ],
)
def test_a_tag_that_may_mean_a_part_or_another_encoding_is_refused(attributes: str, reason: Reason) -> None:
    assert _refused(f"<file {attributes}>\nx = 1\n</file>") == reason


@pytest.mark.parametrize(
    "attributes",
    [
        'path="src/a.py" language="python" type="text/x-python"',
        "filename='src/a.py' encoding='utf-8' mode='755'",
        'name="a.py" path="src/a.py"',
        'name="Main" path="src/a.py" action="create" description="delete"',
    ],
)
def test_other_attributes_change_nothing(attributes: str) -> None:
    assert read_reply(f"<file {attributes}>\nx = 1\n</file>").files == {"src/a.py": "x = 1\n"}


def test_other_tags_before_the_content_change_nothing() -> None:
    members = "<language>python</language>\n<action>create</action><name>a.py</name>"
    reply = f"<file><path>src/a.py</path>{members}<content>\nx = 1\n</content></file>"
    assert read_reply(reply).files == {"src/a.py": "x = 1\n"}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ("<mode>append</mode>", Reason.DIFF_UNSUPPORTED),
        ("<encoding>base64</encoding>", Reason.AMBIGUOUS),
        ("<lines>1-10</lines>", Reason.AMBIGUOUS),
        ("<name>b.py</name>", Reason.AMBIGUOUS),
    ],
)
def test_other_tags_that_may_mean_a_part_or_another_file_are_refused(members: str, reason: Reason) -> None:
    assert _refused(f"<file><path>a.py</path>{members}<content>x = 1\n</content></file>") == reason


def test_tags_without_a_content_tag_behind_them_are_content() -> None:
    page = "<title>Hello</title>\n<p>Hello</p>\n"
    assert read_reply(f'<file path="index.html">\n{page}</file>').files == {"index.html": page}


def test_a_tag_that_closes_itself_is_a_file_that_is_empty_as_a_rule() -> None:
    reply = '<file path="src/__init__.py"/>\n<file path="src/a.py">\nx = 1\n</file>'
    assert read_reply(reply).files == {"src/__init__.py": "", "src/a.py": "x = 1\n"}
    assert _refused('<file path="src/a.py"/>') == Reason.AMBIGUOUS


def test_a_line_in_a_file_deletes_nothing_and_one_behind_it_does() -> None:
    answer = read_reply('<file path="README.md">\n# Format\n\nDELETE: a.py\n</file>\n\nDELETE: b.py\n')
    assert answer.files == {"README.md": "# Format\n\nDELETE: a.py\n"}
    assert answer.deleted == {"b.py"}
