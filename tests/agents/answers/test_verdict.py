"""Small JSON answers: plans by schema, yes/no verdicts."""

from __future__ import annotations

import pytest

from agents.answers import Reason, Rejected, read_json


@pytest.mark.parametrize(
    "reply",
    [
        '{"met": true}',
        '<think>{"met": false}</think>\n{"met": true}',
        'My verdict:\n```json\n{"met": true}\n```\nBecause {x}.',
        "{met: true, // yes\n}",
        '\ufeff{"met": true}<|im_end|>',
        '{"met": true}\n\n{"met": true}',
    ],
)
def test_a_verdict_is_found_in_whatever_surrounds_it(reply: str) -> None:
    assert read_json(reply, keys=("met",)) == {"met": True}


def test_lists_are_read_too() -> None:
    assert read_json('["a", "b"]') == ["a", "b"]


@pytest.mark.parametrize(
    ("reply", "finish", "reason"),
    [
        ("yes", "stop", Reason.NO_JSON),
        ("42", "stop", Reason.NO_JSON),
        ('{"other": 1}', "stop", Reason.NO_JSON),
        ('{"met": tr', "stop", Reason.NO_JSON),
        ('{"met": true} or {"met": false}', "stop", Reason.AMBIGUOUS),
        ('{"met": true, "met": false}', "stop", Reason.AMBIGUOUS),
        ('{"met": true}', "length", Reason.TRUNCATED),
        ("<think>hm", "stop", Reason.TRUNCATED_THINKING),
        ("[" * 100_000, "stop", Reason.NO_JSON),
    ],
)
def test_anything_else_is_refused(reply: str, finish: str, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        read_json(reply, finish=finish, keys=("met",))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        (
            "Received no JSON that can be read. Answer with one JSON object and nothing else.",
            "received no JSON that can be read",
        ),
        ("'a.py' leaves out code; send the file whole.", "'a.py' leaves out code"),
        ("The key 'v1.2' is given twice; give each key once.", "the key 'v1.2' is given twice"),
    ],
)
def test_a_person_hears_what_was_wrong_and_not_what_is_asked_of_the_model(sentence: str, told: str) -> None:
    assert Rejected(Reason.SCHEMA, sentence).received == told
