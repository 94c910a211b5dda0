"""Noise ends a call within seconds; source code never does."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from providers import guard
from providers.guard import Guard, noise

ROW = "    [" + ", ".join("0" for _ in range(40)) + "],\n"
LEGITIMATE = {
    "a rule of equals signs": "# " + "=" * 300 + "\n",
    "a run of a thousand letters in a test": 'NAME = "' + "a" * 1000 + '"\n',
    "a table": "| a | b |\n|---|---|\n" + "".join(f"| {n} | {n * n} |\n" for n in range(300)),
    "a table's separator": "|" + "-----|" * 60 + "\n",
    "deep indentation": "x = 1\n" + " " * 800 + "y = 2\n",
    "forty rows of zeros": "GRID = [\n" + ROW * 15 + "]\n",
    "a data array": "DATA = [" + ", ".join(str(n * n * n % 1009 % 10) for n in range(2000)) + "]\n",
    "bytes": 'KEY = bytes.fromhex("' + "".join(f"{n * 37 % 256:02x}" for n in range(1000)) + '")\n',
    "a drawn box": "┌" + "─" * 78 + "┐\n" + ("│" + " " * 78 + "│\n") * 10 + "└" + "─" * 78 + "┘\n",
    "similar tests": "".join(f"def test_{n}():\n    assert add({n}, 1) == {n + 1}\n\n\n" for n in range(200)),
    "forty assertions": "".join(f"    assert to_roman({n}) == '{'MDCLXVI'[n % 7]}'\n" for n in range(40)),
    "blank lines": "import os\n" + "\n" * 400 + "print(1)\n",
    "prose": Path(__file__).read_text(encoding="utf-8") * 2,
}
NOISE = {
    "newlines": "{\n" + "\n" * 1500,
    "spaces and newlines": '{"a": 1' + "  \n" * 500,
    "one letter": "print(1)" + "!" * 2000,
    "two letters": "x = " + "01" * 700,
    "a word": "ok\n" + "the " * 700,
    "a line": "import os\n" + "assert add(1, 2) == 3\n" * 120,
    "assertions that count": "".join(f"    assert rotate('Z', {n}) == '{chr(65 + n % 26)}'\n" for n in range(-40, 40)),
    "a paragraph": "Once.\n"
    + ("The sea is a place of wonder, of beauty and of mystery. It is endless, and so on.\n" * 30),
}


@pytest.mark.parametrize("text", LEGITIMATE.values(), ids=LEGITIMATE)
def test_what_programs_hold_is_not_noise(text: str) -> None:
    watcher = Guard(reasoning_budget=1)
    assert [watcher.text(piece) for piece in _pieces(text)] == [""] * len(_pieces(text))


@pytest.mark.parametrize("text", NOISE.values(), ids=NOISE)
def test_noise_is_seen_before_it_ends(text: str) -> None:
    watcher = Guard(reasoning_budget=1)
    assert any(watcher.text(piece) for piece in _pieces(text))


@pytest.mark.parametrize("text", NOISE.values(), ids=NOISE)
def test_noise_in_thinking_is_seen_as_well(text: str) -> None:
    watcher = Guard(reasoning_budget=100_000)
    assert any(watcher.reasoning(piece) for piece in _pieces(text))


def test_our_own_sources_are_not_noise() -> None:
    for path in Path(guard.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not any(noise(text[:end]) for end in range(0, len(text), guard.STEP))


def test_thinking_over_its_budget_is_ended() -> None:
    watcher = Guard(reasoning_budget=100)
    words = random.Random(1).choices(["think ", "again ", "but ", "wait "], k=200)
    complaints = [watcher.reasoning(word) for word in words]
    assert "budget of 100 tokens" in next(filter(None, complaints))


def test_a_thinking_block_inside_the_answer_counts_as_thinking() -> None:
    watcher = Guard(reasoning_budget=10)
    assert watcher.text("<thi") == ""
    assert "budget" in watcher.text("nk>Let me see whether this is long enough to be over ten tokens.")


def test_text_after_a_thinking_block_does_not_count_as_thinking() -> None:
    watcher = Guard(reasoning_budget=10)
    assert watcher.text("<think>short</think>") == ""
    assert watcher.text("A long answer that has far more than ten tokens, and is welcome to have them.") == ""


def _pieces(text: str) -> list[str]:
    return [text[at : at + 7] for at in range(0, len(text), 7)]


def test_the_same_assertion_over_and_over_is_noise_and_rows_of_data_are_not() -> None:
    assertion = '    assert is_balanced("([)]") is False\n'
    assert noise("def test_it():\n" + assertion * 12)
    assert not noise("def test_it():\n" + assertion * 11)
    assert not noise("BOARD = [\n" + "    [0, 0, 0, 0, 0, 0, 0],\n" * 30)
    assert not noise("ROWS = [\n" + "    None,\n" * 30)


def test_assertions_that_only_count_are_noise_and_tests_that_do_are_not() -> None:
    counting = [
        f'    assert rotate("Zebra!", {n}) == "Zebra!"\n    assert rotate("Zebra!", -{n}) == "Zebra!"\n'
        for n in range(30)
    ]
    assert noise("def test_it():\n" + "".join(counting))
    assert not noise("def test_it():\n" + "".join(counting[:17]))
    assert not noise("".join(f"def test_{n}():\n    assert add({n}, 1) == {n + 1}\n\n\n" for n in range(60)))
