"""Drafts that were written independently of each other outvote a test that none of them passes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace

import pytest

from agents.acceptance import render
from agents.answers import fenced
from agents.base import Work
from agents.engineer import Engineer
from agents.programs import kind
from agents.rivals import rivals
from agents.verification.box import SandboxUnavailable
from agents.verification.evidence import Case, Evidence, Frame, Outcome, Verdict
from agents.verification.examples import Call, ExampleResult
from agents.verification.feedback import feedback
from agents.verification.runner import Runner
from agents.verification.settings import VerificationSettings
from agents.verification.tree import SnapshotRefused
from agents.votes import outvoted
from tests.fakes.assertions import PATH, cases, evidence, run, suite
from tests.fakes.model import ScriptedModel
from tests.fakes.sandbox import ScriptedSandbox

DOUBLE = "def f(x):\n    return x * 2\n"
ADD = "def f(x):\n    return x + x\n"
TWICE = "def f(x):\n    return 2 * x\n"
SQUARE = "def f(x):\n    return x * x\n"


def draft(program: str, *assertions: str) -> dict[str, str]:
    return {"a.py": program, PATH: suite(*assertions)}


async def judged(staged: dict[str, str], *drafts: dict[str, str], name: str = "fake-1b") -> Work:
    """The Engineer's work after a verification of `staged`."""
    told = feedback(await run(staged))
    model = ScriptedModel(name=name)
    return Work("demo", 4, "a.py: f(x) doubles x.", model, staged=staged, feedback=told, drafts=drafts)


RIGHT = ("assert f(2) == 4", "assert f(0) == 0", "assert f(1) == 2")
PROGRAM = draft(DOUBLE, *RIGHT, "assert f(3) == 7")


async def test_three_drafts_that_agree_correct_a_test() -> None:
    work = await judged(PROGRAM, draft(ADD, "assert f(5) == 10"), draft(TWICE))
    assert await outvoted(work, run) == {PATH: suite(*RIGHT, "assert f(3) == 6")}


@pytest.mark.parametrize(
    "drafts",
    [
        [],
        [draft(ADD)],
        [draft(ADD), draft(SQUARE)],
        [draft(ADD), draft(TWICE), draft("def f(x):\n    return 2 * x + x % 2\n")],
    ],
    ids=["alone", "one other", "a third value", "one passes the test"],
)
async def test_without_three_votes_and_with_a_vote_for_it_a_test_stays(drafts: list[dict[str, str]]) -> None:
    assert await outvoted(await judged(PROGRAM, *drafts), run) == {}


@pytest.mark.parametrize("again", [DOUBLE, ADD, "def f(x):  # twice\n\n    return (x + x)\n"])
async def test_a_program_that_is_written_twice_has_one_vote(again: str) -> None:
    assert await outvoted(await judged(PROGRAM, draft(ADD), draft(again)), run) == {}


async def test_a_test_that_its_own_draft_fails_too_speaks_for_nothing() -> None:
    assert await outvoted(await judged(PROGRAM, draft(ADD), draft(TWICE, "assert f(1) == 3")), run) != {}


async def test_nothing_is_corrected_when_a_draft_passes_a_test_that_the_program_fails() -> None:
    other = draft("def f(x):\n    return x * 2 if x else 1\n", "assert f(0) == 1")
    assert await outvoted(await judged(PROGRAM, draft(ADD), draft(TWICE), other), run) == {}


PLAN = f"# Plan: a\n\n## Files\n\n- `a.py`: f\n- `{PATH}`: its tests\n"


async def test_programs_of_earlier_rounds_that_were_not_taken_vote_too() -> None:
    work = replace(await judged(PROGRAM), plan=PLAN)
    replies = tuple(fenced("a.py", program) for program in (DOUBLE, ADD, TWICE))
    assert await outvoted(replace(work, replies=replies[:2]), run) == {}
    assert await outvoted(replace(work, replies=replies), run) == {PATH: suite(*RIGHT, "assert f(3) == 6")}


