"""A check that program after program fails is put on trial against the requirements."""

from __future__ import annotations

import json

import pytest

from agents.acceptance import render
from agents.base import Work
from agents.trial import amended, doubtful, tried
from agents.verification.examples import Call, Check, Example
from agents.verification.examples_text import read_examples
from tests.fakes.model import ScriptedModel

CHECK = Call("a.py", "f(2)", "5", setup=("x = 1",), name="x = 1; f(2)")
FAILS = Call("a.py", "f(-1)", raises="KeyError", name="f(-1)")
TEXT = Call("a.py", "f('b')", "'b c'", name="f('b')")
RUN = Example(("python", "a.py", "2"), stdout="5\n", name="python a.py 2")


def answer(returns: str = "", raises: str = "") -> str:
    return json.dumps({"returns": returns, "raises": raises})


async def verdict(check: Check, *answers: str) -> tuple[Check, ScriptedModel]:
    model = ScriptedModel(answers)
    work = Work("demo", 3, "f(x) doubles x.", model)
    return (await tried(work, [check]))[check.id], model


@pytest.mark.parametrize(
    ("check", "answers"),
    [
        (CHECK, (answer("4"), answer("4.0"))),
        (CHECK, (answer(raises="ValueError"), answer(raises="ValueError"))),
        (FAILS, (answer(raises="ValueError"), answer(raises="ValueError"))),
        (FAILS, (answer("-2"), answer("-2"))),
        (RUN, (answer("4"), answer("4\n"))),
    ],
)
async def test_two_answers_against_a_check_set_it_aside(check: Check, answers: tuple[str, str]) -> None:
    after, _ = await verdict(check, *answers)
    assert after.advisory
    assert "no longer counts" in after.tried


@pytest.mark.parametrize(
    ("check", "answers"),
    [
        (CHECK, (answer("5"), answer("5"))),
        (CHECK, (answer("4"), answer("5"))),
        (CHECK, (answer("4"), answer("6"))),
        (CHECK, (answer(), answer())),
        (CHECK, ("no idea", answer("4"))),
        (CHECK, (answer("4", "ValueError"), answer("4"))),
        (FAILS, (answer(raises="KeyError"), answer(raises="KeyError"))),
        (RUN, (answer("5"), answer("5"))),
        (TEXT, (answer("b c"), answer("b c"))),
        (TEXT, (answer('"b c"'), answer("b c"))),
        (FAILS, (answer(raises="KeyError: no such key"), answer(raises="`KeyError`"))),
        (FAILS, (answer(raises="KeyError('x')"), answer(raises="KeyError"))),
        (FAILS, (answer(raises="LookupError"), answer(raises="LookupError"))),
    ],
)
async def test_otherwise_it_stands(check: Check, answers: tuple[str, str]) -> None:
    after, _ = await verdict(check, *answers)
    assert not after.advisory
    assert after.tried == "iteration 3: it stands"


async def test_the_question_tells_neither_code_nor_what_is_expected() -> None:
    _, model = await verdict(CHECK, answer("4"), answer("4"))
    assert "x = 1\nf(2)" in model.calls[0].text
    assert "f(x) doubles x." in model.calls[0].text
    assert "5" not in model.calls[0].text
    assert len({(call.seed, call.temperature) for call in model.calls}) == 2


@pytest.mark.parametrize(
    ("check", "before", "due"),
    [
        (CHECK, 2, True),
        (CHECK, 5, True),
        (CHECK, 1, False),
        (Call("a.py", "f(2)", "5", name=CHECK.name, stated=True), 9, False),
        (Call("a.py", "f(2)", "5", name=CHECK.name, advisory=True), 9, False),
        (Call("a.py", "f(2)", "5", name=CHECK.name, tried="iteration 3: it stands"), 9, False),
    ],
)
def test_a_check_is_doubted_after_three_programs_unless_the_user_stated_it(check: Call, before: int, due: bool) -> None:
    assert bool(doubtful([check], [check.id, "t"], {check.id: before})) is due


@pytest.mark.parametrize(
    "check", [Example(("python", "a.py"), exit=2, name="n"), Example(("python", "a.py"), stdout="x", exit=1, name="n")]
)
def test_a_check_of_the_exit_code_is_never_tried_by_what_is_printed(check: Example) -> None:
    assert doubtful([check], [check.id], {check.id: 9}) == []


def test_a_check_that_passes_is_not_doubted() -> None:
    assert doubtful([CHECK], ["t"], {CHECK.id: 9}) == []


async def test_the_verdict_is_written_beside_the_check() -> None:
    after, _ = await verdict(CHECK, answer("4"), answer("4"))
    text = amended(render("demo", (CHECK, RUN)), "demo", {after.id: after})
    assert read_examples(text) == ((after, RUN), ())
