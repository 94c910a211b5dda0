"""Black-box examples: reading and judging."""

from __future__ import annotations

import json
import time

import pytest

from agents.plan import render_examples
from agents.verification.box import Ended, Ran
from agents.verification.examples import Call, Example
from agents.verification.examples_judged import judge
from agents.verification.examples_text import MAX_EXAMPLES, examples_block, read_examples


def plan(content: object, info: str = "json examples") -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    return f"# Plan\n\n```{info}\n{text}\n```\n\nMore.\n"


def ran(stdout: bytes, code: int = 0, ended: Ended = Ended.EXITED) -> Ran:
    return Ran(ended, code, 0.1, output=stdout, output_bytes=len(stdout), stdout=stdout)


@pytest.mark.parametrize("info", ["json examples", "examples", "example", "JSON Examples"])
def test_a_block_is_found_by_its_info_string(info: str) -> None:
    examples, problems = read_examples(plan([{"run": ["python", "a.py"], "stdout": "1\n"}], info))
    assert examples == (Example(("python", "a.py"), stdout="1\n", name="python a.py"),)
    assert problems == ()


def test_other_blocks_are_not_examples() -> None:
    assert read_examples(plan([{"run": ["x"]}], "json")) == ((), ())


def test_what_the_architect_writes_is_read_back() -> None:
    files = {"in/a.txt": "```\n"}
    argv = ("python", "a.py", "{x}")
    planned = Example(argv, "1\n", "ü\n", 3, files, name="adds", requirement="R2", advisory=True)
    (read,), problems = read_examples(render_examples([planned]))
    assert problems == ()
    assert read == planned


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("text", "is not an object"),
        ({"stdout": "1"}, 'has no "run" list of words'),
        ({"run": "python a.py"}, 'has no "run" list of words'),
        ({"run": []}, 'has no "run" list of words'),
        ({"run": ["a\0"]}, 'has no "run" list of words'),
        ({"run": ["a"], "stdot": "1"}, "has unknown keys: stdot"),
        ({"run": ["a"], "exit": "0"}, 'has an "exit" that is not a whole number'),
        ({"run": ["a"], "exit": True}, 'has an "exit" that is not a whole number'),
        ({"run": ["a"], "stdout": 1}, 'has "stdin" or "stdout" that is not text'),
        ({"run": ["a"], "files": {"../x": ""}}, 'has "files" that are not relative paths with text'),
        ({"run": ["a"], "files": {"/x": ""}}, 'has "files" that are not relative paths with text'),
        ({"run": ["a"], "files": {"x": 1}}, 'has "files" that are not relative paths with text'),
        ({"run": ["a"], "files": ["x"]}, 'has "files" that are not relative paths with text'),
    ],
)
def test_a_bad_entry_is_a_problem_and_the_good_one_is_kept(entry: object, problem: str) -> None:
    examples, problems = read_examples(plan([{"run": ["python", "a.py"]}, entry]))
    assert len(examples) == 1
    assert problems == (f"PLAN.md: example 2 {problem}",)


@pytest.mark.parametrize("text", ["[", "", "[" * 100_000, "nothing"])
def test_a_block_that_is_no_json_is_a_problem(text: str) -> None:
    examples, problems = read_examples(plan(text))
    assert examples == ()
    assert "the examples block is no JSON" in problems[0]


def test_a_flood_of_examples_is_bounded() -> None:
    examples, problems = read_examples(plan([{"run": ["a"]}] * 500))
    assert len(examples) == MAX_EXAMPLES
    assert problems == ("PLAN.md: only the first 20 of 500 examples were run",)


@pytest.mark.parametrize(
    ("got", "note"),
    [
        (b"5\n", ""),
        (b"5\r\n", ""),
        (b"5", "differs in trailing white space only"),
        (b"5  \n\n", "differs in trailing white space only"),
    ],
)
def test_the_expected_output_passes(got: bytes, note: str) -> None:
    result = judge(Example(("a",), stdout="5\n"), ran(got))
    assert (result.passed, result.note) == (True, note)


@pytest.mark.parametrize(
    ("came", "problem"),
    [
        (ran(b"6\n"), "stdout differs from what was expected"),
        (ran(b" 5\n"), "stdout differs from what was expected"),
        (ran(b"5\n", code=1), "exit code 1, expected 0"),
        (ran(b"5\n", code=-11), "exit code -11, expected 0"),
        (ran(b"5\n", ended=Ended.TIMEOUT), "ended by the sandbox after 0.1 s: timeout"),
        (ran(b"5\n", ended=Ended.MEMORY), "ended by the sandbox after 0.1 s: memory"),
    ],
)
def test_anything_else_fails_and_says_how(came: Ran, problem: str) -> None:
    result = judge(Example(("a",), stdout="5\n"), came)
    assert (result.passed, result.problem) == (False, problem)


def test_without_an_expected_output_only_the_exit_code_counts() -> None:
    assert judge(Example(("a",), exit=2), ran(b"anything", code=2)).passed


def test_what_is_shown_has_no_control_characters() -> None:
    result = judge(Example(("a",), stdout="x"), ran(b"\x1b[31mred\x1b[0m\x07\xff"))
    assert result.stdout == "red\ufffd"


def test_a_call_is_read_back_as_it_was_written() -> None:
    calls = (
        Call("a.py", 'f("`")', "'```'", name='f("`")', requirement="R1", stated=True),
        Call("b/c.mjs", "x.f()", raises="RangeError", setup=("const x = new X();",), name="x.f()", held_back=True),
    )
    assert read_examples(examples_block(calls)) == (calls, ())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"call": " "}, 'has a "call" that is not text'),
        ({"call": 3}, 'has a "call" that is not text'),
        ({"path": "../a.py"}, 'has no "path" of the file whose function is called'),
        ({"path": "a.go"}, "which ends in .py .js .mjs .cjs"),
        ({"path": None}, 'has no "path"'),
        ({"setup": "x = 1"}, 'has a "setup" that is not a list of statements'),
        ({"setup": [1]}, 'has a "setup" that is not a list of statements'),
        ({"returns": None}, 'needs either "returns" or "raises"'),
        ({"raises": "ValueError"}, 'needs either "returns" or "raises"'),
        ({"returns": 3}, 'needs either "returns" or "raises", as text'),
        ({"stdin": ""}, "has unknown keys: stdin"),
    ],
)
def test_a_call_that_makes_no_sense_is_named(change: dict[str, object], problem: str) -> None:
    entry = {"call": "f(1)", "path": "a.py", "returns": "2", **change}
    examples, (said,) = read_examples(plan([entry]), "ACCEPTANCE.md")
    assert examples == ()
    assert said.startswith("ACCEPTANCE.md: example 1 ")
    assert problem in said


@pytest.mark.parametrize("part", ["```examples\n", "~~~json examples\n[\n", "`" * 50 + "\n", "[", '{"a":'])
def test_a_long_plan_is_read_at_once(part: str) -> None:
    began = time.process_time()
    read_examples(part * (200_000 // len(part)))
    assert time.process_time() - began < 1
