"""What of a project's own configuration of pytest stays valid."""

from __future__ import annotations

import pytest

from agents.languages.python_pytest import read_settings
from agents.verification.tree import Tree

TEST = "def test_it():\n    assert True\n"
PYPROJECT = "[tool.pytest.ini_options]\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ". src"),
        ({"pytest.ini": "[pytest]\npythonpath = app lib\n"}, ". src app lib"),
        ({"pyproject.toml": PYPROJECT + 'pythonpath = ["src", "x"]\n'}, ". src x"),
        ({"pytest.ini": "[pytest]\npythonpath = /etc ../up $HOME ok\n"}, ". src ok"),
        ({"pytest.ini": "nonsense", "pyproject.toml": "tool = 1"}, ". src"),
        ({"pyproject.toml": "[tool]\npytest = 3\n"}, ". src"),
    ],
)
def test_the_import_path_has_the_roots_and_what_the_project_names(files: dict[str, str], expected: str) -> None:
    assert " ".join(read_settings(Tree(files)).pythonpath) == expected


@pytest.mark.parametrize(
    ("files", "patterns"),
    [
        ({"test_a.py": TEST}, ()),
        ({"setup.cfg": "[tool:pytest]\npython_files = tests.py test_*.py\n"}, ("tests.py",)),
        ({"pyproject.toml": PYPROJECT + 'python_files = ["check_*.py", "$(x).py"]\n'}, ("check_*.py",)),
        ({"pytest.ini": "[pytest]\npython_files = *.py app_*.py\n"}, ()),
        ({"shop/tests.py": TEST}, ("tests.py",)),
        ({"shop/tests.py": TEST, "test_a.py": TEST}, ()),
    ],
)
def test_a_projects_patterns_are_added_to_those_of_pytest(files: dict[str, str], patterns: tuple[str, ...]) -> None:
    assert read_settings(Tree(files)).files == ("test_*.py", "*_test.py", *patterns)


def test_a_file_is_a_test_by_the_projects_word_only_when_it_has_tests() -> None:
    files = {
        "pytest.ini": "[pytest]\npython_files = check*.py\n",
        "checker.py": "X = 1\n",
        "sub/check_a.py": TEST,
        "test_b.py": TEST,
    }
    assert read_settings(Tree(files)).own_tests(Tree(files)) == {"sub/check_a.py"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("-ra -q --import-mode=importlib -k ok", ("--import-mode=importlib",)),
        ("--import-mode importlib --asyncio-mode auto", ("--import-mode=importlib", "--asyncio-mode=auto")),
        ("--doctest-modules --ignore=test_bad.py --collect-only", ("--doctest-modules",)),
        ("--deselect test_a.py::test_bad -x --maxfail=1 -p evil --import-mode=else", ()),
        ("'unclosed", ()),
    ],
)
def test_of_addopts_only_what_finds_or_runs_tests_is_kept(said: str, kept: tuple[str, ...]) -> None:
    assert read_settings(Tree({"pytest.ini": f"[pytest]\naddopts = {said}\n", "test_a.py": TEST})).words == kept


def test_examples_in_docstrings_are_the_tests_of_a_project_that_has_no_others() -> None:
    code = {"app.py": 'def one():\n    """\n    >>> one()\n    1\n    """\n    return 1\n'}
    assert read_settings(Tree(code)).words == ("--doctest-modules",)
    assert read_settings(Tree(code | {"test_a.py": TEST})).words == ()
    assert read_settings(Tree({"app.py": "X = 1\n"})).words == ()


def test_endless_settings_are_cut() -> None:
    files = {
        "pytest.ini": "[pytest]\npython_files = " + "test*b*c*.py " * 100_000 + "\n",
        "app.py": "\n" * 500_000,
        "tests.py": TEST,
    }
    settings = read_settings(Tree(files))
    assert len(settings.files) < 10
    assert settings.own_tests(Tree(files)) == {"tests.py"}
