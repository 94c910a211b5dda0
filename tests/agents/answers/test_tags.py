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
