"""What the Engineer is told."""

from __future__ import annotations

from dataclasses import replace

from agents.verification.evidence import Case, Evidence, Frame, Outcome, Phase, Status, SuiteRun, Verdict
from agents.verification.examples import Example, ExampleResult
from agents.verification.feedback import MAX_CHARACTERS, feedback, ranges
from agents.verification.review import Answer, Criterion, Review

BASE = Evidence("python", "bwrap", "x", (Phase("environment", Status.OK), Phase("build", Status.OK)))


def failing(*tests: Case) -> Evidence:
    return replace(BASE, tested=SuiteRun(Verdict.FAIL, tests))


def case(name: str, message: str = "assert 1 == 2", line: int = 1, outcome: Outcome = Outcome.FAILED) -> Case:
    return Case(f"t.py::{name}", outcome, message, (Frame("app.py", line, "add", f">    {line} return a"),))


def test_nothing_to_mend_is_no_feedback() -> None:
    assert feedback(replace(BASE, tested=SuiteRun(Verdict.PASS, (Case("t", Outcome.PASSED),)))) == ""


def test_what_does_not_compile_comes_before_everything() -> None:
    broken = replace(
        failing(case("test_a")), phases=(Phase("build", Status.FAILED, "app.py:1: bad", output="app.py:1"),)
    )
    assert feedback(broken).startswith("### The build phase failed: app.py:1: bad")


def test_a_collection_error_comes_before_the_tests_that_follow_from_it() -> None:
    text = feedback(failing(case("test_a"), case("test_b", "ModuleNotFoundError", 9, Outcome.ERROR)))
    assert text.index("test_b") < text.index("test_a")


def test_failures_with_another_cause_come_before_more_of_the_same() -> None:
    same = [case(f"test_same_{n}", line=1) for n in range(9)]
    text = feedback(failing(*same, case("test_other", line=2)))
    assert "### `t.py::test_other` fails" in text
    assert text.count("###") == 5
    assert "Also not passing: " in text


def test_a_failure_shows_message_place_and_source() -> None:
    text = feedback(failing(case("test_a", "assert 4 == 5\n +  where 4 = add(2, 2)", 7)))
    assert "assert 4 == 5\n +  where 4 = add(2, 2)" in text
    assert "`app.py`, line 7, in `add`:" in text
    assert ">    7 return a" in text


def test_an_example_shows_input_expected_and_got() -> None:
    example = Example(("python", "a.py", "3"), stdin="in", stdout="2\n", name="fib")
    result = ExampleResult(example, False, "stdout differs from what was expected", "3\n")
    text = feedback(replace(BASE, examples=(result,)))
    assert "Command: `python a.py 3`" in text
    assert "Expected on stdout:\n```text\n2\n```" in text
    assert "Got:\n```text\n3\n```" in text


def test_an_advisory_example_is_not_a_failure() -> None:
    result = ExampleResult(Example(("a",), stdout="x", advisory=True), False, "stdout differs")
    assert feedback(replace(BASE, examples=(result,))) == ""


def test_missing_packages_are_named() -> None:
    assert "add pyyaml" in feedback(replace(BASE, advice=("app.py imports yaml: add pyyaml",)))


def test_an_unmet_criterion_is_passed_on_and_an_unproven_one_is_not() -> None:
    review = Review((Answer(Criterion("R1", "adds"), False, "return a"), Answer(Criterion("R2", "prints"), None, "x")))
    text = feedback(BASE, review)
    assert "Not met: R1: adds" in text
    assert "R2" not in text


def test_a_flood_stays_within_the_budget() -> None:
    huge = [case(f"test_{n}" + "x" * 300, "m" * 90_000, n) for n in range(300)]
    assert len(feedback(failing(*huge))) < MAX_CHARACTERS + 200


def test_line_numbers_are_joined_to_ranges() -> None:
    assert ranges((7, 1, 2, 3)) == "1-3, 7"
    assert ranges(tuple(range(0, 100, 2))).endswith("22 ...")
