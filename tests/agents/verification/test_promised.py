"""What the requirements ask for by name."""

from __future__ import annotations

import pytest

from agents.verification.examples import Example, ExampleResult
from agents.verification.promised import unkept, words_of

ABSENT = "The requirements name the file {}, which is not there"
IDLE = "The requirements say how {} is run, and no test or example runs it"


@pytest.mark.parametrize(
    ("requirements", "path"),
    [
        ("in two files:\n- reader.py: load(path) gives the entries\n", "reader.py"),
        ("1. `reader.py` (reads)", "reader.py"),
        ("I want a small Python module bank.py with a class Account.", "bank.py"),
        ("Please make grouping.py with a function group(words).", "grouping.py"),
        ("Write a Node library src/query.js, an ES module.", "src/query.js"),
        ("calc.py: a function evaluate(text)", "calc.py"),
        ("grades.py is the program", "grades.py"),
        ("The rest is easy, and stats.py computes the mean.", "stats.py"),
    ],
)
def test_a_file_that_is_asked_for_has_to_be_there(requirements: str, path: str) -> None:
    assert unkept(requirements, {"other.py": ""}, [], []) == [ABSENT.format(path)]
    assert unkept(requirements, {f"deep/{path}": ""}, [], []) == []


@pytest.mark.parametrize(
    "requirements",
    [
        "Do not write a file called statistics.py.",
        "It creates out.py from a template.",
        "A module like requests.py, but smaller.",
        "It reads every script such as setup.py and counts its lines.",
        "It counts the lines in a.js.",
        "Use no module named config.py.",
        "See https://example.org/program/main.py for the idea.",
        "Write pytest tests for it.",
        "I want a module cart for Node.js exporting a class Cart.",
        "Write it as a library for three.js; and Vue.js is not needed.",
    ],
)
def test_a_file_that_is_only_spoken_of_need_not(requirements: str) -> None:
    assert unkept(requirements, {}, [], []) == []


def test_javascript_may_be_a_module_or_typescript() -> None:
    assert unkept("Write camel.js for Node.", {"src/camel.ts": ""}, [], []) == []
    assert unkept("Write camel.js for Node.", {"camel.py": ""}, [], []) == [ABSENT.format("camel.js")]


RUN = "`python expenses.py FILE` prints the sums."


@pytest.mark.parametrize(
    "test",
    [
        "subprocess.run([sys.executable, 'expenses.py', str(path)])",
        "from expenses import main\n\nmain(['a.csv'])",
        "monkeypatch.setattr(sys, 'argv', ['x', 'a.csv'])",
        "CliRunner().invoke(app, ['a.csv'])",
        "run([sys.executable, '-m', 'expenses'])",
    ],
)
def test_a_program_that_a_test_runs_has_been_tried(test: str) -> None:
    assert unkept(RUN, {"expenses.py": "", "test_a.py": test}, ["test_a.py"], []) == []


def test_a_program_that_nothing_runs_has_not() -> None:
    tests = {
        "test_a.py": "import subprocess\nimport sys\n\nfrom expenses import load\n\n\ndef test_a(): assert load('a')\n"
    }
    assert unkept(RUN, {"expenses.py": "", **tests}, [*tests], []) == [IDLE.format("expenses.py")]
    assert unkept(RUN, tests, [*tests], []) == [ABSENT.format("expenses.py")]


def test_a_test_file_that_runs_itself_does_not_run_the_program() -> None:
    test = "from expenses import load\n\nif __name__ == '__main__':\n    unittest.main()\n    pytest.main()\n"
    assert unkept(RUN, {"expenses.py": "", "test_a.py": test}, ["test_a.py"], []) == [IDLE.format("expenses.py")]


def test_an_example_that_runs_it_is_enough() -> None:
    ran = words_of([ExampleResult(Example(("python", "expenses.py", "a.csv"), name="E1"), passed=True)])
    assert unkept(RUN, {"expenses.py": ""}, [], ran) == []


def test_long_requirements_are_read_at_once() -> None:
    told = unkept("write a module " * 20_000 + "and python " * 20_000 + "a" * 100_000 + "/b" * 50_000, {}, [], [])
    assert told == []
