"""Examples that stand in the requirements are found, and nothing that could be read in another way."""

from __future__ import annotations

import time

import pytest

from agents.plan import PlannedFile
from agents.requirements import Requirement, number
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
        ('is_valid(text): "59" is valid, "0" is not', 'is_valid("59")', "True"),
        ('is_valid(text): "59" is valid, "0" is not', 'is_valid("0")', "False"),
        ('is_valid(text). Examples: "59" is valid, "0" is not, and "18" is valid.', 'is_valid("18")', "True"),
        ("is_leap_year(year): 2000 is a leap year, but 1900 is not.", "is_leap_year(1900)", "False"),
        ("is_prime(n): whole numbers. For example, 7 is prime.", "is_prime(7)", "True"),
        ("is_prime(n) returns True or False.\n- 7 is prime, 9 is not", "is_prime(9)", "False"),
        ("is_leap_year(year): `2001` is not a leap year.", "is_leap_year(2001)", "False"),
        ("is_prime(n): 7 is prime, 8 is no prime", "is_prime(8)", "False"),
    ],
)
def test_an_example_is_found(text: str, call: str, expected: str) -> None:
    assert (call, expected) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "f(2) is 3 more than f(1).",
        "is_valid(n): 0 is not allowed.",
        'is_valid(n) returns "yes" or "no". Examples: 5 is valid, 0 is not.',
        "is_valid(pin): 0042 is valid.",
        "is_valid(isbn): 9780306406157 is valid.",
        "is_valid(n) returns True, or the reason why not. 5 is valid.",
        'is_valid(n) answers "yes" or "no". 5 is valid.',
        'is_valid(n) returns: "yes" or "no". 5 is valid.',
        "is_prime(n). The old version has these bugs:\n- 1 is prime\n- 4 is prime",
        "is_valid(n). With the option lax:\n5 is valid",
        "is_odd(n). True or false? 8 is odd.",
        "is_prime(n) gives 1 or 0. Examples: 7 is prime.",
        "is_valid(age) raises ValueError for a wrong age. 5 is valid, -1 is not.",
        "is_palindrome(text: str): 121 is a palindrome.",
        "is_prime(n). The program prints a line in the form: 9 is prime.",
        "is_valid(n): everything other than 0, 1 is valid.",
        "is_valid(n). None of 1, 2 is valid.",
        "is_leap_year(y). In the Julian calendar, 1900 is a leap year.",
        "is_prime(n). A common mistake: 1 is prime.",
        "is_prime(n). Do not think so: 1 is prime.",
        "is_valid(n): 0 is not.",
        "is_valid(n): 4 is valid or even.",
        "is_valid(n): 4 is valid-ish.",
        "is_valid(n): if strict, 4 is valid.",
        "is_valid(n): 4 is valid, 5 is odd.",
        "is_valid(a, b): 4 is valid.",
        "check(n): 4 is valid.",
        "is_valid(n): it is wrong that 4 is valid.",
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


