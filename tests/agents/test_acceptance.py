"""ACCEPTANCE.md: what goes into it, and what the Engineer hears of it."""

from __future__ import annotations

import pytest

from agents.acceptance import MOST_CHECKS, agreed, can_fail, chosen, render, shown
from agents.verification.examples import Call, Check, Example
from agents.verification.examples_text import read_examples


def call(text: str, returns: str | None = "1", **fields: object) -> Call:
    return Call("a.py", text, returns, name=text, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("check", "can"),
    [
        (call("f(1)", "2"), True),
        (call("f(1)", "[]"), True),
        (call("f(1)", None, raises="ValueError"), True),
        (call("f(1)", "None"), False),
        (call("f(1)", None, raises="Exception"), False),
        (call("f(1)", None, raises="NotImplementedError"), False),
        (call("f(", "2"), False),
        (call("f(1)", "two"), False),
        (call("f(1)", "2", setup=("b = ",)), False),
        (Call("a.js", "f({a: 1})", "{a: 2}"), True),
        (Call("a.js", "f(1)", "undefined"), False),
        (Example(("python", "a.py"), stdout="x\n"), True),
        (Example(("python", "a.py"), exit=2), True),
        (Example(("python", "a.py"), stdout="\n"), False),
        (Example(("python", "a.py")), False),
    ],
)
def test_a_check_that_an_empty_program_passes_is_none(check: Check, can: bool) -> None:
    assert can_fail(check) is can


def test_samples_agree_on_values_not_on_their_writing() -> None:
    (check,) = agreed([call("f( 1 )", "{'a': 1}")], [call("f(1)", '{"a": 1.0}')])
    assert not check.advisory


def test_of_one_question_the_first_answer_is_taken() -> None:
    assert agreed([call("f(1)", "1"), call("f(1)", "2")], [call("f(1)", "1")]) == (call("f(1)", "1"),)


def test_each_third_check_that_counts_is_held_back_and_none_that_the_user_stated() -> None:
    written = [call(f"f({n})") for n in range(7)]
    checks = chosen([call("f(0)", "1", stated=True)], written)
    assert [check.name for check in checks if check.held_back] == ["f(3)", "f(6)"]
    assert [check.name for check in checks].count("f(0)") == 1


def test_advice_comes_last_and_there_is_an_end() -> None:
    written = [call("g(1)", advisory=True), *(call(f"f({n})") for n in range(30))]
    checks = chosen([], written)
    assert len(checks) == MOST_CHECKS
    assert not any(check.advisory for check in checks)


def test_what_is_written_is_read_back() -> None:
    checks = (
        call("f('`')", "'```'", stated=True, requirement="R1"),
        call("b.f()", None, raises="KeyError", setup=("b = B()",), held_back=True),
        Example(("python", "a.py"), "in", "out\n", 0, name="python a.py", advisory=True),
    )
    assert read_examples(render("demo", checks)) == (checks, ())


def test_no_checks_make_no_file() -> None:
    assert render("demo", ()) == ""


def test_the_engineer_sees_what_counts_and_is_not_held_back() -> None:
    checks = (
        call("f(1)", "2"),
        call("f(2)", "3", held_back=True),
        call("f(3)", "4", stated=True),
        call("f(4)", "5", advisory=True),
        call("b.f()", None, raises="KeyError", setup=("b = B()",)),
        Example(("python", "a.py"), stdout="x\n"),
    )
    assert shown(render("demo", checks)).splitlines() == [
        "- a.py: `f(1)` returns 2",
        "- a.py: `b = B(); b.f()` raises KeyError",
        "- `python a.py` prints 'x\\n', exit code 0",
    ]
