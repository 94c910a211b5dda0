"""Tests that pass in their old words and in their new ones, and notice less."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agents.verification.box import Sandbox, SandboxUnavailable
from agents.verification.mutants import Mutant
from agents.verification.power import Seen, weaker
from agents.verification.sandbox import choose
from agents.verification.settings import VerificationSettings
from agents.verification.verify import Subject, verify

SETTINGS = VerificationSettings(coverage=False, lint=False, memory_mb=512)


def seen(before: str, now: str) -> Seen:
    """The names of the tests that pass with a fault."""
    return Seen(Mutant("a.py", "", "it rains"), frozenset(before.split()), frozenset(now.split()))


@pytest.mark.parametrize(
    ("faults", "is_weaker"),
    [
        pytest.param([], False, id="no fault was tried"),
        pytest.param([seen("b", "b")], False, id="it notices it as before"),
        pytest.param([seen("b", "a b")], True, id="it does not notice it"),
        pytest.param([seen("b", "a b"), seen("b", "b")], True, id="it notices only another one"),
        pytest.param([seen("b", "a b"), seen("a b", "b")], False, id="it notices one that it did not"),
        pytest.param([seen("b", "a")], False, id="another test notices it instead"),
        pytest.param([seen("", "a")], True, id="another test has always noticed it"),
    ],
)
def test_a_test_is_weaker_when_it_loses_a_fault_and_finds_none(faults: list[Seen], is_weaker: bool) -> None:
    both = frozenset({"a", "b"})
    assert (weaker("a", both, both, faults) is not None) is is_weaker


def test_a_new_test_may_notice_it_instead() -> None:
    fault = seen("", "a")
    assert weaker("a", frozenset({"a"}), frozenset({"a", "new"}), [fault]) is None


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    try:
        return choose("auto")
    except SandboxUnavailable as error:
        pytest.skip(str(error))


async def weakened(folder: Path, sandbox: Sandbox, code: str, tests: str, now: str, kind: str) -> list[str]:
    before = {f"app.{kind}": code, f"test_app.{kind}" if kind == "py" else "app.test.js": tests}
    for path, text in before.items():
        (folder / path).write_text(text.replace(tests, now), encoding="utf-8")
    evidence = await verify(Subject(folder, previous_tests=before), sandbox, SETTINGS)
    assert evidence.failed == frozenset()
    return [found.what for found in evidence.weakened]


CODE = "def middle(numbers):\n    return sorted(numbers)[len(numbers) // 2]\n"
TESTS = (
    "from app import middle\n\n\ndef test_three():\n    assert middle([3, 1, 2]) == 2\n\n\n"
    "def test_more():\n    assert middle([5, 9, 1, 2, 3]) == 3\n"
)
LOST = "no longer notices when in app.py middle() returns another value, and in its old words it did"


@pytest.mark.parametrize(
    "now",
    [
        TESTS.replace("    assert middle([3", "    if middle([3, 1, 2]):\n        return\n    assert middle([3"),
        TESTS.replace("== 2", "== middle([1, 2, 3])"),
        TESTS.replace("    assert middle([3", "    middle = lambda _: 2\n    assert middle([3"),
    ],
    ids=["returns early", "asks the code", "has its own"],
)
async def test_a_test_that_passes_for_another_reason_is_found(sandbox: Sandbox, tmp_path: Path, now: str) -> None:
    assert await weakened(tmp_path, sandbox, CODE, TESTS, now, "py") == [LOST]


async def test_other_words_for_the_same_are_none(sandbox: Sandbox, tmp_path: Path) -> None:
    now = TESTS.replace("assert middle([3, 1, 2]) == 2", "numbers = [1, 2, 3]\n    assert 2 == middle(numbers)")
    assert await weakened(tmp_path, sandbox, CODE, TESTS, now, "py") == []


async def test_tests_in_javascript_are_asked_too(sandbox: Sandbox, tmp_path: Path) -> None:
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    code = "exports.total = (numbers) => {\n  return numbers.reduce((a, b) => a + b, 0);\n};\n"
    tests = (
        "const test = require('node:test');\nconst assert = require('node:assert');\n"
        "const { total } = require('./app.js');\n\ntest('total', () => {\n  assert.equal(total([1, 2]), 3);\n});\n"
        "test('one', () => {\n  assert.equal(total([7]), 7);\n});\n"
    )
    now = tests.replace("total([1, 2]), 3", "total([1, 2]), total([2, 1])")
    found = await weakened(tmp_path, sandbox, code, tests, now, "js")
    assert [what.partition(" when ")[0] for what in found] == ["no longer notices"]
