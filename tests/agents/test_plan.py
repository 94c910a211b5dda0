from __future__ import annotations

import json
import re

import pytest

from agents.plan import (
    Plan,
    PlannedFile,
    complete_criteria,
    is_test,
    judge_examples,
    render,
    tidy,
)
from agents.requirements import number
from agents.verification.examples import Example
from agents.verification.examples_text import read_examples

REQUIREMENTS = number("""
- `python add.py 1 2` prints 3
- prints `Hello, World!` otherwise
- a wrong word: exit code 2
- `todo.py list` prints 1. TEXT
""")


def paths(*given: str) -> list[str]:
    return [file.path for file in tidy([PlannedFile(path) for path in given])]


def test_a_path_stands_once_and_tests_stand_last() -> None:
    assert paths("tests/test_a.py", "a.py", "./a.py", "b.py") == ["a.py", "b.py", "tests/test_a.py"]


@pytest.mark.parametrize(
    "path", ["../a.py", "/etc/passwd", ".tumbler/state.json", ".manifest.json", "", "a function", "src/"]
)
def test_what_is_no_safe_path_is_dropped(path: str) -> None:
    assert paths(path, "a.py", "tests/test_a.py") == ["a.py", "tests/test_a.py"]


def test_a_python_plan_without_tests_gets_a_test_file() -> None:
    assert paths("todo.py") == ["todo.py", "tests/test_todo.py"]
    assert paths("pkg/__init__.py", "pkg/core.py") == ["pkg/__init__.py", "pkg/core.py", "tests/test_core.py"]


def test_other_languages_get_no_python_test() -> None:
    assert paths("index.js") == ["index.js"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("tests/test_a.py", True), ("a_test.go", True), ("a.test.js", True), ("a.spec.ts", True), ("contest.py", False)],
)
def test_a_test_is_known_by_its_name(path: str, expected: bool) -> None:
    assert is_test(path) is expected


def test_each_requirement_has_a_criterion() -> None:
    criteria = complete_criteria([("R2", "it greets"), ("R9", "no such requirement"), ("R2", "twice")], REQUIREMENTS)
    assert [name for name, _ in criteria] == ["R1", "R2", "R2", "R3", "R4"]
    assert criteria[0] == ("R1", "`python add.py 1 2` prints 3")


def example(*arguments: str, stdout: str | None = None, code: int = 0, files: dict[str, str] | None = None) -> Example:
    return Example(("python", "add.py", *arguments), name="x", stdout=stdout, exit=code, files=files or {})


BINDING = {
    "output in the user's words": example(stdout="Hello, World!\n"),
    "number that stands with its arguments": example("1", "2", stdout="3\n"),
    "exit code the user names": example("x", code=2),
    "only that it ends well": example(),
    "file that is there": example("a.txt", files={"a.txt": "x"}),
}
ADVISORY = {
    "invented output": example(stdout="Hello, Moon!\n"),
    "number that stands elsewhere": example("2", "2", stdout="3\n"),
    "exit code the user does not name": example("x", code=1),
    "file that is not there": example("a.txt"),
    "a place holder": example("list", stdout="1. TEXT\n"),
}


@pytest.mark.parametrize("case", BINDING)
def test_an_example_in_the_users_words_counts(case: str) -> None:
    assert not judge_examples([BINDING[case]], REQUIREMENTS)[0].advisory


@pytest.mark.parametrize("case", ADVISORY)
def test_an_invented_example_is_only_advice(case: str) -> None:
    assert judge_examples([ADVISORY[case]], REQUIREMENTS)[0].advisory


PLAN = Plan(
    name="sum up",
    overview="Adds numbers.",
    stack="Python",
    files=(PlannedFile("add.py", "adds", ("def add(a, b)",)), PlannedFile("tests/test_add.py")),
    criteria=(("R1", "prints 3"),),
    examples=(
        example("1", "2", stdout="3\n"),
        Example(("python", "add.py"), name="no", advisory=True, files={"a": "b"}),
    ),
)


def test_a_plan_has_its_sections_in_order() -> None:
    assert re.findall(r"^#+ .*", render(PLAN), re.MULTILINE) == [
        "# Plan: sum up",
        "## Overview",
        "## Stack",
        "## Files",
        "## Acceptance criteria",
        "## Examples",
    ]


def test_files_stand_with_purpose_and_signatures() -> None:
    assert "- `add.py`: adds\n  - `def add(a, b)`\n- `tests/test_add.py`\n" in render(PLAN)


def test_examples_stand_as_json_with_the_agreed_keys() -> None:
    block = re.search(r"```json examples\n(.*?)\n```", render(PLAN), re.DOTALL)
    assert block
    first, second = json.loads(block[1])
    assert list(first) == ["name", "run", "stdin", "stdout", "exit", "files", "requirement"]
    assert second["advisory"] is True


def test_the_verifier_reads_the_examples_that_are_written() -> None:
    examples, problems = read_examples(render(PLAN))
    assert problems == ()
    assert examples == PLAN.examples


def test_a_plan_without_examples_has_no_section_for_them() -> None:
    assert "Examples" not in render(Plan("x", "o", "s", PLAN.files))
