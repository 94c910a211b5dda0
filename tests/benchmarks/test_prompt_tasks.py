"""The hidden checks of the prompt benchmark accept a right program and refuse a wrong one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.prompt_tasks import TASKS
from benchmarks.prompts import Row, summary

RIGHT = {
    "greeting": ("hello.py", 'print("Hello, World!")\n'),
    "fibonacci": (
        "fibonacci.py",
        """def fib(n):
    if n < 0:
        raise ValueError(n)
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a
""",
    ),
    "wordcount": (
        "src/wordcount.py",
        """import sys
try:
    text = open(sys.argv[1]).read()
except OSError as error:
    sys.exit(str(error))
print(len(text.splitlines()), len(text.split()), len(text))
""",
    ),
    "temperature": (
        "temperature.py",
        """def c_to_f(celsius):
    if celsius < -273.15:
        raise ValueError
    return celsius * 9 / 5 + 32


def f_to_c(fahrenheit):
    celsius = (fahrenheit - 32) * 5 / 9
    c_to_f(celsius)
    return celsius
""",
    ),
    "roman": (
        "roman.py",
        """VALUES = 1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1
PARTS = list(zip(VALUES, "M CM D CD C XC L XL X IX V IV I".split()))


def to_roman(number):
    if not 0 < number < 4000:
        raise ValueError
    text = ""
    for value, part in PARTS:
        text, number = text + part * (number // value), number % value
    return text


def from_roman(text):
    return {to_roman(number): number for number in range(1, 4000)}[text.upper()]
""",
    ),
    "csvsum": (
        "csvsum.py",
        """import csv, sys
with open(sys.argv[1]) as file:
    rows = list(csv.DictReader(file))
if sys.argv[2] not in rows[0]:
    print("unknown column", file=sys.stderr)
    sys.exit(2)
print(sum(float(row[sys.argv[2]]) for row in rows))
""",
    ),
    "textlib": (
        "textlib.py",
        """def is_palindrome(text):
    letters = [c for c in text.lower() if c.isalnum()]
    return letters == letters[::-1]


def are_anagrams(a, b):
    return sorted(a.lower().replace(" ", "")) == sorted(b.lower().replace(" ", ""))
""",
    ),
    "todo": (
        "todo.py",
        """import json, os, sys
tasks = json.load(open("todo.json")) if os.path.exists("todo.json") else []
match sys.argv[1:]:
    case ["add", text]:
        tasks.append([text, " "])
    case ["list"]:
        for number, (text, mark) in enumerate(tasks, 1):
            print(f"{number}. [{mark}] {text}")
    case ["done", number]:
        if not 0 < int(number) <= len(tasks):
            sys.exit("no such task")
        tasks[int(number) - 1][1] = "x"
json.dump(tasks, open("todo.json", "w"))
""",
    ),
}


def accepts(name: str, root: Path, program: str) -> bool:
    file = root / RIGHT[name][0]
    file.parent.mkdir(exist_ok=True)
    file.write_text(program, encoding="utf-8")
    check = [sys.executable, "-c", TASKS[name].script]
    return subprocess.run(check, cwd=root, capture_output=True, timeout=50).returncode == 0


def test_every_task_has_a_right_program() -> None:
    assert RIGHT.keys() == TASKS.keys()


@pytest.mark.parametrize("name", TASKS)
def test_a_right_program_is_accepted(name: str, tmp_path: Path) -> None:
    assert accepts(name, tmp_path, RIGHT[name][1])


WRONG = {
    "greeting": ("!", "?"),
    "fibonacci": ("return a", "return b"),
    "wordcount": ("split())", "split(' '))"),
    "temperature": ("c_to_f(celsius)\n    return", "return"),
    "roman": ("< 4000", "< 5000"),
    "csvsum": ("exit(2)", "exit(1)"),
    "textlib": ("isalnum()", "isprintable()"),
    "todo": ('"x"', '"X"'),
}


@pytest.mark.parametrize("name", TASKS)
def test_a_wrong_program_is_refused(name: str, tmp_path: Path) -> None:
    wrong = RIGHT[name][1].replace(*WRONG[name])
    assert wrong != RIGHT[name][1]
    assert not accepts(name, tmp_path, wrong)


def test_the_table_counts_trials_that_are_good_by_each_iteration() -> None:
    first = Row("a", 1, 1, read=True, hidden=True, tests=False, score=5.0, tokens=10, calls=1, seconds=1.0)
    second = Row("a", 1, 2, read=True, hidden=True, tests=True, score=9.0, tokens=5, calls=1, seconds=1.0)
    assert summary([first, second], 2).splitlines()[2:] == [
        "| a | 1 | 1 | 1 | 0 | 1 | 15 |",
        "| all | 1 | 1 | 1 | 0 | 1 | 15 |",
    ]