@pytest.mark.parametrize(
    "reply",
    [
        "no file at all",
        fenced(PATH, suite("assert f(3) == 6")),
        fenced("b.py", TWICE),
        fenced("a.py", DOUBLE),
        fenced("a.py", ADD.replace("def", "# once more\ndef")),
    ],
    ids=["no file", "tests", "not what was planned", "the best program", "a draft"],
)
async def test_an_answer_without_another_whole_program_is_no_vote(reply: str) -> None:
    work = replace(await judged(PROGRAM, draft(ADD)), plan=PLAN, replies=(reply,))
    assert (rivals(work), await outvoted(work, run)) == ([], {})


def test_a_program_that_was_written_twice_is_one_rival() -> None:
    work = Work("demo", 2, "", ScriptedModel(), plan=PLAN, replies=(fenced("a.py", ADD),) * 2)
    assert rivals(work) == [{"a.py": ADD}]


def test_a_rival_is_mended_like_a_program_that_is_taken() -> None:
    text = "def f(x):\n    return math.floor(x * 2)\n"
    (rival,) = rivals(Work("demo", 2, "", ScriptedModel(), plan=PLAN, replies=(fenced("a.py", text),)))
    assert rival["a.py"].startswith("import math\n")


@pytest.mark.parametrize("wrong", [1, 2])
async def test_of_few_tests_none_is_corrected(wrong: int) -> None:
    program = draft(DOUBLE, *RIGHT[: 4 - 2 * wrong], *["assert f(3) == 7", "assert f(4) == 9"][:wrong])
    assert await outvoted(await judged(program, draft(ADD), draft(TWICE)), run) == {}


async def test_what_the_user_stated_is_not_voted_on() -> None:
    acceptance = render("demo", [Call(path="a.py", call="f(3)", returns="7", stated=True)])
    work = await judged(PROGRAM, draft(ADD), draft(TWICE))
    assert await outvoted(replace(work, acceptance=acceptance), run) == {}


async def test_a_draft_that_fails_at_another_assertion_has_no_vote() -> None:
    async def earlier(files: Mapping[str, str]) -> Evidence:
        if files["a.py"] != ADD:
            return await run(files)
        return evidence(replace(case, frames=(Frame(PATH, 1, "test_1", ""),)) for case in cases(files))

    work = await judged(PROGRAM, draft(ADD), draft(TWICE))
    assert await outvoted(work, run) != {}
    assert await outvoted(work, earlier) == {}


async def test_files_that_cannot_lie_in_one_folder_have_no_vote() -> None:
    runner = Runner(sandbox=ScriptedSandbox())
    with pytest.raises(SnapshotRefused, match="cannot lie in one folder"):
        await runner.tests({"calc": "x", "calc/a.py": "y"})


async def test_a_draft_whose_files_do_not_fit_has_no_vote() -> None:
    renamed = {"b.py": DOUBLE, PATH: "from b import f\n\n\ndef test_f():\n    assert f(1) == 2\n"}

    async def fitting(files: Mapping[str, str]) -> Evidence:
        return await run(files) if "a.py" in files else evidence([Case(PATH, Outcome.ERROR, "ModuleNotFoundError: a")])

    assert await outvoted(await judged(PROGRAM, draft(ADD), renamed), fitting) == {}
    assert await outvoted(await judged(PROGRAM, draft(ADD), draft(TWICE), renamed), fitting) != {}


async def test_a_test_that_a_person_changed_is_not_voted_on() -> None:
    work = await judged(PROGRAM, draft(ADD), draft(TWICE))
    assert await outvoted(replace(work, edited=frozenset({PATH})), run) == {}


async def test_a_small_models_drafts_are_run_in_the_sandbox_before_it_is_asked_anything() -> None:
    work = await judged(PROGRAM, draft(ADD), draft(TWICE))
    runner = Runner(VerificationSettings(sandbox="auto"))
    built = await Engineer(ScriptedModel(), runner=runner).run(work)  # type: ignore[arg-type]
    assert built.files == {PATH: suite(*RIGHT, "assert f(3) == 6")}


