"""Files that requirements and plan name."""

from __future__ import annotations

import pytest

from agents.verification.promised import unkept

ASKED = "In three files:\n- reader.py: load(path)\n- report.py: by_month(entries)\n- expenses.py: the program\n"
PLANNED = ("expenses.py", "reader.py", "report.py")


def test_each_file_that_both_name_has_to_be_there() -> None:
    assert unkept(ASKED, PLANNED, ["expenses.py", "tests/test_expenses.py"]) == [
        "Requirements and plan name the file reader.py, which is not there",
        "Requirements and plan name the file report.py, which is not there",
    ]


@pytest.mark.parametrize(
    ("requirements", "planned", "paths"),
    [
        (ASKED, PLANNED, [f"src/{path}" for path in PLANNED]),
        (ASKED, (), []),
        ("Counts the lines of main.py and such files.", ("count.py",), []),
        ("Do not write utils.py.", ("app.py",), ["app.py"]),
        ("The whole of domain.py", ("main.py",), []),
        ("Write Main.py", ("Main.py",), ["main.py"]),
        ("Write camel.js for Node", ("camel.js",), ["src/camel.ts"]),
        ("A page with app.js", ("app.js",), ["app.jsx"]),
        ("Reads data.json", ("data.json",), []),
    ],
)
def test_nothing_else_has(requirements: str, planned: tuple[str, ...], paths: list[str]) -> None:
    assert unkept(requirements, planned, paths) == []


def test_another_language_is_another_file() -> None:
    assert len(unkept("Write camel.js for Node.", ["camel.js"], ["camel.py"])) == 1
