"""Failing assertions of a small model are settled by asking the requirements, before anything is repaired."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from agents.acceptance import render
from agents.base import Work
from agents.settled import disputed, settled
from agents.verification.evidence import Case, Evidence, Frame, Outcome, SuiteRun, Verdict
from agents.verification.examples import Call
from agents.verification.feedback import feedback
from tests.fakes.model import ScriptedModel

CODE = "def f(x):\n    return x * 2\n"
PATH = "tests/test_a.py"


def failed_node(assertion: str, message: str) -> Work:
    """As `failed`, in JavaScript."""
    path = "test/a.test.js"
    lines = ["import { f } from '../a.js';", "", "test('f', () => {", f"  {assertion}", "});", ""]
    case = Case(f"{path}::f", Outcome.FAILED, message, (Frame(path, 4, "", f">    4   {assertion}"),))
    told = feedback(Evidence("node", "none", "", tested=SuiteRun(Verdict.FAIL, (case,))), None)
    staged = {"a.js": "export function f(x) { return x; }\n", path: "\n".join(lines)}
    return Work("demo", 2, "a.js: f(x) gives x.", ScriptedModel(), staged=staged, feedback=told)


def failed(assertion: str, message: str) -> Work:
    """A project in which `assertion` failed so, as the Engineer is told of it."""
    lines = ["from a import f", "", "", "def test_f():", f"    {assertion}", ""]
    frame = Frame(PATH, 5, "test_f", f"     4 def test_f():\n>    5     {assertion}")
    case = Case(f"{PATH}::test_f", Outcome.FAILED, message, (frame,))
    told = feedback(Evidence("python", "none", "", tested=SuiteRun(Verdict.FAIL, (case,))), None)
    staged = {"a.py": CODE, PATH: "\n".join(lines)}
    return Work("demo", 2, "a.py: f(x) doubles x.", ScriptedModel(), staged=staged, feedback=told)


def answers(*values: str) -> ScriptedModel:
    return ScriptedModel([json.dumps({"returns": value, "raises": ""}) for value in values])


WRONG = failed("assert f(2) == 5", "AssertionError: assert 4 == 5\n +  where 4 = f(2)")


@pytest.mark.parametrize(
    ("assertion", "message", "corrected"),
    [
        ("assert f(2) == 5", "AssertionError: assert 4 == 5\n +  where 4 = f(2)", "assert f(2) == 4"),
        ("assert f('a') == 'b'", "AssertionError: assert 'aa' == 'b'\n  \n  - b\n  + aa", "assert f('a') == 'aa'"),
        ("assert f([1]) == []", "AssertionError: assert [1, 1] == []\n  \n  Left", "assert f([1]) == [1, 1]"),
        ("assert f(0) is True", "AssertionError: assert False is True\n +  where", "assert f(0) == False"),
        ("assert f(0)", "AssertionError: assert False\n +  where False = f(0)", "assert not f(0)"),
        ("assert not f(1)", "assert not True\n +  where True = f(1)", "assert f(1)"),
    ],
)
def test_what_was_expected_and_what_came_is_read_from_the_feedback(
    assertion: str, message: str, corrected: str
) -> None:
    (found,) = disputed(failed(assertion, message))
    assert (found.path, found.line, found.corrected) == (PATH, 5, corrected)


@pytest.mark.parametrize(
    ("assertion", "message", "corrected"),
    [
        ("assert.equal(f(2), 3);", "got 2 where 3 was expected\nExpected", "assert.equal(f(2), 2);"),
        ("assert.strictEqual(f('a'), \"b\")", 'got "a" where "b" was expected', "assert.strictEqual(f('a'), \"a\");"),
        (
            "assert.deepEqual(f([1, 2]), [2]);",
            "got [1, 2] where [2] was expected",
            "assert.deepEqual(f([1, 2]), [1, 2]);",
        ),
        ("assert.strictEqual(f([]), null);", "got [] where null was expected", "assert.deepStrictEqual(f([]), []);"),
        ("assert.deepEqual(f(')'), '(');", 'got ")" where "(" was expected', "assert.deepEqual(f(')'), \")\");"),
    ],
)
def test_in_javascript_too(assertion: str, message: str, corrected: str) -> None:
    (found,) = disputed(failed_node(assertion, message))
    assert (found.path, found.line, found.corrected) == ("test/a.test.js", 4, corrected)


@pytest.mark.parametrize(
    ("assertion", "message"),
    [
        ("assert.equal(f(2), 3, 'because');", "got 2 where 3 was expected"),
        ("assert.equal(f(n), 3);", "got 2 where 3 was expected"),
        ("assert.equal(f(2), n);", "got 2 where 3 was expected"),
        ("assert.equal(f(2) + 1, 3);", "got 2 where 3 was expected"),
        ("assert.equal(f(2), 3); f(1);", "got 2 where 3 was expected"),
        ("assert.equal(f(2), 3);", "got undefined where 3 was expected"),
        ("assert.equal(f(2), 3);", "got NaN where 3 was expected"),
        ("assert.equal(f(2), 3);", "got 3 where 3 was expected"),
        ("assert.equal(f(2), 3);", 'got "a where b" where 3 where 4 was expected'),
        ("assert.equal(f(2), 3);", "Expected values to be strictly equal:\n\n2 !== 3"),
        ("assert.equal(f(2), ", "got 2 where 3 was expected"),
        ("assert.notEqual(f(2), 2);", "got 2 where 2 was expected"),
        ("const x = f(2);", "got 2 where 3 was expected"),
    ],
)
def test_what_javascript_says_in_another_way_is_left_alone(assertion: str, message: str) -> None:
    assert list(disputed(failed_node(assertion, message))) == []


def test_an_assertion_of_the_program_itself_is_no_dispute() -> None:
    for work, path in (
        (failed("assert f(2) == 5", "AssertionError: assert 4 == 5"), PATH),
        (failed_node("assert.equal(f('4'), 4);", 'got "string" where "number" was expected'), "test/a.test.js"),
    ):
        (_,) = disputed(work)
        inner = f"{work.feedback}\n`a.py`, line 2, in `f`:\n```text\n>    2     assert x == 5\n```"
        assert list(disputed(replace(work, feedback=inner))) == []
        other = f"{work.feedback}\n\n### `{path}::test_g` fails\n```text\nx\n```\n`a.py`, line 2, in `f`:"
        assert len(list(disputed(replace(work, feedback=other)))) == 1


async def test_the_program_of_a_javascript_call_is_found() -> None:
    work = failed_node("assert.equal(f(2), 3);", "got 2 where 3 was expected")
    model = answers("2", "2")
    assert await settled(replace(work, model=model)) != {}
    assert "a.js" in model.calls[0].text


@pytest.mark.parametrize(
    ("assertion", "message"),
    [
        ("assert f(2) == 5", "ValueError: no"),
        ("assert f(2) == 5", "AssertionError: assert <a.Box object> == 5"),
        ("assert f(2) > 5", "AssertionError: assert 4 > 5"),
        ("assert f(x) == 5", "AssertionError: assert 4 == 5"),
        ("assert f(2) == f(1) + 1", "AssertionError: assert 4 == (2 + 1)"),
        ("assert f('a') == 'b'", "AssertionError: assert 'aaa...aaa' == 'b'"),
        ("assert f([1]) == []", "AssertionError: assert [1, 1, ...] == []"),
        ("assert result.stdout == 'x'", "AssertionError: assert 'y' == 'x'"),
        ("with pytest.raises(ValueError):", "Failed: DID NOT RAISE <class 'ValueError'>"),
    ],
)
def test_what_is_no_plain_comparison_is_not_disputed(assertion: str, message: str) -> None:
    assert list(disputed(failed(assertion, message))) == []


@pytest.mark.parametrize("part", ["### `a` fails\n```text\n", "```text\n", "### `", "\n", "a ", "assert 1 == "])
def test_long_feedback_is_read_at_once(part: str) -> None:
    work = replace(WRONG, feedback="### `a` fails\n```text\n" + part * (200_000 // len(part)))
    began = time.process_time()
    assert list(disputed(work)) == []
    assert time.process_time() - began < 1


async def test_two_answers_that_agree_with_the_program_correct_the_test() -> None:
    model = answers("4", "4.0")
    files = await settled(replace(WRONG, model=model))
    assert files == {PATH: WRONG.staged[PATH].replace("== 5", "== 4")}
    assert "with what a.py defines" in model.calls[0].text
    assert "5" not in model.calls[0].text


@pytest.mark.parametrize("said", [("5",), ("6",), ("4", "5"), ("4", "")])
async def test_otherwise_the_test_stands(said: tuple[str, ...]) -> None:
    model = answers(*said)
    assert await settled(replace(WRONG, model=model)) == {}
    assert len(model.calls) == len(said)


async def test_a_test_that_the_user_wrote_is_never_corrected() -> None:
    assert await settled(replace(WRONG, model=answers(), edited=frozenset({PATH}))) == {}


@pytest.mark.parametrize(("told", "corrected"), [("4", True), ("5", False)])
async def test_where_the_user_stated_the_result_nobody_is_asked(told: str, corrected: bool) -> None:
    acceptance = render("demo", (Call("a.py", "f( 2 )", told, name="f(2)", stated=True),))
    files = await settled(replace(WRONG, model=answers(), acceptance=acceptance))
    assert bool(files) is corrected


async def test_a_tiny_model_has_no_say() -> None:
    assert await settled(replace(WRONG, model=ScriptedModel(name="coder-1.5b"))) == {}


@pytest.mark.parametrize("odd", [f"0x{'f' * 4000}", " + ".join(["'a'"] * 900)], ids=["long", "deep"])
@pytest.mark.parametrize("assertion", ["assert f({}) == 5", "assert f({})", "assert not f({})", "assert f(2) == {}"])
def test_what_python_could_not_write_again_is_not_disputed(odd: str, assertion: str) -> None:
    said = "assert not True" if " not " in assertion else "AssertionError: assert False"
    told = said if "==" not in assertion else "AssertionError: assert 4 == 5"
    assert list(disputed(failed(assertion.format(odd), told))) == []
