"""Runs tests of one assertion each in this process, for what only needs to know how tests go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from agents.verification.evidence import Case, Evidence, Frame, Outcome, SuiteRun, Verdict
from agents.verification.examples import ExampleResult

PATH = "tests/test_a.py"


def suite(*assertions: str) -> str:
    """A test file whose test number n begins in line 4 + 4 * n."""
    tests = [f"def test_{number}():\n    {line}\n" for number, line in enumerate(assertions)]
    return "\n\n".join(["from a import f\n", *tests])


async def run(files: Mapping[str, str]) -> Evidence:
    """What pytest says of tests `assert f(x) == y` of the program a.py."""
    return evidence(cases(files))


def evidence(cases: Iterable[Case], examples: Iterable[ExampleResult] = ()) -> Evidence:
    tests = tuple(cases)
    good = all(case.outcome is Outcome.PASSED for case in tests)
    tested = SuiteRun(Verdict.PASS if good else Verdict.FAIL, tests)
    return Evidence("python", "none", "", tested=tested, examples=tuple(examples))


def cases(files: Mapping[str, str]) -> Iterator[Case]:
    names: dict[str, object] = {}
    exec(files["a.py"], names)  # programs of tests
    found = re.finditer(r"def (?P<name>test_\d+)\(\):\n    assert (?P<call>.+) == (?P<wanted>.+)", files.get(PATH, ""))
    return (_case(test["name"], eval(test["call"], names), test["call"], test["wanted"]) for test in found)


def _case(name: str, got: object, call: str, wanted: str) -> Case:
    if repr(got) == wanted:
        return Case(f"{PATH}::{name}", Outcome.PASSED)
    line = 5 + 4 * int(name.removeprefix("test_"))
    frame = Frame(PATH, line, name, f">    {line}     assert {call} == {wanted}")
    return Case(f"{PATH}::{name}", Outcome.FAILED, f"AssertionError: assert {got!r} == {wanted}", (frame,))
