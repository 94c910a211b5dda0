"""Deleted and weakened tests."""

from __future__ import annotations

import pytest

from agents.verification.integrity import compare
from agents.verification.javascript_tests import javascript_titles

BEFORE = "def test_a():\n    x = f()\n    assert x == 1\n    assert x\n"


def change(before: str, now: str, path: str = "tests/test_a.py") -> list[str]:
    return [found.what for found in compare({path: before}, {path: now})]


def test_nothing_changed_is_nothing_found() -> None:
    assert change(BEFORE, BEFORE) == []


@pytest.mark.parametrize(
    ("now", "what"),
    [
        ("", "was deleted"),
        ("def test_a(:", "was deleted"),
        ("def tset_a():\n    assert f() == 1\n", "was deleted"),
        ("import pytest\n@pytest.mark.skip\n" + BEFORE, "is now skipped or expected to fail"),
        ("import pytest\n@pytest.mark.xfail(reason='x')\n" + BEFORE, "is now skipped or expected to fail"),
        ("import pytest\npytestmark = pytest.mark.skip\n" + BEFORE, "is now skipped or expected to fail"),
        (BEFORE.replace("x = f()", "x = f()\n    pytest.skip('later')"), "is now skipped or expected to fail"),
        (BEFORE.replace("    assert x\n", ""), "checks less: 2 assertions before, 1 now"),
        (BEFORE.replace("assert x\n", "assert True\n"), "checks less: 2 assertions before, 1 now"),
        (BEFORE.replace("assert x == 1", "assert x == x"), "checks less: 2 assertions before, 1 now"),
        (BEFORE.replace("assert x == 1", "assert x == 1 or True"), "checks less: 2 assertions before, 1 now"),
        (
            "def test_a():\n    try:\n        assert f() == 1\n        assert g()\n    except Exception:\n        1\n",
            "now catches its own failed assertions",
        ),
    ],
)
def test_a_test_that_says_less_is_found(now: str, what: str) -> None:
    assert what in change(BEFORE, now)


TABLE = "@pytest.mark.parametrize('n', [1, 2, 3])\ndef test_a(n):\n    assert f(n) == n\n"
LOOP = "def test_a():\n    for n in [1, 2, 3]:\n        assert f(n) == n\n"


@pytest.mark.parametrize(
    ("before", "now", "what"),
    [
        (BEFORE, BEFORE.replace("x == 1", "x in (1, 2)"), "compares less exactly: 1 exact comparisons before, 0 now"),
        (BEFORE, BEFORE.replace("x == 1", "x is not None"), "compares less exactly: 1 exact comparisons before, 0 now"),
        (
            "def test_a(self):\n    self.assertEqual(f(), 1)\n",
            "def test_a(self):\n    self.assertTrue(f())\n",
            "compares less exactly: 1 exact comparisons before, 0 now",
        ),
        (TABLE, TABLE.replace(", 3", ""), "has fewer cases: 3 rows that passed before, 2 now"),
        ("C = [1, 2, 3]\n" + TABLE.replace("[1, 2, 3]", "C"), "C = [1]\n" + TABLE.replace("[1, 2, 3]", "C"),
         "has fewer cases: 3 rows that passed before, 1 now"),
        (TABLE, TABLE.replace("[1, 2, 3]", "[1, 1, 1]"), "has fewer cases: 3 rows that passed before, 1 now"),
        (TABLE, LOOP.replace(", 3", ""), "has fewer cases: 3 rows that passed before, 2 now"),
        (LOOP, LOOP.replace(", 3", ""), "has fewer cases: 3 rows that passed before, 2 now"),
        (LOOP, LOOP.replace("[1, 2, 3]", "[]"), "has fewer cases: 3 rows that passed before, 0 now"),
        (BEFORE, BEFORE.replace("x == 1", "x == 1 or x == 2"),
         "compares less exactly: 1 exact comparisons before, 0 now"),
    ],
)  # fmt: skip
def test_looser_comparisons_and_shorter_tables_are_found(before: str, now: str, what: str) -> None:
    assert change(before, now) == [what]


def test_rows_that_never_passed_may_go() -> None:
    rows = frozenset({"test_a.py::test_a[1]", "test_a.py::test_a[2]"})
    assert compare({"test_a.py": TABLE}, {"test_a.py": TABLE.replace(", 3", "")}, rows) == ()


THREE = "def test_a():\n    assert f(1) == 1\n    assert f(2) == 2\n    assert f(3) == 3\n"


@pytest.mark.parametrize("before", [TABLE, LOOP, "C = [1, 2, 3]\n" + LOOP.replace("[1, 2, 3]", "C"), THREE])
@pytest.mark.parametrize("now", [TABLE, LOOP, "C = [1, 2, 3]\n" + LOOP.replace("[1, 2, 3]", "C"), THREE])
def test_assertions_rows_and_loops_may_become_one_another(before: str, now: str) -> None:
    assert change(before, now) == []


def test_a_loop_over_what_cannot_be_read_is_no_loss() -> None:
    read = LOOP.replace("[1, 2, 3]", "cases()")
    assert [change(LOOP, read), change(TABLE, read), change(read, LOOP)] == [[], [], []]


def test_a_test_may_become_two() -> None:
    two = "def test_a():\n    assert f(1) == 1\n    assert f(2) == 2\n\n\ndef test_rest():\n    assert f(3) == 3\n"
    assert change(THREE, two) == []
    assert change(THREE, two.replace("f(3) == 3", "f(3)")) == ["checks less: 3 assertions before, 2 now"]


