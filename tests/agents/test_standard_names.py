"""Imports of the standard library that a file lacks."""

from __future__ import annotations

import ast

import pytest

from agents.fixers import fix
from agents.standard_names import import_line


@pytest.mark.parametrize(
    ("name", "code", "expected"),
    [
        ("Decimal", "Decimal('12.50')", "from decimal import Decimal"),
        ("datetime", "datetime.date(2024, 3, 31)", "import datetime"),
        ("datetime", "datetime.now()", "from datetime import datetime"),
        ("datetime", "datetime(2024, 3, 31)", "from datetime import datetime"),
        ("timedelta", "timedelta(1)", "from datetime import timedelta"),
        ("os", "os.path.join('a')", "import os"),
        ("decimal", "decimal.Decimal(1)", "import decimal"),
        ("pytest", "pytest.raises(ValueError)", "import pytest"),
        ("copy", "copy(1)", ""),
        ("html", "html + '<p>'", ""),
        ("html", "html.escape(html)", ""),
        ("numpy", "numpy.array(1)", ""),
        ("total", "total.value", ""),
    ],
)
def test_an_import_is_known_when_the_use_leaves_no_doubt(name: str, code: str, expected: str) -> None:
    assert import_line(name, ast.parse(code)) == expected


def test_what_the_project_defines_comes_from_the_project() -> None:
    test = "def test_a():\n    assert partial(1)\n"
    fixed = fix({"test_a.py": test}, {"maths.py": "def partial(n): ...\n"})
    assert fixed["test_a.py"].startswith("from maths import partial\n")


def test_what_several_modules_define_is_not_taken_from_the_standard_library() -> None:
    files = {"test_a.py": "def test_a():\n    assert partial(1)\n"}
    staged = {"a.py": "def partial(n): ...\n", "b.py": "def partial(n): ...\n"}
    assert fix(files, staged) == files
