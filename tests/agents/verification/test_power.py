"""Tests that pass in their old words and in their new ones, and notice less."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from agents.languages import Bench, Language, Prepared, Suite
from agents.verification import power
from agents.verification import verify as verifying
from agents.verification.box import Sandbox
from agents.verification.evidence import Case, Outcome, SuiteRun, Verdict, Weakening
from agents.verification.mutants import Mutant
from agents.verification.power import Seen, lost_power, weaker
from agents.verification.settings import VerificationSettings
from agents.verification.tree import read_tree
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
        pytest.param([seen("b", "a b"), seen("b", "b")], True, id="it still notices another one"),
        pytest.param([seen("b", "a b"), seen("a b", "b")], False, id="it notices one that it did not"),
        pytest.param([seen("b", "a")], False, id="another test notices it instead"),
        pytest.param([seen("", "a")], True, id="another test notices it as before"),
        pytest.param([seen("", "a"), seen("", "")], True, id="another test notices it as before, it another fault"),
    ],
)
def test_a_test_is_weaker_when_it_loses_a_fault_that_no_test_newly_notices(faults: list[Seen], is_weaker: bool) -> None:
    both = frozenset({"a", "b"})
    assert (weaker("a", both, both, faults) is not None) is is_weaker


def test_a_new_test_may_notice_it_instead() -> None:
    fault = seen("", "a")
    assert weaker("a", frozenset({"a"}), frozenset({"a", "new"}), [fault]) is None


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
    "def test_there():\n    assert middle([5])\n"
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
        "test('one', () => {\n  assert.ok(total([7]));\n});\n"
    )
    now = tests.replace("total([1, 2]), 3", "total([1, 2]), total([2, 1])")
    found = await weakened(tmp_path, sandbox, code, tests, now, "js")
    assert [what.partition(" when ")[0] for what in found] == ["no longer notices"]


async def test_a_test_that_notices_nothing_any_more_is_found_though_another_still_does(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    tests = TESTS + "\n\ndef test_more():\n    assert middle([5, 9, 1, 2, 3]) == 3\n"
    found = await weakened(tmp_path, sandbox, CODE, tests, tests.replace("== 2", "== middle([1, 2, 3])"), "py")
    assert [what.partition(" when ")[0] for what in found] == ["no longer notices"]


@dataclass
class Slow:
    """A language each of whose runs takes as long as it may, with tests that notice faults in old words only."""

    seconds: float
    clock: float = 0.0
    runs: list[float] = field(default_factory=list)
    in_new_words: int = 0

    def is_code(self, path: str) -> bool:
        return path.endswith(".py")

    def is_test(self, path: str) -> bool:
        return path.startswith(("test_", "conftest"))

    async def test(self, bench: Bench, prepared: Prepared) -> Suite:
        self.runs.append(bench.settings.test_timeout)
        self.clock += min(self.seconds, bench.settings.test_timeout)
        texts = bench.tree.texts
        new = "new" in texts["test_a.py"]
        self.in_new_words += new
        outcome = Outcome.PASSED if new or texts["a.py"] == PROGRAM else Outcome.FAILED
        return Suite((), SuiteRun(Verdict.PASS, (Case("test_a.py::test_a", outcome),)))


PROGRAM = "\n\n".join(f"def f{number}():\n    return {number}\n" for number in range(9))
OLD, NEW = "def test_a():\n    assert 'old'\n", "def test_a():\n    assert 'new'\n"


async def lost(
    folder: Path, slow: Slow, monkeypatch: pytest.MonkeyPatch, before: dict[str, str], **now: str
) -> tuple[Weakening, ...] | None:
    monkeypatch.setattr(power, "monotonic", lambda: slow.clock)
    for name, text in {"a": PROGRAM, "test_a": NEW, **now}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    bench = Bench(folder, read_tree(folder), cast("Sandbox", None), SETTINGS)
    tested = SuiteRun(Verdict.PASS, (Case("test_a.py::test_a", Outcome.PASSED),))
    return await lost_power(before, tested, bench, cast("Language", slow), cast("Prepared", None))


async def test_with_time_enough_each_fault_is_tried_in_both_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(1.0)
    found = await lost(tmp_path, slow, monkeypatch, {"test_a.py": OLD})
    assert [one.test for one in found or ()] == ["test_a.py::test_a"]
    assert (len(slow.runs), slow.in_new_words) == (19, 9)


@pytest.mark.parametrize("seconds", [7.0, 15.0, 20.0, 100.0])
async def test_all_of_it_has_one_deadline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    slow = Slow(seconds)
    await lost(tmp_path, slow, monkeypatch, {"test_a.py": OLD})
    assert slow.clock <= power.SLOWEST + 1


async def test_slow_tests_have_more_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(7.0)
    found = await lost(tmp_path, slow, monkeypatch, {"test_a.py": OLD})
    assert [one.test for one in found or ()] == ["test_a.py::test_a"]
    assert slow.clock > power.LONGEST


async def test_what_there_was_no_time_to_ask_is_not_held_against_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(power, "SLOWEST", 0.0)
    monkeypatch.setattr(power, "LONGEST", 12.0)
    assert await lost(tmp_path, Slow(5.0), monkeypatch, {"test_a.py": OLD}) is None


async def test_that_there_was_no_time_is_told(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_time(*_: object) -> None:
        return None

    monkeypatch.setattr(verifying, "lost_power", no_time)
    (tmp_path / "app.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "test_app.py").write_text(TESTS, encoding="utf-8")
    evidence = await verify(Subject(tmp_path), sandbox, SETTINGS)
    assert evidence.weakened == ()
    assert "not time enough" in evidence.unmeasured["changed tests"]


async def test_without_earlier_tests_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(1.0)
    assert await lost(tmp_path, slow, monkeypatch, {}, conftest="x = 1\n") == ()
    assert slow.runs == []


async def test_large_files_get_no_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(1.0)
    monkeypatch.setattr(power, "LARGEST", 100)
    assert await lost(tmp_path, slow, monkeypatch, {"test_a.py": OLD}) == ()
    assert len(slow.runs) == 1


async def test_faults_are_made_beside_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, where = threading.current_thread(), list[bool]()

    def noting(real: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any) -> Any:
            where.append(threading.current_thread() is here)
            return real(*given)

        return noted

    for name in ("mutants", "changed"):
        monkeypatch.setattr(power, name, noting(getattr(power, name)))
    await lost(tmp_path, Slow(1.0), monkeypatch, {"test_a.py": OLD})
    assert where == [False, False]