@pytest.mark.parametrize(
    "now",
    [
        BEFORE + "    assert x > 0\n",
        BEFORE + "\n\ndef test_more():\n    assert g()\n",
        "def test_a():\n    x = f()\n    assert x == 2\n    assert x is not None\n",
        "import pytest\n@pytest.mark.parametrize('n', [1])\n" + BEFORE,
    ],
)
def test_a_test_that_says_as_much_is_not(now: str) -> None:
    assert change(BEFORE, now) == []


def test_a_test_that_moved_is_not_deleted() -> None:
    assert compare({"test_a.py": BEFORE}, {"tests/test_b.py": BEFORE}) == ()


def test_a_test_that_never_passed_may_go() -> None:
    old = {"test_a.py": BEFORE + "\n\ndef test_b():\n    assert g()\n"}
    found = compare(old, {}, frozenset({"test_a.py::test_a[1]"}))
    assert [weakening.test for weakening in found] == ["test_a.py::test_a"]


def test_methods_of_classes_are_compared() -> None:
    old = "class TestX:\n    def test_m(self):\n        assert f()\n        assert g()\n"
    assert change(old, old.replace("        assert g()\n", "")) == ["checks less: 2 assertions before, 1 now"]


def test_javascript_is_compared_by_its_text() -> None:
    old = "test('adds', () => { assert.equal(sum(1, 2), 3); assert.ok(sum); });\ntest('b', () => assert(1));\n"
    path = "test/sum.test.js"
    assert change(old, old, path) == []
    assert change(old, old.replace(" assert.ok(sum);", ""), path) == ["checks less: 2 assertions before, 1 now"]
    assert change(old, old.replace("test('b'", "test.skip('b'"), path) == ["is now skipped or expected to fail"]
    assert change(old, old.replace("equal(sum(1, 2), 3)", "ok(sum(1, 2) > 0)"), path) == [
        "compares less exactly: 1 exact comparisons before, 0 now"
    ]
    assert change(old, old.partition("\n")[0], path) == ["was deleted"]


def test_only_fixed_titles_are_expected_of_javascript() -> None:
    text = "test('a', f); it(`b ${n}`, f); /x/.test('abc'); suite.it('no'); test.skip('c', f)"
    assert javascript_titles({"a.test.js": text}) == {"a.test.js::a", "a.test.js::c"}


def test_a_file_without_titles_has_nothing_to_lose() -> None:
    assert change("assert.equal(sum(1, 2), 3);\n", "", "test/plain.test.js") == []


BOTH = "def test_a():\n    assert f(1) == 1\n    for x in (1, 2, 3):\n        assert g(x) == x\n"
APART = "def test_a():\n    assert f(1) == 1\n\n\ndef test_g():\n    for x in (1, 2, 3):\n        assert g(x) == x\n"


def test_a_loop_may_move_into_a_new_test_with_all_its_turns() -> None:
    assert change(BOTH, APART) == []
    assert change(BOTH, APART.replace("(1, 2, 3)", "cases()")) == []
    assert change(BOTH, APART.replace("(1, 2, 3)", "(1, 2)")) == ["has fewer cases: 3 rows that passed before, 1 now"]


def test_only_what_stands_in_a_loop_counts_with_its_turns() -> None:
    before = "def test_a():\n    assert f(1) == 1\n    assert f(2) == 2\n" + BOTH.partition("== 1\n")[2]
    unrolled = "def test_a():\n    assert f(1) == 1\n    assert f(2) == 2\n    assert g(1) == 1\n    assert g(2) == 2\n"
    assert change(before, unrolled + "    assert g(3) == 3\n") == []
    assert change(before, unrolled) == ["checks less: 5 assertions before, 4 now"]


def test_an_assertion_that_stood_there_twice_may_stand_there_once() -> None:
    assert change(THREE + "    assert f(1) == 1\n", THREE) == []


@pytest.mark.parametrize(
    "aside",
    [
        "import pytest\n\n\n@pytest.mark.skip\ndef test_g():\n    assert g() == 2\n",
        "def test_g():\n    try:\n        assert g() == 2\n    except AssertionError:\n        pass\n",
    ],
    ids=["skipped", "swallowed"],
)
def test_what_moves_into_a_test_that_cannot_fail_is_lost(aside: str) -> None:
    kept = "def test_a():\n    assert f() == 1\n"
    assert change(kept + "    assert g() == 2\n", kept + "\n\n" + aside) == ["checks less: 2 assertions before, 1 now"]


@pytest.mark.parametrize("value", [" + ".join(["'a'"] * 700), "0x" + "f" * 4000], ids=["deep", "long"])
@pytest.mark.parametrize(
    "text",
    [
        "X = [VALUE]\npytestmark = [VALUE]\n\n\n" + BEFORE,
        BEFORE + "    assert f() == VALUE\n    assert VALUE == VALUE\n",
        BEFORE + "    f(VALUE)(1)\n",
        BEFORE + "    for n in [1, VALUE]:\n        assert n\n",
        "import pytest\n\n\n@pytest.mark.parametrize('n', [1, 2, VALUE])\n" + BEFORE.replace("a()", "a(n)"),
    ],
    ids=["table", "assertion", "call", "loop", "rows"],
)
def test_expressions_too_deep_to_be_written_are_put_up_with(text: str, value: str) -> None:
    text = text.replace("VALUE", value)
    assert change(text, text) == []
    assert change(text, text.replace("assert x\n", "x\n")) != []
