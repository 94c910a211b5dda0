"""`python -m agents.answers FILE`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.answers import fenced
from agents.answers.__main__ import main


def test_files_are_printed_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reply = tmp_path / "reply.txt"
    reply.write_bytes(fenced("demo/a.py", "x = 1\r\n").encode())
    assert main([str(reply), "--project", "demo"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["outcome"] == "recover"
    assert printed["files"] == [{"path": "a.py", "content": "x = 1\r\n"}]


def test_a_rejection_is_printed_with_what_could_be_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reply = tmp_path / "reply.txt"
    reply.write_text(fenced("a.py", "x = 1\n"), encoding="utf-8")
    assert main([str(reply), "--finish", "length"]) == 1
    printed = json.loads(capsys.readouterr().out)
    assert (printed["outcome"], printed["reason"]) == ("reject", "truncated")
    assert printed["salvage"] == [{"path": "a.py", "content": "x = 1\n"}]


def test_a_file_that_is_missing_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main([str(tmp_path / "none.txt")])
    assert caught.value.code == 2