async def test_in_javascript_three_drafts_correct_a_test_too() -> None:
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    path, package = "test/a.test.js", {"package.json": '{"type": "module"}'}
    head = "import assert from 'node:assert/strict';\nimport test from 'node:test';\nimport { f } from '../a.js';\n"
    lines = ["assert.deepEqual(f([2]), [2, 2]);", *(f"assert.equal(f([{n}]).length, 2);" for n in range(3))]
    wrong = ["assert.deepEqual(f([1, 2]), [1, 2, 2, 1]);", *lines[1:]]
    tests, right = (
        head + "".join(f"test('{n}', () => {{\n  {line}\n}});\n" for n, line in enumerate(each))
        for each in (wrong, ["assert.deepEqual(f([1, 2]), [1, 2, 1, 2]);", *lines[1:]])
    )
    drafts = [
        {"a.js": f"export const f = (list) => {how};\n", **package}
        for how in ("list.concat(list)", "[...list, ...list]", "[list, list].flat()")
    ]
    runner = Runner(VerificationSettings(sandbox="auto"))
    staged = {**drafts[0], path: tests}
    told = feedback(await runner.tests(staged))
    work = Work("demo", 4, "a.js: f doubles.", ScriptedModel(name="fake-1b"), staged=staged, feedback=told)
    assert await outvoted(replace(work, drafts=tuple(drafts[1:])), runner.tests) == {path: right}
    assert await outvoted(replace(work, drafts=tuple(drafts[1:2])), runner.tests) == {}


@pytest.mark.parametrize("held_back", [False, True])
@pytest.mark.parametrize("right", [[], [DOUBLE], [ADD, TWICE], [DOUBLE, ADD]])
async def test_who_fails_an_example_has_no_vote(right: list[str], held_back: bool) -> None:
    example = Call(path="a.py", call="f(9)", returns="7", stated=not held_back, held_back=held_back)

    async def judging(files: Mapping[str, str]) -> Evidence:
        return evidence(cases(files), [ExampleResult(example, passed=files["a.py"] in known)])

    work, known = await judged(PROGRAM, draft(ADD), draft(TWICE)), right
    assert await outvoted(work, judging) == {}
    known = [DOUBLE, ADD, TWICE]
    assert await outvoted(work, judging) != {}


async def test_all_failures_count_and_not_only_those_that_are_told() -> None:
    wrong = [f"assert f({n}) == {n * 2 + 1}" for n in range(8)]
    right = [f"assert f({n}) == {n * 2}" for n in range(8, 30)]
    work = await judged(draft(DOUBLE, *wrong, *right), draft(ADD), draft(TWICE))
    assert await outvoted(work, run) == {}
    work = await judged(draft(DOUBLE, *wrong[:7], *right), draft(ADD), draft(TWICE))
    assert await outvoted(work, run) != {}


async def test_a_run_that_cannot_be_trusted_has_no_vote() -> None:
    async def forged(files: Mapping[str, str]) -> Evidence:
        said = await run(files)
        good = files["a.py"] != ADD
        return said if good else replace(said, tested=replace(said.tested, verdict=Verdict.TAMPERED))

    assert await outvoted(await judged(PROGRAM, draft(ADD), draft(TWICE)), forged) == {}


@pytest.mark.parametrize(
    ("path", "one", "other", "same"),
    [
        ("a.py", "def f(x):\n    return x\n", 'def f(x: int) -> int:\n    """Gives x."""\n    return x  # x\n', True),
        ("a.py", "def f(x):\n    return x\n", "def f(y):\n    return y\n", False),
        ("a.py", "def f(:\n", "def f( :\n", False),
        ("a.js", "const f = 1;\n", "// one\n\n  const f = 1;\n", True),
        ("a.js", "f('a b');\n", "f('ab');\n", False),
        ("README.md", "one", "two", True),
    ],
)
def test_what_differs_in_looks_only_is_one_opinion(path: str, one: str, other: str, same: bool) -> None:
    assert (kind({path: one}) == kind({path: other})) is same


async def test_without_a_sandbox_nobody_votes() -> None:
    def refused(*_: object) -> None:
        raise SandboxUnavailable("there is none")

    work = await judged(PROGRAM, draft(ADD), draft(TWICE))
    engineer = Engineer(ScriptedModel(), runner=Runner(sandbox=ScriptedSandbox(refused)))  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="unexpected call"):  # it goes on to ask the model
        await engineer.run(work)
