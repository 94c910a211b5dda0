from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.requirements import number

CASES = {
    "a numbered list under an introduction": (
        "Create a program that:\n1. Takes a URL\n2. Saves links\n",
        ["Create a program that:", "Takes a URL", "Saves links"],
    ),
    "bullets of every kind": ("- one\n* two\n+ three\n• four\n5) five", ["one", "two", "three", "four", "five"]),
    "an item goes on in indented lines": ("1. Prints the\n   total\n2. Ends", ["Prints the total", "Ends"]),
    "nested items are requirements of their own": ("- top\n  - below", ["top", "below"]),
    "sentences of a passage": ("Print a line. Then stop! Why?", ["Print a line.", "Then stop!", "Why?"]),
    "abbreviations end no sentence": (
        "Read files, e.g. CSV ones. Sum them.",
        ["Read files, e.g. CSV ones.", "Sum them."],
    ),
    "a dot inside a word ends no sentence": (
        "Write main.py. It prints 3.5 always.",
        ["Write main.py.", "It prints 3.5 always."],
    ),
    "short lines are requirements of their own": ("Add tests\nNo network", ["Add tests", "No network"]),
    "hard-wrapped text is joined": (
        "Create a program which reads a text file and prints how many\nwords it has.",
        ["Create a program which reads a text file and prints how many words it has."],
    ),
    "a heading goes in front of what follows": ("# Output\n\n- a table", ["Output: a table"]),
    "a heading alone is kept": ("# Hello", ["Hello"]),
    "a fenced block stays whole": (
        "- As here:\n```\nx = 1\n\ny = 2\n```\n- next",
        ["As here:\n```\nx = 1\n\ny = 2\n```", "next"],
    ),
    "nothing": (" \n\n", []),
}


@pytest.mark.parametrize("case", CASES)
def test_requirements_are_split(case: str) -> None:
    text, expected = CASES[case]
    assert [requirement.text for requirement in number(text)] == expected


def test_numbers_count_from_r1() -> None:
    assert [requirement.id for requirement in number("- a\n- b\n- c")] == ["R1", "R2", "R3"]


@given(st.text(alphabet="ab1. -*#`\n\t:!A", max_size=80))
def test_no_word_is_lost(text: str) -> None:
    together = " ".join(requirement.text for requirement in number(text))
    for word in re.findall(r"[abA]+", text):
        assert word in together


def test_windows_line_ends_change_nothing() -> None:
    assert number("- a\r\n- b\r\n") == number("- a\n- b\n")
