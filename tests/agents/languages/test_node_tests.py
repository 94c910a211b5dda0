"""Which files of a JavaScript project are tests."""

from __future__ import annotations

import pytest

from agents.languages import node_tests
from agents.languages.node_tests import is_test, scan, typescript_advice
from agents.verification.javascript_tests import javascript_titles
from agents.verification.tree import Tree

TITLED = "test('adds', () => {});\n"
COMPUTED = "for (const n of [1]) test(`adds ${n}`, () => {});\n"
PLAIN = "assert.equal(1, 1);\n"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("test.js", True),
        ("test/helper.js", True),
        ("src/__tests__/a.js", True),
        ("lib.spec.ts", True),
        ("lib_test.mjs", True),
        ("latest.js", False),
        ("src/contest.js", False),
    ],
)
def test_tests_are_known_by_their_path(path: str, expected: bool) -> None:
    assert is_test(path) is expected


def test_a_file_in_a_folder_of_tests_is_run_when_it_has_one() -> None:
    files = {"test/a.js": TITLED, "test/b.js": COMPUTED, "test/helper.js": "export const x = 1;\n", "a.test.js": PLAIN}
    assert node_tests.test_files(Tree(files)) == ["a.test.js", "test/a.js", "test/b.js"]


@pytest.mark.parametrize(
    ("text", "alone", "flagged"),
    [
        (TITLED, False, False),
        (COMPUTED, False, False),
        (COMPUTED, True, True),
        (PLAIN, True, False),
        (PLAIN + "process.exit(0);\n" + PLAIN, True, True),
        ("console.log('ok');\n", True, True),
    ],
)
def test_a_file_without_a_fixed_title_is_doubted_when_nothing_else_shows_a_test(
    text: str, alone: bool, flagged: bool
) -> None:
    collected = ["a.test.js"] if alone else ["a.test.js::adds 1"]
    assert bool(scan({"a.test.js": text}, collected).flags) is flagged


def test_a_file_that_ends_itself_before_its_tests_is_explained() -> None:
    flags = scan({"a.test.js": TITLED + "process.exit(0);\n"}, ["a.test.js"]).flags
    assert flags == ("a.test.js ended itself with process.exit(0) before its tests had reported",)
    assert not scan({"a.test.js": TITLED + "process.exit(0);\n"}, ["a.test.js::adds"]).flags


def test_tests_in_typescript_alone_are_explained() -> None:
    assert "a.test.ts is TypeScript" in typescript_advice(Tree({"a.test.ts": TITLED}))[0]
    assert typescript_advice(Tree({"a.test.ts": TITLED, "b.test.js": TITLED})) == ()


@pytest.mark.parametrize(
    ("code", "titles"),
    [
        ("test('adds', () => {});", {"adds"}),
        ('it.only("it\'s", () => {});', {"it's"}),
        ("test('case ' + n, () => equal(n, 'x'));", set()),
        ("test(`adds ${n}`, () => {});", set()),
        ("test('alone');", {"alone"}),
        ("xtest('no', f); suite.test('no', f);", set()),
    ],
)
def test_only_titles_that_stand_whole_in_the_source_count(code: str, titles: set[str]) -> None:
    assert javascript_titles({"a.test.js": code}) == {f"a.test.js::{title}" for title in titles}


def test_a_mark_of_suites_may_stand_in_a_title() -> None:
    known = scan({"a.test.js": "test('5 > 3', f); test('adds', f);"}, ())
    assert known.key("a.test.js::math > 5 > 3") == known.key("a.test.js::5 > 3") == "a.test.js::5 > 3"
    assert known.key("a.test.js::math > more > adds") == "a.test.js::adds"
