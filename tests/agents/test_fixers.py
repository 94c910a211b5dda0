from __future__ import annotations

import pytest

from agents.fixers import add_imports, add_package_markers, drop_unknown_imports, fix, unify_line_ends

FIB = "def fib(n):\n    return n\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [("a\r\nb\r\n", "a\nb\n"), ("a", "a\n"), ("\ufeffa\n", "a\n"), ("", ""), ("a\n\n", "a\n\n"), ("a\rb", "a\nb\n")],
)
def test_line_ends_are_unified(content: str, expected: str) -> None:
    assert unify_line_ends({"a.txt": content}, {}) == {"a.txt": expected}


IMPORTS = {
    "of the module under test": (
        "import pytest\n\n\ndef test_a():\n    assert fib(1) == 1\n",
        "import pytest\nfrom fib import fib\n\n\ndef test_a():\n    assert fib(1) == 1\n",
    ),
    "of the standard library": (
        "from fib import fib\n\n\ndef test_a():\n    sys.exit(fib(1))\n",
        "from fib import fib\nimport sys\n\n\ndef test_a():\n    sys.exit(fib(1))\n",
    ),
    "of a name with one usual home": (
        '"""Tests."""\n\ndef test_a():\n    assert Path("x")\n',
        '"""Tests."""\nfrom pathlib import Path\n\ndef test_a():\n    assert Path("x")\n',
    ),
    "above the first line": ("def test_a():\n    fib(1)\n", "from fib import fib\n\n\ndef test_a():\n    fib(1)\n"),
}
UNTOUCHED = {
    "all bound": "from fib import fib\n\n\ndef test_a():\n    fib(1)\n",
    "bound in a loop, a comprehension, a with, an except and a walrus": (
        "for sys in []:\n    [os for os in sys]\n    with open('') as re:\n        re\n"
        "try:\n    pass\nexcept OSError as json:\n    json\nif (csv := 1):\n    csv\n"
    ),
    "an argument": "def test_a(sys, *os, **re):\n    sys, os, re\n",
    "a name that nothing defines": "def test_a():\n    nowhere(1)\n",
    "everything imported with a star": "from fib import *\n\nsys\n",
    "not Python": "def (:\n",
}


@pytest.mark.parametrize("case", IMPORTS)
def test_a_missing_import_is_added(case: str) -> None:
    before, after = IMPORTS[case]
    assert add_imports({"tests/test_fib.py": before}, {"fib.py": FIB})["tests/test_fib.py"] == after


@pytest.mark.parametrize("case", UNTOUCHED)
def test_other_files_stay_as_they_are(case: str) -> None:
    files = {"tests/test_fib.py": UNTOUCHED[case]}
    assert add_imports(files, {"fib.py": FIB}) == files


def test_a_name_that_two_modules_define_is_not_guessed() -> None:
    files = {"test_fib.py": "fib(1)\n"}
    assert add_imports(files, {"fib.py": FIB, "other.py": FIB}) == files


def test_a_program_gets_imports_of_the_standard_library_and_of_what_stands_beside_it() -> None:
    files = {"main.py": "print(sys.argv, fib(1), deep(1))\n"}
    staged = {"fib.py": FIB, "maths/deep.py": "def deep(n): ...\n", "tests/helper.py": "def deep(n): ...\n"}
    expected = "from fib import fib\nimport sys\n\n\nprint(sys.argv, fib(1), deep(1))\n"
    assert add_imports(files, staged) == {"main.py": expected}


def test_modules_under_src_are_imported_without_it() -> None:
    files = {"tests/test_fib.py": "fib(1)\n"}
    fixed = add_imports(files, {"src/numbers_of/fib.py": FIB})
    assert fixed["tests/test_fib.py"].startswith("from numbers_of.fib import fib\n")


def test_an_import_that_does_not_exist_and_is_not_used_goes() -> None:
    files = {"test_fib.py": "from fib import fib, lucas\n\nfib(1)\n"}
    assert drop_unknown_imports(files, {"fib.py": FIB}) == {"test_fib.py": "from fib import fib\n\nfib(1)\n"}


def test_an_import_line_of_which_nothing_is_left_goes() -> None:
    files = {"test_hello.py": "import sys\n\nfrom hello import greet\n\nsys.exit()\n"}
    fixed = drop_unknown_imports(files, {"hello.py": "print('Hello')\n"})
    assert fixed == {"test_hello.py": "import sys\n\n\nsys.exit()\n"}


@pytest.mark.parametrize("test", ["from fib import lucas\n\nlucas(1)\n", "from math import nothing\n"])
def test_an_import_that_is_used_or_not_ours_stays(test: str) -> None:
    assert drop_unknown_imports({"test_fib.py": test}, {"fib.py": FIB}) == {"test_fib.py": test}


def test_a_package_that_tests_import_gets_its_marker() -> None:
    delivered = {
        "shop/cart.py": "x = 1\n",
        "src/till/sum.py": "y = 1\n",
        "tests/test_a.py": "import shop.cart, till.sum\n",
    }
    assert fix(delivered, {}).keys() - delivered.keys() == {"shop/__init__.py", "src/till/__init__.py"}


def test_a_package_with_a_marker_is_left_alone() -> None:
    delivered = {"tests/test_a.py": "from shop import cart\n"}
    assert add_package_markers(delivered, {"shop/cart.py": "", "shop/__init__.py": ""}) == delivered


def test_fixing_twice_changes_nothing_more() -> None:
    once = fix({"tests/test_fib.py": "import pytest\r\n\r\nfib(1); sys.exit()"}, {"fib.py": FIB})
    assert fix(once, {"fib.py": FIB}) == once


@pytest.mark.parametrize(
    ("program", "fixed"),
    [
        (
            "import os; X = {\n    1: Path(),\n}\n",
            "from pathlib import Path\n\n\nimport os; X = {\n    1: Path(),\n}\n",
        ),
        ("#!/usr/bin/env python\nPath()\n", "#!/usr/bin/env python\nfrom pathlib import Path\nPath()\n"),
    ],
)
def test_an_import_stands_where_it_breaks_nothing(program: str, fixed: str) -> None:
    assert add_imports({"a.py": program}, {}) == {"a.py": fixed}


def test_a_line_with_another_statement_on_it_stays() -> None:
    test = "from fib import gone; import os\n\nprint(os.sep)\n"
    assert drop_unknown_imports({"test_a.py": test}, {"fib.py": FIB}) == {"test_a.py": test}


def test_what_is_too_deep_to_parse_stays() -> None:
    noise = {"a.py": "-" * 6000 + "1\n"}
    assert fix(noise, {}, "") == noise
