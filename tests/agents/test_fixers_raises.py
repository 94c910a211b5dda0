"""A comparison with `pytest.raises(...)` becomes the block that was meant."""

from __future__ import annotations

import pytest

from agents.fixers import fix

HEAD = "import pytest\n\nfrom a import f\n\n\ndef test_f():\n"


def fixed(body: str, path: str = "tests/test_a.py") -> str:
    text = fix({path: HEAD + body, "a.py": "def f(x):\n    return x\n"}, {})[path]
    assert text.startswith(HEAD)
    return text.removeprefix(HEAD)


@pytest.mark.parametrize(
    "line",
    [
        "assert f(-1) == pytest.raises(ValueError)",
        "assert f(-1) is pytest.raises(ValueError)",
        "assert pytest.raises(ValueError) == f(-1)",
        "f(-1) == pytest.raises(ValueError)",
        "assert f(-1) == pytest.raises(ValueError), 'negative'",
    ],
)
def test_what_is_compared_with_raises_is_expected_to_raise(line: str) -> None:
    assert fixed(f"    assert f(1) == 1\n    {line}\n    assert f(2) == 2\n") == (
        "    assert f(1) == 1\n    with pytest.raises(ValueError):\n        f(-1)\n    assert f(2) == 2\n"
    )


def test_the_message_and_a_deeper_indentation_stay() -> None:
    assert fixed('    if f(1):\n        assert f("ä") == pytest.raises(ValueError, match="no")\n') == (
        '    if f(1):\n        with pytest.raises(ValueError, match="no"):\n            f("ä")\n'
    )


@pytest.mark.parametrize(
    "body",
    [
        "    with pytest.raises(ValueError):\n        f(-1)\n",
        "    assert pytest.raises(ValueError, f, -1)\n",
        "    assert f(1) == 1 == pytest.raises(ValueError)\n",
        "    assert f(1) != pytest.raises(ValueError)\n",
        "    x = f(-1) == pytest.raises(ValueError)\n",
        "    assert f(1); assert f(-1) == pytest.raises(ValueError)\n",
        "    assert f(-1) == pytest.raises(ValueError)  # said so\n",
    ],
)
def test_all_else_stays(body: str) -> None:
    assert fixed(body) == body


@pytest.mark.parametrize("odd", [f"0x{'f' * 4000}", " + ".join(["'a'"] * 900)], ids=["long", "deep"])
def test_a_call_that_python_could_not_write_again_stays_as_it_stands(odd: str) -> None:
    assert fixed(f"    assert f({odd}) == pytest.raises(ValueError)\n") == (
        f"    with pytest.raises(ValueError):\n        f({odd})\n"
    )
