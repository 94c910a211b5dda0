"""Criteria of a plan, and the model's answers to them."""

from __future__ import annotations

from typing import Any

import pytest

from agents.plan import render_criteria
from agents.verification.review import Criterion, criteria_of, read_answers, schema

TWO = (Criterion("R1", "prints a greeting"), Criterion("R2", "exits with 1"))
SHOWN = "def main():\n    print('Hello')\n    sys.exit(1)\n"


@pytest.mark.parametrize(
    "row",
    ["- R1: prints", "* R1: prints", "- [ ] R1: prints", "- [x] **R1**: prints", "1. R1 - prints",
     "- `R1` \u2014 prints", "R1: prints", "- **R1:** prints", "- R1) prints"],
)  # fmt: skip
def test_a_criterion_is_read_however_it_is_written(row: str) -> None:
    assert criteria_of(f"# Plan\n\n## Acceptance criteria\n\n{row}\n\n## Examples\n- R9: no\n", "") == (
        Criterion("R1", "prints"),
    )


def test_what_the_architect_writes_is_read_back() -> None:
    section = render_criteria([("R1", "prints"), ("R1", "ends"), ("R2", "reads")])
    assert [c.id for c in criteria_of(section, "")] == ["R1", "R1/2", "R2"]


def test_items_without_a_number_get_one() -> None:
    assert criteria_of("## Acceptance Criteria\n- prints\n- ends\n", "") == (
        Criterion("R1", "prints"),
        Criterion("R2", "ends"),
    )


@pytest.mark.parametrize(
    ("requirements", "texts"),
    [
        ("Create a script:\n1. Takes a URL\n2. Saves it", ["Takes a URL", "Saves it"]),
        ('Create a script that prints "Hello"', ['Create a script that prints "Hello"']),
        ("", []),
    ],
)
def test_without_criteria_the_requirements_are_asked_about(requirements: str, texts: list[str]) -> None:
    assert [criterion.text for criterion in criteria_of("# Plan", requirements)] == texts


def answers(*entries: Any) -> Any:
    return read_answers({"criteria": list(entries)}, TWO, SHOWN)


@pytest.mark.parametrize(
    ("quote", "met"),
    [
        ("print('Hello')", True),
        ("  print('Hello')   sys.exit(1)", True),
        ("`print('Hello')`", True),
        ("print('Goodbye')", None),
        ("prin", None),
        ("", None),
    ],
)
def test_only_a_quotation_that_stands_there_proves_anything(quote: str, met: bool | None) -> None:
    assert answers({"id": "R1", "met": True, "quote": quote})[0].met is met


def test_a_criterion_without_an_answer_is_unproven() -> None:
    assert [answer.met for answer in answers({"id": "R2", "met": False, "quote": "sys.exit(1)"})] == [None, False]


def test_the_first_of_two_answers_counts() -> None:
    one, two = ({"id": "r1", "met": met, "quote": "print('Hello')"} for met in ("yes", "no"))
    assert answers(one, two)[0].met is True


@pytest.mark.parametrize(
    "content", [None, 3, {}, {"criteria": "yes"}, {"criteria": []}, {"criteria": [{"id": "R7", "met": True}]}]
)
def test_anything_else_is_told_what_is_wrong_with_it(content: Any) -> None:
    assert isinstance(read_answers(content, TWO, SHOWN), str)


def test_the_schema_allows_only_the_ids_asked_for() -> None:
    items = schema(TWO)["properties"]["criteria"]["items"]["properties"]["id"]
    assert items["enum"] == ["R1", "R2"]
