"""`python -m agents.verification DIR`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.verification.__main__ import main
from agents.verification.box import SandboxUnavailable
from agents.verification.sandbox import choose

QUICK = ["--settings", '{"vacuity": false, "coverage": false, "lint": false}']


@pytest.fixture(autouse=True)
def _needs_a_sandbox() -> None:
    try:
        choose("auto")
    except SandboxUnavailable as error:
        pytest.skip(str(error))


def project(folder: Path, expected: int) -> str:
    (folder / "app.py").write_text("def one():\n    return 1\n")
    (folder / "test_app.py").write_text(f"from app import one\n\n\ndef test_one():\n    assert one() == {expected}\n")
    return str(folder)


def test_a_green_project_ends_with_0_and_prints_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([project(tmp_path, 1), *QUICK]) == 0
    assert capsys.readouterr().out.startswith("# Report, iteration 1: Score: 10.0/10\n")


def test_a_failing_project_ends_with_1_and_its_json_says_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([project(tmp_path, 2), "--json", *QUICK]) == 1
    content = json.loads(capsys.readouterr().out)
    assert (content["verdict"], content["green"], content["sandbox"]) == ("FAIL", False, choose("auto").name)
    assert content["tested"]["tests"][0]["id"] == "test_app.py::test_one"


def test_what_cannot_be_tried_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "missing")]) == 2
    assert "no such folder" in capsys.readouterr().err
