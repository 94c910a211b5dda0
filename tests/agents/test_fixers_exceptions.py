"""Exceptions that a program raises and nobody has defined."""

from __future__ import annotations

import pytest

from agents.fixers import fix
from agents.fixers_exceptions import define_exceptions

BANK = """def take(amount, balance):
    if amount > balance:
        raise Overdrawn("too much")
    return balance - amount
"""


@pytest.mark.parametrize(
    ("requirements", "base"),
    [
        ("", "Exception"),
        ("take raises Overdrawn when there is too little.", "Exception"),
        ("It raises Overdrawn, an exception of this module that is a ValueError, and changes nothing", "ValueError"),
        ("Overdrawn (a subclass of `KeyError`) is raised", "KeyError"),
        ("Overdrawn extends RuntimeError", "RuntimeError"),
        ("Overdrawn is an Account", "Exception"),
        ("Overdrawn is raised, not a subclass of KeyError", "Exception"),
        ("Overdrawn is a UnicodeDecodeError", "Exception"),
        ("Overdrawn is raised.\nOther things are a ValueError", "Exception"),
    ],
)
def test_it_is_defined_with_the_base_that_the_requirements_name(requirements: str, base: str) -> None:
    expected = f"class Overdrawn({base}):\n    pass\n\n\n{BANK}"
    assert define_exceptions({"bank.py": BANK}, {}, requirements) == {"bank.py": expected}


def test_it_is_defined_behind_the_imports() -> None:
    program = f"import sys\n\n\n{BANK}"
    fixed = fix({"bank.py": program}, {}, "")["bank.py"]
    assert fixed == f"import sys\n\n\nclass Overdrawn(Exception):\n    pass\n\n\n{BANK}"
    assert fix({"bank.py": fixed}, {}, "")["bank.py"] == fixed


def test_a_test_can_import_it_then() -> None:
    test = "from bank import take, Overdrawn\n\n\ndef test_a():\n    assert take(2, 1) is Overdrawn\n"
    fixed = fix({"bank.py": BANK, "test_bank.py": test}, {}, "")
    assert fixed["test_bank.py"] == test
    assert "class Overdrawn" in fixed["bank.py"]


@pytest.mark.parametrize(
    "program",
    [
        "def f(error):\n    raise error\n",
        "def f():\n    raise failure('x')\n",
        "try:\n    pass\nexcept ValueError:\n    raise\n",
        "from errors import *\n\nraise Overdrawn\n",
        "class Overdrawn(Exception): ...\n\nraise Overdrawn\n",
        "print(Overdrawn)\n",
        "raise (\n",
    ],
)
def test_nothing_else_is_defined(program: str) -> None:
    assert define_exceptions({"bank.py": program}, {}, "") == {"bank.py": program}


def test_what_two_programs_raise_has_no_home_and_is_left() -> None:
    files = {"bank.py": BANK, "shop.py": BANK}
    assert define_exceptions(files, {}, "") == files


def test_what_is_only_caught_may_be_a_librarys() -> None:
    program = "import json\n\ntry:\n    json.loads('')\nexcept JSONDecodeError:\n    pass\n"
    assert fix({"bank.py": program}, {}, "") == {"bank.py": program}
    program = "from decimal import Decimal\n\nraise InvalidOperation\n"
    assert "from decimal import InvalidOperation" in fix({"bank.py": program}, {}, "")["bank.py"]
    assert "class" not in fix({"bank.py": program}, {}, "")["bank.py"]


def test_while_files_are_missing_nothing_is_defined() -> None:
    assert fix({"bank.py": BANK}, {}) == {"bank.py": BANK}


def test_a_program_imports_it_from_the_module_beside_it() -> None:
    errors = "class Overdrawn(Exception): ...\n"
    fixed = fix({"bank.py": BANK}, {"errors.py": errors})["bank.py"]
    assert fixed == f"from errors import Overdrawn\n\n\n{BANK}"


def test_a_program_imports_nothing_in_a_circle() -> None:
    errors = "import bank\n\n\nclass Overdrawn(Exception): ...\n"
    assert fix({"bank.py": BANK}, {"errors.py": errors})["bank.py"] == BANK
