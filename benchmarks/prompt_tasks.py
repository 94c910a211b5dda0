"""Small programs to ask a model for, each with a check of its behaviour that the model does not see."""

from __future__ import annotations

from dataclasses import dataclass

_PRELUDE = """
import contextlib, importlib, os, pathlib, subprocess, sys, tempfile
sys.dont_write_bytecode = True
sys.path[:0] = [".", "src"]
place = tempfile.mkdtemp()
def run(program, *arguments, cwd=place):
    command = [sys.executable, os.path.abspath(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=10, cwd=cwd)
def path(name):
    return name if os.path.exists(name) else "src/" + name
def refuses(function, *arguments):
    with contextlib.suppress(ValueError):
        function(*arguments)
        return False
    return True
def write(name, text):
    pathlib.Path(place, name).write_text(text)
    return name
"""


@dataclass(frozen=True)
class Task:
    """What the user asks for, and Python that fails when the program does not do it."""

    requirements: str
    check: str

    @property
    def script(self) -> str:
        """The check as a program of its own, to be run in the project's folder."""
        return _PRELUDE + self.check


TASKS = {
    "greeting": Task(
        'Create a Python script that prints "Hello, World!"\n',
        """
programs = [p for p in pathlib.Path(".").rglob("*.py") if "test" not in p.name and p.name != "hidden_check.py"]
assert any(run(p).stdout == "Hello, World!\\n" for p in programs)
""",
    ),
    "fibonacci": Task(
        """Create a Python module fibonacci.py with a function fib(n) that returns the n-th Fibonacci number.
fib(0) is 0 and fib(1) is 1. A negative n raises ValueError.
Include tests using pytest.
""",
        """
fib = importlib.import_module("fibonacci").fib
assert [fib(n) for n in range(11)] == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55]
assert refuses(fib, -1)
""",
    ),
    "wordcount": Task(
        """Create a Python command-line program wordcount.py that:
1. Takes the name of a text file as its argument
2. Prints the number of lines, words and characters on one line, separated by spaces
3. Prints an error message to stderr and exits with code 1 when the file does not exist
4. Has tests using pytest
""",
        """
assert run(path("wordcount.py"), write("a.txt", "one two\\nthree\\n")).stdout.split() == ["2", "3", "14"]
missing = run(path("wordcount.py"), "none.txt")
assert missing.returncode == 1 and missing.stderr.strip() and "Traceback" not in missing.stderr
""",
    ),
    "temperature": Task(
        """Write a Python module temperature.py with two functions:
- c_to_f(celsius) converts Celsius to Fahrenheit
- f_to_c(fahrenheit) converts Fahrenheit to Celsius
A temperature below absolute zero (-273.15 Celsius) raises ValueError in both.
Add pytest tests.
""",
        """
module = importlib.import_module("temperature")
assert abs(module.c_to_f(100) - 212) < 1e-6 and abs(module.f_to_c(32)) < 1e-6 and abs(module.c_to_f(-40) + 40) < 1e-6
assert refuses(module.c_to_f, -274) and refuses(module.f_to_c, -460) and not refuses(module.f_to_c, -400)
""",
    ),
    "roman": Task(
        """I need roman.py with to_roman(number) and from_roman(text).
Numbers from 1 to 3999; anything else raises ValueError. from_roman accepts lower case too.
Please write tests with pytest.
""",
        """
module = importlib.import_module("roman")
for number, text in ((1, "I"), (4, "IV"), (9, "IX"), (1994, "MCMXCIV"), (3999, "MMMCMXCIX")):
    assert module.to_roman(number) == text and module.from_roman(text) == number
assert module.from_roman("xiv") == 14 and refuses(module.to_roman, 0) and refuses(module.to_roman, 4000)
""",
    ),
    "csvsum": Task(
        """Create a command-line tool csvsum.py in Python.
- `python csvsum.py FILE COLUMN` prints the sum of the numbers in the column named COLUMN of a CSV file with a header
- An unknown column: an error message on stderr and exit code 2
- Only the standard library
- Tests with pytest
""",
        """
table = write("a.csv", "name,price\\na,1.5\\nb,2\\n")
assert float(run(path("csvsum.py"), table, "price").stdout.split()[-1]) == 3.5
unknown = run(path("csvsum.py"), table, "none")
assert unknown.returncode == 2 and unknown.stderr.strip()
""",
    ),
    "textlib": Task(
        """A small Python library textlib.py:
* is_palindrome(text): True when the text reads the same backwards, ignoring case, spaces and punctuation
* are_anagrams(a, b): True when both texts consist of the same letters, ignoring case and spaces
With tests (pytest).
""",
        """
module = importlib.import_module("textlib")
assert module.is_palindrome("A man, a plan, a canal: Panama!") and not module.is_palindrome("abc")
assert module.are_anagrams("Dormitory", "dirty room") and not module.are_anagrams("ab", "abb")
""",
    ),
    "todo": Task(
        """Create a Python to-do list for the command line, todo.py.
It keeps its tasks in todo.json in the current directory.
1. `python todo.py add TEXT` adds a task
2. `python todo.py list` prints each task on its own line as `1. [ ] TEXT`, with `[x]` when it is done
3. `python todo.py done 1` marks task 1 as done
4. A number that does not exist: message on stderr and exit code 1
5. Includes tests using pytest
""",
        """
for words in (["add", "buy milk"], ["add", "sleep"], ["done", "1"]):
    assert run(path("todo.py"), *words).returncode == 0
assert run(path("todo.py"), "list").stdout.splitlines() == ["1. [x] buy milk", "2. [ ] sleep"]
unknown = run(path("todo.py"), "done", "9")
assert unknown.returncode == 1 and unknown.stderr.strip()
""",
    ),
}