@pytest.mark.parametrize(
    "text",
    [
        "f(3) returns 1, 2 and 3.",
        "f(3) yields 1, 2, 3.",
        "f(3) gives 1 and 2.",
        "f(3) ist 1 und 2.",
        "f(2) is 1,000.",
        "f(2) = 4,5",
        "f(750) is 12:30.",
        "f(10) is 3.33...",
        "f(10) is 3.33…",
        "f(10) is 3.33, rounded.",
        "f(10) is 3.33 (rounded)",
        "f(2) is about 4.",
        "f(2) is 4%.",
        "f(2) is 4 seconds.",
        "f(2) is 4 or 5.",
        "f(2) is 4 when strict is set.",
        "f(2) is 4, unless strict is set.",
        "f(2) is 4, if x is set.",
        "After g(3), f(2) is 4.",
        "If the cache is empty, f(2) is 0.",
        "With strict set, f(2) is 4.",
        "Wenn nichts da ist, f(2) = 0.",
        "f(2) must not be 4.",
        "It must never happen that f(2) is 4.",
        "Currently f(2) is 5.",
        "f(2) returns 5, but should return 4.",
        "f(2) returns 5 instead of 4.",
        "f(2) liefert derzeit 5.",
        "f(6) might return 4: f(6) returns 4, randomly.",
        "```python\nif f(2) == 4:\n    pass\n```",
        "```python\nassert not f(2) == 4\n```",
        "```\n>>> f(2)\n1\n2\n```",
        "f(n) prints.\n```\n>>> f(2)\n1\n```",
        "Write a class. f(2) is 4.",
        "The method f(2) returns 4.",
        "f(2) is 4. Later: f(2) is 5.",
        'f(2) is "a\\".',
        'f(2) is "4',
        "f(2) is “4”.",
        "f(true) is 4.",
        "f(null) is 4.",
        "f(2) === 4",
        "| f(2) | 4 |",
        'f(text): every " " becomes "-".',
        'f(text): " " becomes "-".',
        'f(text): "ä" -> "ae"',
        "f(n): 2 gives 4 or 5.",
        "f(n): 2 gives 4, 5.",
        "f(2) is " + "-" * 300,
        "f(lambda: 1) is 2.",
        "f(1 + 1) is 2.",
        "f(date(2020, 1, 1)) is 4.",
        "f(Decimal('1.5')) is 3.",
        "f(2) is Decimal('4').",
        "f(2) raises ValueError, if strict is set.",
    ],
)
def test_what_could_be_read_in_two_ways_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("f(2) is 4, f(3) is 6.", ("f(3)", "6")),
        ("f(2) is 4, not 5.", ("f(2)", "4")),
        ("- f(2) is 4\n- f(3) is 6", ("f(3)", "6")),
        ("Beispiel: `f(2)` ergibt `4`, und `f(3)` ergibt `6`.", ("f(2)", "4")),
        ("f(1.5) liefert 3.0.", ("f(1.5)", "3.0")),
        ('f("it\'s") returns "it\'s".', ('f("it\'s")', '"it\'s"')),
        ('f("a, b") == ["a", "b"]', ('f("a, b")', '["a", "b"]')),
        ("```python\nassert f(2) == 4\nassert f(3) == 6\n```", ("f(3)", "6")),
        ("```\n>>> f('a')\n'b'\n>>> f('c')\n'd'\n```", ("f('c')", "'d'")),
        ("f(n): 2 gives 4, 3 gives 6, 4 gives 8.", ("f(3)", "6")),
        ('f(text): "ab c" -> "ab-c"', ('f("ab c")', '"ab-c"')),
        ("f([1, 2]) is true", ("f([1, 2])", "true")),
        ("(f(2) is 4)", ("f(2)", "4")),
        ("**f(2)** is bold. f(2) is 4.", ("f(2)", "4")),
    ],
)
def test_what_can_be_read_in_one_way_is_taken(text: str, example: tuple[str, str]) -> None:
    assert example in found(text)


def test_a_function_of_a_class_is_told_from_a_method_by_its_signature() -> None:
    function, method = PlannedFile("a.py", "", ("def f(x)",)), PlannedFile("a.py", "", ("def f(self, x)",))
    assert found("A class Box. f(2) is 4.", [function]) == [("f(2)", "4")]
    assert found("A class Box. f(2) is 4.", [method]) == []


@pytest.mark.parametrize("text", ["f((1, 2)) is 3", "f(x=1) is 3", "f(True) is 3", "f(2) is (1, 2)"])
def test_what_is_python_alone_is_no_example_of_javascript(text: str) -> None:
    assert found(text, [PlannedFile("a.js")]) == []


@pytest.mark.parametrize(
    "text",
    [
        "`python a.py 1` prints `3`, then `4`.",
        "`python a.py 1` prints `3` and exits with 1.",
        "`python a.py 1` prints `3` and `4`.",
        "After a first run, `python a.py 1` prints `3`.",
        "Given 3 on stdin, `python a.py 1` prints `3`.",
        "`python a.py 1` prints `1\\n2`.",
        "`python a.py x` prints `bad input` and the exit code is 1.",
    ],
)
def test_a_run_of_which_not_all_is_said_is_left_out(text: str) -> None:
    assert stated(number(text), ONE) == ()


@pytest.mark.parametrize(
    "part",
    [
        "f(1) is 2. ",
        "f(",
        "f([",
        "`" + " " * 60,
        " " * 200,
        '"a" gives ',
        "f(1) is 2\n- ",
        "f(a, a, ",
        "`python ",
        "1 -> ",
        'f("',
        "x" * 99,
    ],
)
def test_long_requirements_are_read_at_once(part: str) -> None:
    requirement = Requirement("R1", part * (200_000 // len(part)))
    began = time.process_time()
    stated([requirement], ONE)
    assert time.process_time() - began < 2


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
