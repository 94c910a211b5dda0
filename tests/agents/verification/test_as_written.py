"""What the runner notices of tests that run something else than their files say."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, strategies

from agents.verification.trusted.as_written import AsWritten

HERE = Path(__file__)
TEXT = "def test_a(n=1):\n    for _ in range(99):\n        assert f(n) == (5, {7: 'x'})\n"


@pytest.fixture
def written(pytestconfig: pytest.Config) -> AsWritten:
    found = AsWritten(HERE.parent, [HERE.name])
    found.begin(pytestconfig)
    return found


def test_b() -> None:
    assert int("5") == 5


def bare(function: Callable[[], None]) -> Callable[[], None]:
    def inner() -> None:
        function()

    return inner


@pytest.mark.parametrize(
    "decorated",
    [
        *(test_b, bare(test_b), functools.partial(test_b), mock.patch.object(HERE.__class__, "x", create=True)(test_b)),
        given(strategies.none())(lambda _: test_b()),
        given(strategies.none())(test_b),
    ],
)
def test_decorators_around_what_stands_in_the_file_change_nothing(decorated: Any, written: AsWritten) -> None:
    assert written.holds(f"{HERE.name}::TestX::test_b[1]", decorated)


def test_code_that_ran_often_is_still_the_same(written: AsWritten) -> None:
    for _ in range(99):
        test_b()
    assert written.holds(f"{HERE.name}::test_b", test_b)


def loaded(text: str, name: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(text, str(HERE), "exec", dont_inherit=True), names)
    return names[name]


@pytest.mark.parametrize("change", [("5", "4"), ("'x'", "'y'"), ("==", "!="), ("f(n)", "f(0)"), ("99", "0")])
def test_code_of_another_text_is_noticed(change: tuple[str, str], tmp_path: Path, pytestconfig: pytest.Config) -> None:
    (tmp_path / "test_a.py").write_text(TEXT, encoding="utf-8")
    written = AsWritten(tmp_path, ["test_a.py"])
    written.begin(pytestconfig)
    assert written.holds("test_a.py::test_a", loaded(TEXT, "test_a"))
    other = loaded(TEXT.replace(*change), "test_a")
    assert not written.holds("test_a.py::test_a", other)
    assert not written.holds("test_a.py::test_a", bare(other) if isinstance(other, FunctionType) else None)


@pytest.mark.parametrize("name", ["test_as_written.py::test_of_another_name", "other.py::test_b", "README.md"])
def test_what_the_file_does_not_have_cannot_be_compared(name: str, written: AsWritten) -> None:
    assert written.holds(name, None)
