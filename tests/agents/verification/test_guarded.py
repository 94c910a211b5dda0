"""Tests that have to fail once, where it would not be heard."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path
from typing import Any

import pytest

from agents.verification.trusted.breaking import Breaking
from agents.verification.trusted.guarded import guard_tests

NAME = "broken_here"


def test_a_guarded_test_fails_only_when_it_has_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    breaking = Breaking(tmp_path / "mark")
    monkeypatch.setattr(builtins, NAME, breaking.ask, raising=False)
    text = "import pytest\ndef test_a(): pass\n@pytest.fixture\ndef test_data(): return 1\ndef helper(): pass\n"
    guarded = guard_tests(text, NAME)
    assert guarded.count(NAME) == 1
    space: dict[str, Any] = {}
    exec(guarded, space)
    breaking.begin("raise")
    space["test_a"]()
    breaking.begin("fail")
    with pytest.raises(AssertionError):
        space["test_a"]()
    assert breaking.reached


SWALLOWS = "def test_it():\n    try:\n        assert f() == 1\n    except Exception as error:\n        print(error)\n"


WELCOME = "def test_it():\n    with pytest.raises(AssertionError):\n        assert f() == 1\n"
UNIT_WELCOME = "def test_it(self):\n    with self.assertRaises(Exception):\n        self.assertEqual(f(), 1)\n"


@pytest.mark.parametrize(
    ("text", "swallows"),
    [
        (SWALLOWS, True),
        (SWALLOWS.replace("Exception as error", "(KeyError, AssertionError) as error"), True),
        (SWALLOWS.replace(" Exception as error", "").replace("print(error)", "return"), True),
        ("def test_it():\n    with contextlib.suppress(AssertionError):\n        assert f() == 1\n", True),
        (SWALLOWS.replace("Exception", "ValueError"), False),
        (SWALLOWS.replace("print(error)", "assert 'a' in str(error)"), False),
        (SWALLOWS.replace("print(error)", "raise"), False),
        (SWALLOWS.replace("print(error)", "pytest.fail(str(error))"), False),
        (SWALLOWS.replace("assert f() == 1", "f()"), False),
        (SWALLOWS.replace("assert f() == 1", "f(); pytest.fail('it did not raise')"), False),
        (SWALLOWS.replace("assert f() == 1", "f(); self.fail('it did not raise')"), True),
        (SWALLOWS.replace("assert f() == 1", "pytest.raises(ValueError, f)"), False),
        (SWALLOWS.replace("assert f() == 1", "pytest.fail('no')").replace("Exception", "BaseException"), True),
        ("def test_it():\n    with contextlib.suppress(KeyError):\n        assert f() == 1\n", False),
        (WELCOME, True),
        (WELCOME.replace("AssertionError", "BaseException"), True),
        (
            WELCOME.replace("AssertionError", "(ValueError, Exception)").replace(":\n        a", " as e:\n        a"),
            True,
        ),
        (UNIT_WELCOME, True),
        (WELCOME.replace("AssertionError", "ValueError"), False),
        (WELCOME.replace("assert f() == 1", "f(1)"), False),
        (WELCOME.replace("assert f() == 1", "checks.assert_positive(1)"), False),
        (UNIT_WELCOME.replace("self.assertEqual(f(), 1)", "f()"), False),
        (WELCOME.replace("assert f() == 1", "with self.assertRaises(KeyError):\n            f()"), False),
    ],
)
def test_a_block_that_lets_no_failure_out_is_asked_for_one(text: str, swallows: bool) -> None:
    first, *_ = ast.parse(guard_tests(text, NAME)).body[0].body  # type: ignore[attr-defined]
    assert isinstance(first, ast.Assert) is not swallows
    assert guard_tests(text, NAME).count(NAME) == 1
