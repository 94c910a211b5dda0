"""Classes that are equal to what they cannot know."""

from __future__ import annotations

import types
from typing import Any

import pytest

from agents.verification.trusted.equality import always_equal

OF = "    def __eq__(self, other):\n        return"
INIT = "    def __init__(self, v):\n        self.v = v\n"


def found(body: str, base: str = "", file: str = "/job/app.py", keep: str = "") -> bool:
    """Whether a class of this body is among them, with the instance `keep` alive; its name is used once."""
    found.count += 1  # type: ignore[attr-defined]
    name = f"Asked{found.count}"  # type: ignore[attr-defined]
    space: dict[str, Any] = {"Any": Any}
    exec(compile(f"class {name}({base}):\n{body}\n", file, "exec", dont_inherit=True), space)
    kept = eval(f"{name}({keep})", space) if keep else None
    assert kept is None or keep
    return name in always_equal({"/job/test_app.py"})


found.count = 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("body", "base", "keep"),
    [
        (f"{OF} True", "", ""),
        (f"{OF} True", "int", ""),
        (f"{OF} isinstance(other, int)", "int", ""),
        (f"{OF} 1", "int", ""),
        (f"{OF} [0]", "", ""),
        (f"{OF} other.__class__ is not object", "int", ""),
        (f"{OF} isinstance(other, (list, dict))", "list", ""),
        (f"{INIT}{OF} self.v is not None", "", ""),
        (f"{INIT}{OF} self.v == 0", "", "0"),
        (f"    __module__ = 'collections'\n{OF} True", "int", ""),
        (f"    __qualname__ = __qualname__\n    __slots__ = ('v',)\n{OF} bool(self.v) or True", "", ""),
        ("    __eq__ = lambda self, other: True", "", ""),
    ],
)
def test_a_class_that_is_equal_to_unequal_things_is_named(body: str, base: str, keep: str) -> None:
    assert found(body, base, keep=keep)


@pytest.mark.parametrize(
    ("body", "base", "keep"),
    [
        ("    pass", "int", ""),
        (f"{INIT}{OF} self.v == other.v", "", "3"),
        (f"{INIT}{OF} self.v == getattr(other, 'v', other)", "", "1000"),
        (f"{INIT}{OF} bool(self.v == getattr(other, 'v', ''))", "", ""),
        (f"{INIT}{OF} isinstance(other, int) and (other - self.v) % 10 == 0", "", "7"),
        (f"{INIT}{OF} NotImplemented", "", "3"),
        (f"{INIT}{OF} type(self)((self.v, other))", "", "'column'"),
        (f"{OF} 1 / 0", "", ""),
        (f"{OF} type(other) is type(self)", "", ""),
        (f"{OF} self == other", "", ""),
    ],
)
def test_honest_comparisons_are_not(body: str, base: str, keep: str) -> None:
    assert not found(body, base, keep=keep)


def test_a_matcher_of_the_tests_may_stand_for_any_value_of_a_type() -> None:
    assert not found(f"{OF} isinstance(other, int)", file="/job/test_app.py")
    assert found(f"{OF} True", file="/job/test_app.py")


def test_one_of_an_installed_package_is_not_ours_to_judge() -> None:
    assert not found(f"{OF} True", file=types.__file__)
