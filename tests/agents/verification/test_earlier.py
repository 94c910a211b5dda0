"""The tests of the best iteration, in their old words, on new code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agents.verification.box import Sandbox
from agents.verification.review import Review
from agents.verification.score import score
from agents.verification.settings import VerificationSettings
from agents.verification.verify import Subject, verify

QUICK = VerificationSettings(vacuity=False, coverage=False, lint=False, memory_mb=512)
RIGHT = "def total(numbers):\n    return sum(numbers)\n"
WRONG = "def total(numbers):\n    return sum(numbers[1:])\n"
TESTS = "from app import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"


async def weakened(
    folder: Path, sandbox: Sandbox, now: dict[str, str], before: dict[str, str], *passed: str
) -> list[tuple[str, str]]:
    for path, text in now.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    subject = Subject(folder, previous_tests=before, previous_passed=frozenset(passed))
    evidence = await verify(subject, sandbox, QUICK)
    assert bool(evidence.weakened) == any("weakened" in cap.reason for cap in score(evidence, Review()).caps)
    return [(found.test, found.what) for found in evidence.weakened]


NAME = "test_app.py::test_total"


@pytest.mark.parametrize(
    "tests",
    [
        TESTS.replace("== 3", "== 2"),
        TESTS.replace("assert total([1, 2]) == 3", "assert total([1, 2]) in (2, 3)"),
        TESTS.replace("import total", "import total\nfrom pytest import approx").replace("== 3", "== approx(3, abs=5)"),
        TESTS.replace("[1, 2]) == 3", "[0, 2]) == 2"),
    ],
)
async def test_a_test_that_was_changed_to_agree_with_wrong_code_is_found(
    sandbox: Sandbox, tmp_path: Path, tests: str
) -> None:
    found = await weakened(tmp_path, sandbox, {"app.py": WRONG, "test_app.py": tests}, {"test_app.py": TESTS}, NAME)
    said = "was changed: in its old words it passed before and fails now (assert 2 == 3 + where 2 = total([1, 2]))"
    assert (NAME, said) in found


async def test_a_row_that_a_table_lost_is_found_by_its_name(sandbox: Sandbox, tmp_path: Path) -> None:
    table = (
        "import pytest\nfrom app import total\n\n\n@pytest.mark.parametrize(('n', 'm'), [([0, 1], 1), ([1, 2], 3)])\n"
        "def test_total(n, m):\n    assert total(n) == m\n"
    )
    now = {"app.py": WRONG, "test_app.py": table.replace(", ([1, 2], 3)", "")}
    found = await weakened(tmp_path, sandbox, now, {"test_app.py": table}, f"{NAME}[n0-1]", f"{NAME}[n1-3]")
    assert [name for name, what in found if "old words" in what] == [f"{NAME}[n1-3]"]


@pytest.mark.parametrize(
    ("now", "before", "passed"),
    [
        pytest.param({"app.py": RIGHT, "test_app.py": TESTS}, TESTS.replace("== 3", "== 4"), (), id="it failed before"),
        pytest.param({"app.py": WRONG, "test_app.py": TESTS}, TESTS, (NAME,), id="it is as it was"),
        pytest.param(
            {"app.py": RIGHT.replace("total", "add"), "test_app.py": TESTS.replace("total", "add")},
            TESTS,
            (NAME,),
            id="the function has another name",
        ),
        pytest.param(
            {"app.py": RIGHT.replace("(numbers", "(first, numbers"), "test_app.py": TESTS.replace("([", "(0, [")},
            TESTS,
            (NAME,),
            id="the function takes other arguments",
        ),
        pytest.param(
            {"app.py": WRONG, "test_app.py": TESTS + "    assert total([]) == 0\n"}, TESTS, (NAME,), id="it still fails"
        ),
    ],
)
async def test_an_honest_change_is_none(
    sandbox: Sandbox, tmp_path: Path, now: dict[str, str], before: str, passed: tuple[str, ...]
) -> None:
    found = await weakened(tmp_path, sandbox, now, {"test_app.py": before}, *passed)
    assert [what for _, what in found if "old words" in what] == []


async def test_old_tests_in_javascript_are_run_too(sandbox: Sandbox, tmp_path: Path) -> None:
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    tests = (
        "const test = require('node:test');\nconst assert = require('node:assert');\n"
        "const { total } = require('./app.js');\ntest('total', () => { assert.equal(total([1, 2]), 3); });\n"
    )
    code = "exports.total = (numbers) => numbers.slice(1).reduce((a, b) => a + b, 0);\n"
    now = {"app.js": code, "app.test.js": tests.replace("3)", "2)")}
    found = await weakened(tmp_path, sandbox, now, {"app.test.js": tests}, "app.test.js::total")
    assert [name for name, _ in found] == ["app.test.js::total"]


async def test_a_test_that_is_skipped_by_what_it_stands_on_is_found(sandbox: Sandbox, tmp_path: Path) -> None:
    fixture = "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef later():\n    pytest.skip('later')\n"
    now = {"app.py": RIGHT, "test_app.py": TESTS, "conftest.py": fixture}
    found = await weakened(tmp_path, sandbox, now, {"test_app.py": TESTS}, NAME)
    assert found == [(NAME, "passed before and is skipped now")]
