from __future__ import annotations

import pytest

from agents.outline import complete, is_source, read_plan
from agents.plan import Plan, PlannedFile, render
from agents.requirements import number

PLANS = {
    "a list with ticks": ("- `a.py`: adds\n- `tests/test_a.py` - tests", ["a.py", "tests/test_a.py"]),
    "a list without ticks": ("1. src/app.py: main\n2. tests/test_app.py", ["src/app.py", "tests/test_app.py"]),
    "bold and headings": (
        "### `a.py`\ntext\n* **b.py**: other\n## tests/test_a.py",
        ["a.py", "b.py", "tests/test_a.py"],
    ),
    "a drawn tree": (
        "demo/\n├── src/\n│   ├── app.py  # main\n│   └── util/\n│       └── text.py\n"
        "├── tests/\n│   └── test_app.py\n└── README.md",
        ["src/app.py", "src/util/text.py", "README.md", "tests/test_app.py"],
    ),
    "a list counts more than a tree": ("├── old.py\n\n- `new.py`\n- `test_new.py`", ["new.py", "test_new.py"]),
    "calls and products are no files": (
        "- `fib(n)`: returns\n- Node.js\n- `a.py`\n- `test_a.py`",
        ["a.py", "test_a.py"],
    ),
    "a person's free text": ("Please make it blue.", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize("case", PLANS)
def test_planned_files_are_found(case: str) -> None:
    markdown, expected = PLANS[case]
    assert [file.path for file in read_plan(markdown)] == expected


def test_what_is_rendered_is_read_back() -> None:
    files = (
        PlannedFile("a.py", "adds: numbers", ("def add(a, b)", "ZERO = 0")),
        PlannedFile("tests/test_a.py", "tests"),
    )
    assert read_plan(render(Plan("x", "o", "s", files))) == files


def test_a_test_file_is_planned_where_the_plan_has_none() -> None:
    assert [file.path for file in read_plan("- `a.py`: adds")] == ["a.py", "tests/test_a.py"]


def test_a_plan_is_kept_word_for_word_and_completed() -> None:
    plan = complete("# Mine\n\n- `a.py`: adds\n", number("Add numbers."))
    assert plan.startswith("# Mine\n\n- `a.py`: adds\n")
    assert "## Acceptance criteria\n\n- R1: Add numbers." in plan
    assert "- `tests/test_a.py`" in plan


def test_a_whole_plan_stays_as_it_is() -> None:
    plan = "# Mine\n\n- `a.py`\n- `tests/test_a.py`\n\n## Acceptance Criteria\n\n- R1: it adds\n"
    assert complete(plan, number("Add.")) == plan


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a.py", True), ("src/a.ts", True), ("requirements.txt", True), ("todo.json", False), ("out.txt", False)],
)
def test_files_that_the_program_makes_are_no_sources(path: str, expected: bool) -> None:
    assert is_source(path) is expected
