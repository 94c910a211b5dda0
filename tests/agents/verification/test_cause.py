"""What a round failed of, in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.verification.cause import broken_file, cause, crashes, gets_further
from agents.verification.evidence import Case, Evidence, Frame, Outcome, Phase, Status, SuiteRun, Verdict

BASE = Evidence("python", "bwrap", "x", (Phase("environment", Status.OK), Phase("build", Status.OK)))


def failed(*tests: Case) -> Evidence:
    return replace(BASE, tested=SuiteRun(Verdict.FAIL, tests))


def test_the_innermost_place_is_named() -> None:
    frames = (Frame("tests/test_bank.py", 26, "test_a"), Frame("bank.py", 15, "take"))
    test = Case("t::a", Outcome.FAILED, "NameError: name 'Poor' is not defined\nmore", frames)
    assert cause(failed(test)) == "NameError: name 'Poor' is not defined (bank.py, line 15)"


def test_a_program_that_a_test_starts_breaks_down_where_its_traceback_says() -> None:
    told = """`python expenses.py valid.csv` ended with exit code 1; stderr:
Traceback (most recent call last):
  File "/job/expenses.py", line 59, in <module>
    main()
  File "/job/expenses.py", line 17, in by_category
    category = entry["category"]
               ~~~~~^^^^^^^^^^^^
KeyError: 'category'
"""
    test = Case("t::a", Outcome.FAILED, "AssertionError: assert '' == 'food'", (), told)
    assert cause(failed(test)) == "KeyError: 'category' (expenses.py, line 17)"


def test_a_flood_of_output_is_read_at_once() -> None:
    told = "Traceback (most recent call last):\n" + '  File "a", line 1\n' * 20_000
    assert cause(failed(Case("t::a", Outcome.FAILED, "assert 1 == 2", (), told))) == "assert 1 == 2"


def test_a_file_that_cannot_be_collected_comes_first() -> None:
    wrong = Case("t::a", Outcome.FAILED, "assert 1 == 2")
    unread = Case("u", Outcome.ERROR, "ImportError: cannot import name 'x' from 'y'")
    assert cause(failed(wrong, unread)) == "ImportError: cannot import name 'x' from 'y'"


def test_an_error_of_the_code_comes_before_a_wrong_value() -> None:
    wrong = Case("t::a", Outcome.FAILED, "assert 1 == 2", (Frame("a.py", 1, "f"),))
    broken = Case("t::b", Outcome.FAILED, "KeyError: 'x'", (Frame("a.py", 2, "f"),))
    assert cause(failed(wrong, broken)) == "KeyError: 'x' (a.py, line 2)"


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ("KeyError: 'x' (a.py, line 2)", "a.py"),
        ("TypeError: f() takes 1 argument (2 given) (src/a b.py, line 12)", "src/a b.py"),
        ("assert 1 == 2 (a.py, line 2)", ""),
        ("KeyError: 'x'", ""),
        ("build failed: 1 of 2 files does not compile", ""),
        ("", ""),
    ],
)
def test_the_file_that_broke_down_is_known(told: str, path: str) -> None:
    assert broken_file(told) == path


@pytest.mark.parametrize(
    ("now", "further"),
    [
        ("KeyError: 'x' (a.py, line 9)", False),
        ("KeyError: 'y' (a.py, line 2)", True),
        ("assert 1 == 2 (a.py, line 2)", True),
        ("", True),
    ],
)
def test_another_error_is_further_and_the_same_in_another_line_is_not(now: str, further: bool) -> None:
    assert gets_further(now, "KeyError: 'x' (a.py, line 2)") is further
    assert not gets_further(now, "assert 3 == 4 (a.py, line 2)")
    assert not gets_further(now, "KeyError: 'x' (a.py, line 2)", seen=[now])


def test_an_address_makes_no_new_error() -> None:
    assert not gets_further("TypeError: <C at 0x7f02> (a.py, line 1)", "TypeError: <C at 0x7f01> (a.py, line 1)")


def test_a_test_without_a_message_is_named() -> None:
    assert cause(failed(Case("t::a", Outcome.NOT_RUN))) == "t::a"


def test_what_does_not_compile_comes_before_every_test() -> None:
    phases = (Phase("environment", Status.OK), Phase("build", Status.FAILED, "main.py: line 3: invalid syntax"))
    assert cause(replace(BASE, phases=phases)) == "build failed: main.py: line 3: invalid syntax"


def test_a_flood_is_cut_to_a_line() -> None:
    flood = (Frame("p" * 900 + ".py", 1, "f"),)
    for frames in ((), flood):
        assert len(cause(failed(Case("t::a", Outcome.FAILED, "ValueError: " + "x" * 5000, frames)))) <= 200


def test_nothing_failed() -> None:
    assert cause(failed(Case("t::a", Outcome.PASSED))) == ""


@pytest.mark.parametrize(
    ("told", "broke_down"),
    [
        ("NameError: name 'x' is not defined (a.py, line 1)", True),
        ("ReferenceError: require is not defined in ES module scope", True),
        ("json.decoder.JSONDecodeError: Expecting value", True),
        ("AssertionError: assert 1 == 2", False),
        ("AssertionError [ERR_ASSERTION]: Values have same structure", False),
        ("assert 'a' == 'b'", False),
        ("Expected values to be strictly equal:", False),
        ("Failed: DID NOT RAISE ValueError", False),
        ("build failed: main.py: line 3: invalid syntax", True),
    ],
)
def test_wrong_values_are_no_breakdown(told: str, broke_down: bool) -> None:
    assert crashes([told, told]) == ([told] if broke_down else [])
