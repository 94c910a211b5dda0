"""Which tests are in other words than before."""

from __future__ import annotations

import pytest

from agents.verification.changed import changed, key_of

PYTHON = (
    "from app import f\n\nLIMIT = 3\n\n\ndef test_a():\n    assert f() == 1\n\n\n"
    "class TestB:\n    def test_c(self):\n        assert f()\n"
)
NODE = "import { f } from './app.js';\n\ntest('a', () => {\n  f();\n});\n\ntest('b', () => {\n  f(1);\n});\n"
KEYS = {
    "test_app.py": frozenset({"test_app.py::test_a", "test_app.py::TestB::test_c"}),
    "app.test.js": frozenset({"app.test.js::a", "app.test.js::suite > b"}),
}


@pytest.mark.parametrize(
    ("path", "before", "now", "names"),
    [
        ("test_app.py", PYTHON, PYTHON, set()),
        ("test_app.py", PYTHON, "# new\n" + PYTHON + "\n\ndef test_new():\n    assert f()\n", set()),
        ("test_app.py", PYTHON, PYTHON.replace("import f", "import f\nimport os"), set()),
        ("test_app.py", PYTHON, PYTHON.replace("f() == 1", "f() >= 1"), {"test_a"}),
        ("test_app.py", PYTHON, PYTHON.replace("assert f()\n", "assert True\n"), {"TestB::test_c"}),
        ("test_app.py", PYTHON, PYTHON.replace("LIMIT = 3", "LIMIT = 4"), {"test_a", "TestB::test_c"}),
        ("test_app.py", PYTHON, PYTHON.replace("from app", "from fake"), {"test_a", "TestB::test_c"}),
        ("app.test.js", NODE, NODE + "\ntest('c', () => {});\n", set()),
        ("app.test.js", NODE, NODE.replace("f(1)", "f(2)"), {"suite > b"}),
        ("app.test.js", NODE, NODE.replace("./app.js", "./fake.js"), {"a", "suite > b"}),
    ],
)
def test_a_test_is_changed_by_its_own_lines_or_by_what_all_share(
    path: str, before: str, now: str, names: set[str]
) -> None:
    assert changed(KEYS[path], {path: before}, {path: now}) == {f"{path}::{name}" for name in names}


def test_what_helps_tests_changes_them_all() -> None:
    keys = KEYS["test_app.py"]
    assert changed(keys, {"test_app.py": PYTHON}, {"test_app.py": PYTHON, "conftest.py": "x = 1\n"}) == keys


def test_a_test_in_a_file_that_is_new_is_not_changed() -> None:
    assert changed({"test_new.py::test_a"}, {}, {"test_new.py": PYTHON}) == frozenset()


def test_only_python_names_values_of_parameters_in_brackets() -> None:
    assert [key_of("test_a.py::test_b[1-2]"), key_of("a.test.js::b [c]")] == ["test_a.py::test_b", "a.test.js::b [c]"]


@pytest.mark.parametrize("value", [" + ".join(["'a'"] * 1500), "0x" + "f" * 4000], ids=["deep", "long"])
def test_what_is_too_deep_to_compare_is_changed_when_its_file_is(value: str) -> None:
    path, deep = "test_app.py", PYTHON.replace("f() == 1", f"f() == {value}")
    keys = KEYS[path]
    assert changed(keys, {path: deep}, {path: deep}) == frozenset()
    assert changed(keys, {path: deep}, {path: deep + "\n"}) == {"test_app.py::test_a"}
