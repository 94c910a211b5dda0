"""Replies in every shape that models give them, each with what may be made of it; one a line in replies.jsonl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.answers import Rejected, read_reply

_DATA = Path(__file__).parents[2] / "data/replies/replies.jsonl"
_CASES = [json.loads(line) for line in _DATA.read_text(encoding="utf-8").splitlines()]
_RECOVERED = [case for case in _CASES if case["outcome"] == "recover"]
_REFUSABLE = {"046-invalid-escape-dollar", "145-cut-before-closers"}


def _read(case: dict[str, Any]) -> dict[str, str]:
    return dict(read_reply(case["reply"], finish=case["finish"], project=case.get("project", "demo")).files)


def _comparable(case: dict[str, Any], files: dict[str, str]) -> dict[str, Any]:
    return {path: json.loads(content) for path, content in files.items()} if case.get("compare") == "json" else files


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["name"])
def test_a_reply_is_read_as_expected_or_refused_but_never_wrongly(case: dict[str, Any]) -> None:
    allowed = [case["files"]] if case["outcome"] == "recover" else []
    try:
        files = _read(case)
    except Rejected as caught:
        rejected = caught
    else:
        assert _comparable(case, files) in [_comparable(case, one) for one in [*allowed, *case.get("alternatives", [])]]
        return
    assert case["outcome"] == "reject" or "reject" in case.get("also_ok", [])
    assert rejected.sentence.endswith(".")
    assert dict(rejected.salvage) == case.get("salvage", {})


@pytest.mark.parametrize("case", _RECOVERED, ids=lambda case: case["name"])
def test_what_can_be_recovered_is_recovered(case: dict[str, Any]) -> None:
    if case["name"] in _REFUSABLE:
        with pytest.raises(Rejected):
            _read(case)
    else:
        assert _comparable(case, _read(case)) == _comparable(case, case["files"])


@pytest.mark.parametrize("case", [case for case in _CASES if "reason" in case], ids=lambda case: case["name"])
def test_a_refusal_names_its_reason(case: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as caught:
        _read(case)
    also = {"no_json": "no_files"}
    assert caught.value.reason in (case["reason"], also.get(case["reason"]))
