"""The last look at one file: what is refused, and what must pass although it looks suspicious."""

from __future__ import annotations

import pytest

from agents.answers import gate

_OLD = "\n\n\n".join(f"def function_{number}(value):\n    return value + {number}" for number in range(20))


@pytest.mark.parametrize(
    "line",
    [
        "# ... rest of the code unchanged ...",
        "# rest of the file stays the same",
        "// ... existing code ...",
        "/* ... rest of styles ... */",
        "{/* existing components here */}",
        "<!-- rest of the page -->",
        "-- existing code",
        "# (previous code unchanged)",
        "[Rest of the code remains the same]",
        "... (rest of the implementation)",
        "// Keep existing code as is",
        "# ... other methods ...",
        "pass  # rest of the implementation",
        "# TODO: rest of the function",
        "# code omitted for brevity",
        "# your code here",
        "# ... truncated",
        "// [omitted]",
        "# ... more tests",
        "// ... additional test cases here ...",
        "# --- rest of the file unchanged ---",
        "[... unchanged]",
    ],
)
def test_a_line_that_stands_for_code_is_refused(line: str) -> None:
    assert "leaves out code" in (gate("app.js", f"start();\n    {line}\nend();\n") or "")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.py", "start()\n# ...\nend()\n"),
        ("run.sh", "start\n    # [...]\nend\n"),
        ("a.py", "unchanged"),
        ("index.html", "<full file>"),
        ("a.py", "[contents of the file]"),
        ("index.html", "<body>\n<!-- rest of the document -->\n</body>\n"),
    ],
)
def test_dots_alone_and_a_word_in_place_of_a_file_are_refused(path: str, content: str) -> None:
    assert "leaves out code" in (gate(path, content) or "")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("p.py", "from typing import Protocol\n\n\nclass P(Protocol):\n    def f(self) -> int: ...\n"),
        ("a.py", "def g(first, *rest):\n    '''Print the rest of the values...'''\n    print('Loading...')\n"),
        ("a.py", "# The other functions are tested elsewhere.\n# existing code paths call this twice\nx = 1\n"),
        ("a.py", "x = 1  # same as before the release of the code\n"),
        ("a.py", "try:\n    import simplejson\nexcept ImportError:\n    ...\n"),
        ("a.py", "x = '\\d'\n"),
        ("a.py", "# One line\n# ...\n# another line of the same remark\nx = 1\n"),
        ("a.py", "# More tests are in tests/deep.\n# Additional imports go below this line of the file.\nx = 1\n"),
        ("a.js", "# ...\nx = 1\n"),
        ("a.py", "# Truncated\nassert cut('abc', 2) == 'ab'\n# Omitted\nassert cut('', 2) == ''\n"),
        ("__init__.py", ""),
        ("README.md", "# Existing code\n\n```python\n# ... your code ...\n```\n"),
        ("tests/data/zeros.csv", "0,0\n" * 1500),
        ("tsconfig.json", '{\n  // comment\n  "compilerOptions": {},\n}\n'),
        ("config.yaml", "a: !custom\n  - 1\n---\nb: 2\n"),
    ],
)
def test_what_only_looks_suspicious_passes(path: str, content: str) -> None:
    assert gate(path, content) is None


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("a.py", "def f(:\n", "not valid Python (line 1"),
        ("a.py", "x = " + "(" * 5000, "not valid Python"),
        ("a.py", "x = " + "-" * 100_000 + "1", "not valid Python"),
        ("a.py", "x = 1\0", "NUL"),
        ("a.py", "x = '\ud83d'", "half a character"),
        ("a.json", '{"a": 1,}', "not valid JSON (line 1"),
        ("a.json", "[" * 100_000, "not valid JSON"),
        ("a.toml", "a = \n", "not valid TOML"),
        ("a.yaml", "a: [1\nb: 2\n", "not valid YAML (line 2"),
        ("a.js", "--- a/a.js\n+++ b/a.js\n@@ -1 +1 @@\n-x\n+y\n", "a diff"),
        ("a.py", "x = 1\n" + "x = x + 1\n" * 400, "repeats"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(path: str, content: str, words: str) -> None:
    assert words in (gate(path, content) or "")


def test_a_file_that_lost_most_of_its_functions_is_refused() -> None:
    problem = gate("a.py", "def function_0(value):\n    return value\n", old=_OLD)
    assert problem is not None
    assert "shrank" in problem
    assert "function_1" in problem


def test_a_shorter_file_with_the_same_names_passes() -> None:
    shorter = "\n".join(f"def function_{number}(v): ..." for number in range(20))
    assert gate("a.py", shorter, old=_OLD + "\n# " + "long comment " * 200) is None


def test_a_longer_file_may_rename_everything() -> None:
    assert gate("a.py", _OLD.replace("function", "step"), old=_OLD) is None
