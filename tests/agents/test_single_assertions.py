"""Tests that list assertions are taken apart; all others stay as they are."""

from __future__ import annotations

import pytest

from agents.single_assertions import split_assertions


def split(text: str, path: str = "tests/test_a.py") -> str:
    return split_assertions({path: text})[path]


def test_each_assertion_becomes_a_test() -> None:
    text = (
        "from a import f\n\n\ndef test_f():\n    assert f(1) == 2\n    assert not f('x')\n\n\ndef test_g():\n    f(3)\n"
    )
    assert split(text) == (
        "from a import f\n\n\ndef test_f_1():\n    assert f(1) == 2\n\n\ndef test_f_2():\n    assert not f('x')\n"
        "\n\ndef test_g():\n    f(3)\n"
    )


def test_an_expected_exception_is_an_assertion_too() -> None:
    text = "import pytest\n\n\ndef test_f():\n    assert f(1) == 2\n"
    text += "    with pytest.raises(ValueError, match='x'):\n        f(0)\n"
    assert split(text) == (
        "import pytest\n\n\ndef test_f_1():\n    assert f(1) == 2\n\n\ndef test_f_2():\n"
        "    with pytest.raises(ValueError, match='x'):\n        f(0)\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "def test_f():\n    assert f(1)\n    with open('x'):\n        f(0)\n",
        "def test_f():\n    assert f(1)\n    with pytest.raises(ValueError) as raised:\n        f(0)\n",
        "def test_f():\n    assert f(1)\n    with pytest.raises(ValueError):\n        f(0)\n        f(1)\n",
        "def test_f():\n    assert f(1)\n",
        "def test_f(tmp_path):\n    assert f(1)\n    assert f(2)\n",
        "@mark\ndef test_f():\n    assert f(1)\n    assert f(2)\n",
        "def test_f():\n    x = f(1)\n    assert x\n    assert f(2)\n",
        "def test_f():\n    assert (x := f(1))\n    assert x\n",
        "def test_f():\n    assert f(\n        1)\n    assert f(2)\n",
        "def test_f():\n    assert f(1)\n    assert f(2)\n\n\ndef test_f_1(): ...\n",
        "def helper():\n    assert f(1)\n    assert f(2)\n",
        "class TestF:\n    def test_f(self):\n        assert f(1)\n        assert f(2)\n",
        "def test_f():\n" + "    assert f(1)\n" * 31,
        "def test_f(:\n",
    ],
)
def test_anything_else_stays(body: str) -> None:
    assert split(body) == body


def test_a_docstring_goes_and_code_stays_whole() -> None:
    assert '"""' not in split('def test_f():\n    """Doc."""\n    assert f(1)\n    assert f(2)\n')
    code = "def test_f():\n    assert f(1)\n    assert f(2)\n"
    assert split(code, "a.py") == code
