"""Examples that stand in the requirements are found, and nothing that could be read in another way."""

from __future__ import annotations

import pytest

from agents.plan import PlannedFile
from agents.requirements import number
from agents.stated import MOST_STATED, stated
from agents.verification.examples import Call, Example

ONE = [PlannedFile("a.py"), PlannedFile("tests/test_a.py")]


def found(text: str, files: list[PlannedFile] = ONE) -> list[tuple[str, str]]:
    """(call, what is expected) of each."""
    return [(check.call, check.expected) for check in stated(number(text), files) if isinstance(check, Call)]


@pytest.mark.parametrize(
    ("text", "call", "expected"),
    [
        ('rotate("Zebra!", 1) is "Afcsb!".', 'rotate("Zebra!", 1)', '"Afcsb!"'),
        ("`f(2)` returns `4`", "f(2)", "4"),
        ("so f(2) gives 4, and more", "f(2)", "4"),
        ("f(2) should return -4.5.", "f(2)", "-4.5"),
        ("f(2) == [1, (2, 3)]", "f(2)", "[1, (2, 3)]"),
        ("f({'a': 1}) -> {'a': 2}", "f({'a': 1})", "{'a': 2}"),
        ("f('x', sep=\";\") → 'x;'", "f('x', sep=\";\")", "'x;'"),
        ("f(1) is True and f(2) is not", "f(1)", "True"),
        ("f(-1) raises a `ValueError`.", "f(-1)", "raises ValueError"),
        ("f(-1) must raise ValueError, of course", "f(-1)", "raises ValueError"),
        ("f(1) is the list [1]", "f(1)", "[1]"),
        ('f(")") is "(".', 'f(")")', '"("'),
        ("```\n>>> f([1, 2])\n[2, 1]\n```", "f([1, 2])", "[2, 1]"),
        ("f(n) doubles: 2 gives 4, so 3 gives 6.", "f(2)", "4"),
        ('f(seconds): 59 gives "59s"', "f(59)", '"59s"'),
        ("f(words) groups. Example: ['a', 'b'] gives [['a'], ['b']].", "f(['a', 'b'])", "[['a'], ['b']]"),
    ],
)
def test_an_example_is_found(text: str, call: str, expected: str) -> None:
    assert (call, expected) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "f(2) is 3 more than f(1).",
        "f(n) is 4.",
        "f(2) is even.",
        'f(x) turns "a" into "b".',
        "f() is 4.",
        "f(2) and 4.",
        'f(2) is "4',
        "f(2) is 4.5.6",
        'f(open("x")) is 4.',
        "a.b(2) is 4.",
        "f(a) and g(b): 2 gives 4.",
        "f(a, b): 2 gives 4.",
        "f(n): a price of 2 gives 4 points.",
        "f(2) raises the price.",
        "f(" + "[" * 5000,
        "f(" * 3000,
    ],
)
def test_what_is_no_example_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_file_is_the_one_whose_signatures_name_the_function() -> None:
    files = [PlannedFile("a.py", "", ("def f(x)",)), PlannedFile("b.py", "", ("def g(x)",))]
    checks = stated(number("f(1) is 2. g(1) is 3."), files)
    assert [check.path for check in checks if isinstance(check, Call)] == ["a.py", "b.py"]


def test_a_function_that_could_be_in_two_files_is_left_out() -> None:
    assert found("f(1) is 2.", [PlannedFile("a.py"), PlannedFile("b.py")]) == []


def test_javascript_has_its_own_words() -> None:
    assert found('isOdd(3) is true, isOdd("x") is null.', [PlannedFile("odd.js")]) == [
        ("isOdd(3)", "true"),
        ('isOdd("x")', "null"),
    ]


def test_a_run_with_its_whole_output_is_found() -> None:
    (run,) = stated(number("`python a.py 1 2` prints `3`."), ONE)
    assert run == Example(
        ("python", "a.py", "1", "2"), stdout="3\n", name="python a.py 1 2", requirement="R1", stated=True
    )


@pytest.mark.parametrize(
    "text",
    [
        "`python a.py FILE` prints `3`.",
        "`python a.py x.txt` prints `3`.",
        "`python b.py 1` prints `3`.",
        "`python a.py 1` prints `N lines`.",
        "`python a.py 1` prints `3` lines.",
        "`python a.py <number>` prints `3`.",
        "`python a.py | sort` prints `3`.",
    ],
)
def test_a_run_that_needs_more_is_left_out(text: str) -> None:
    assert stated(number(text), ONE) == ()


def test_the_same_call_counts_once_and_there_is_an_end_to_them() -> None:
    assert len(stated(number("f(1) is 2. " * 3), ONE)) == 1
    assert len(stated(number("".join(f"f({n}) is 2. " for n in range(99))), ONE)) == MOST_STATED


def test_what_is_stated_bears_its_requirement() -> None:
    (check,) = stated(number("Write a.py.\n- f(1) is 2"), ONE)
    assert (check.requirement, check.stated, check.advisory) == ("R2", True, False)
