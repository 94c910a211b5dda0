"""The Verifier: evidence, one question to the model, a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.acceptance import render
from agents.base import AgentError, Built, Verified, Work
from agents.verification.box import Job, Ran, Sandbox, SandboxUnavailable
from agents.verification.examples import Call
from agents.verification.report import read_score
from agents.verification.settings import VerificationSettings
from agents.verifier import Verifier
from providers import FinishReason, Unavailable
from tests.fakes.model import Answer, ScriptedModel, completion
from tests.fakes.sandbox import ScriptedSandbox, ended

FILES = {
    "app.py": "def add(a, b):\n    return a + b\n",
    "test_app.py": "from app import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
}
QUICK = VerificationSettings(vacuity=False, coverage=False, lint=False)
PLAN = "# Plan\n\n## Acceptance criteria\n\n- R1: `add` returns the sum\n- R2: there is a test\n"
REQUIREMENTS = "Create a module `app` with add(a, b).\nInclude tests; keep  double  spaces."


def reply(*entries: tuple[str, bool, str]) -> str:
    return json.dumps({"criteria": [{"id": name, "met": met, "quote": quote} for name, met, quote in entries]})


GOOD = reply(("R1", True, "return a + b"), ("R2", True, "assert add(1, 2) == 3"))


def work(tmp_path: Path, *answers: Answer, files: dict[str, str] = FILES, **more: Any) -> tuple[Work, ScriptedModel]:
    for path, text in files.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    model = ScriptedModel(answers, **more.pop("model", {}))
    return Work("p", 2, REQUIREMENTS, model, plan=PLAN, staged=files, snapshot=tmp_path, **more), model


def verifier(sandbox: Sandbox) -> Verifier:
    return Verifier(provider=None, settings=QUICK, sandbox=sandbox)  # type: ignore[arg-type]


async def judged(verifier: Verifier, work: Work) -> Verified:
    """The verdict; no part of the round is put back."""
    result = await verifier.run(work)
    assert isinstance(result, Verified)
    return result


def broken(job: Job) -> Ran:
    """A sandbox in which nothing can be installed."""
    if "venv" in job.argv:
        return ended()
    return ended(1, b"Because nosuch was not found in the package registry") if "install" in job.argv else ended()


async def test_a_good_project_is_green_and_its_report_carries_the_score(tmp_path: Path, sandbox: Sandbox) -> None:
    given, model = work(tmp_path, GOOD)
    result = await judged(verifier(sandbox), given)
    assert isinstance(result, Verified)
    assert (result.score, result.green, result.feedback) == (10.0, True, "")
    assert result.passed == {"test_app.py::test_add"}
    assert result.failed == frozenset()
    assert read_score(result.report.partition("\n")[0]) == 10.0
    assert "By fake (fake)." in result.report
    assert result.summary == "1 of 1 tests passed"
    assert [call.purpose for call in model.calls] == ["review"]


async def test_a_file_that_the_requirements_name_and_that_is_absent_keeps_a_project_from_being_done(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    given, _ = work(tmp_path, GOOD)
    asked = f"{REQUIREMENTS}\nIn two files:\n- app.py: add\n- cli.py: the program\n"
    plan = f"{PLAN}\n## Files\n\n- `app.py`: adds\n- `cli.py`: the program\n"
    result = await judged(verifier(sandbox), replace(given, requirements=asked, plan=plan))
    told = "Requirements and plan name the file cli.py, which is not there"
    assert (result.score, result.green, result.cause) == (7.9, False, told)
    assert f"## What is wrong\n\n- {told}" in result.report
    assert "because requirements and plan name the file cli.py, which is not there." in result.report
    assert told in result.feedback


async def test_the_prompt_names_the_agent_and_has_the_requirements_verbatim(tmp_path: Path, sandbox: Sandbox) -> None:
    given, model = work(tmp_path, GOOD)
    await verifier(sandbox).run(given)
    system, user = model.calls[0].messages
    assert system.content.startswith("You are the Verifier.")
    assert REQUIREMENTS in user.content
    assert "- R1: `add` returns the sum" in user.content
    assert FILES["app.py"] in user.content


async def test_a_quotation_that_stands_nowhere_proves_nothing(tmp_path: Path, sandbox: Sandbox) -> None:
    given, _ = work(tmp_path, reply(("R1", False, "return a - b"), ("R2", False, "Create a module")))
    result = await judged(verifier(sandbox), given)
    assert (result.score, result.green) == (10.0, True)
    assert "unproven, left out: R1" in result.report


async def test_a_proven_no_reaches_the_engineer(tmp_path: Path, sandbox: Sandbox) -> None:
    given, _ = work(tmp_path, reply(("R1", False, "return a + b"), ("R2", True, "assert add(1, 2) == 3")))
    result = await judged(verifier(sandbox), given)
    assert not result.green
    assert result.score < 10
    assert "Not met: R1" in result.feedback


@pytest.mark.parametrize("bad", ["I think it is fine: 10/10", "{}", completion(GOOD[:40], FinishReason.LENGTH)])
async def test_an_answer_that_cannot_be_read_is_asked_again_once(tmp_path: Path, sandbox: Sandbox, bad: Any) -> None:
    given, model = work(tmp_path, bad, GOOD)
    result = await judged(verifier(sandbox), given)
    assert result.score == 10.0
    assert [call.purpose for call in model.calls] == ["review", "retry"]
    assert "JSON" in model.calls[1].messages[-1].content


async def test_after_two_such_answers_there_is_no_review_and_that_is_said(tmp_path: Path, sandbox: Sandbox) -> None:
    given, _ = work(tmp_path, "no", "no")
    result = await judged(verifier(sandbox), given)
    assert (result.score, result.green) == (10.0, True)
    assert "the model gave no answer that can be read, also when asked again" in result.report


async def test_what_does_not_build_is_not_shown_to_the_model(tmp_path: Path) -> None:
    given, model = work(tmp_path, files={**FILES, "requirements.txt": "nosuch\n"})
    settings = VerificationSettings(cache_dir=tmp_path.parent / f"{tmp_path.name}-cache")
    result = await judged(Verifier(None, settings, sandbox=ScriptedSandbox(broken)), given)  # type: ignore[arg-type]
    assert model.calls == []
    assert result.score <= 2.0
    assert "nosuch was not found" in result.feedback
    assert "the model was not asked" in result.report


@pytest.mark.parametrize(
    ("name", "files", "calls"),
    [
        ("coder:1.5b", FILES, []),
        ("coder:3b", FILES, ["review"]),
        ("coder:3b", {**FILES, "app.py": "def add(a, b):\n    return a - b\n"}, []),
        ("coder:7b", {**FILES, "app.py": "def add(a, b):\n    return a - b\n"}, ["review"]),
    ],
)
async def test_a_small_model_is_asked_only_when_all_tests_pass_and_a_tiny_one_never(
    tmp_path: Path, sandbox: Sandbox, name: str, files: dict[str, str], calls: list[str]
) -> None:
    given, model = work(tmp_path, *[GOOD for _ in calls], files=files, model={"name": name})
    result = await judged(verifier(sandbox), given)
    assert [call.purpose for call in model.calls] == calls
    assert ("so small a model" in result.report) is (not calls)


async def test_a_provider_that_is_down_is_the_orchestrators_business(tmp_path: Path, sandbox: Sandbox) -> None:
    def down(call: object) -> str:
        raise Unavailable("ollama_local: no connection")

    given, _ = work(tmp_path, down)
    with pytest.raises(Unavailable):
        await verifier(sandbox).run(given)


async def test_a_sandbox_that_fails_midway_comes_out_as_itself(tmp_path: Path) -> None:
    def dies(job: Job) -> Ran:
        if "{report}" in job.argv:
            raise SandboxUnavailable("bwrap: gone; run: apt install bubblewrap")
        if "venv" in job.argv:
            (Path(job.argv[-1]) / "bin").mkdir(parents=True)
        return ended()

    given, _ = work(tmp_path)
    settings = VerificationSettings(cache_dir=tmp_path.parent / f"{tmp_path.name}-cache")
    with pytest.raises(SandboxUnavailable, match="apt install bubblewrap"):
        await Verifier(None, settings, sandbox=ScriptedSandbox(dies)).run(given)  # type: ignore[arg-type]


async def test_a_missing_snapshot_is_told(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="there is no snapshot of 03_staging"):
        await verifier(ScriptedSandbox()).run(Work("p", 1, "x", ScriptedModel()))


async def test_a_deleted_test_keeps_the_project_below_the_threshold(tmp_path: Path, sandbox: Sandbox) -> None:
    before = {**FILES, "test_app.py": FILES["test_app.py"] + "\n\ndef test_more():\n    assert add(2, 2) == 4\n"}
    given, _ = work(tmp_path, GOOD, previous_tests=before, previous_passed=frozenset({"test_app.py::test_more"}))
    result = await judged(verifier(sandbox), given)
    assert (result.green, result.score) == (False, 6.0)
    assert "`test_app.py::test_more` was deleted; put it back as it was" in result.feedback


@pytest.mark.parametrize("tokens", [1800, 2400, 4096])
async def test_a_small_context_gets_whole_files_or_none(tmp_path: Path, sandbox: Sandbox, tokens: int) -> None:
    big = "".join(f"def f_{n}():\n    return {n}\n\n\n" for n in range(80))
    files = {**FILES, "big.py": big, "notes.txt": "word " * 500}
    given, model = work(tmp_path, GOOD, files=files, model={"context_tokens": tokens})
    await verifier(sandbox).run(given)
    shown = "\n".join(message.content for message in _messages(model))
    assert len(shown) / 3 + (model.calls[0].max_output_tokens or 0) <= tokens
    for path, text in files.items():
        assert (text.strip() in shown) == (f"- File {path}" not in shown)


def _messages(model: ScriptedModel) -> Sequence[Any]:
    return model.calls[0].messages


ACCEPTANCE = render(
    "p",
    (
        Call("app.py", "add(1, 2)", "3", name="add(1, 2)", stated=True, requirement="R1"),
        Call("app.py", "add(2, 2)", "5", name="add(2, 2)", requirement="R1"),
        Call("app.py", "add(3, 3)", "7", name="add(3, 3)", requirement="R1", held_back=True),
    ),
)


async def test_checks_written_before_the_code_count_and_those_held_back_are_not_told(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    given, _ = work(tmp_path, GOOD, acceptance=ACCEPTANCE)
    result = await judged(verifier(sandbox), given)
    assert not result.green
    assert result.score < 8
    assert result.failed == {"example: add(2, 2)", "example: add(3, 3)"}
    assert "Expected: it returns `5`\nGot: it `returned 4`" in result.feedback
    assert "A check for R1 that is not shown fails" in result.feedback
    assert "add(3, 3)" not in result.feedback
    assert "- as expected: `add(1, 2)` R1" in result.report
    assert "- FAILS: `add(3, 3)` R1 (not shown to the Engineer)" in result.report


async def test_a_check_that_three_programs_failed_is_tried_and_the_score_is_made_after_that(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    said = [json.dumps({"returns": value, "raises": ""}) for value in ("4", "4", "6", "6")]
    before = {"example: add(2, 2)": 2, "example: add(3, 3)": 3}
    given, model = work(tmp_path, *said, GOOD, acceptance=ACCEPTANCE, failed_before=before)
    result = await judged(verifier(sandbox), given)
    assert [call.purpose for call in model.calls] == ["trial"] * 4 + ["review"]
    assert (result.green, result.score, result.failed) == (True, 10.0, frozenset())
    assert result.acceptance.count("no longer counts") == 2
    assert "does not count: `add(2, 2)`" in result.report


async def test_without_a_trial_the_acceptance_checks_stay_as_they_are(tmp_path: Path, sandbox: Sandbox) -> None:
    given, _ = work(tmp_path, GOOD, acceptance=ACCEPTANCE, failed_before={"example: add(2, 2)": 1})
    assert (await judged(verifier(sandbox), given)).acceptance == ""


TWO = {
    "app.py": "def add(a, b):\n    return a - b\n",
    "sub.py": "def sub(a, b):\n    return a - b\n",
    "test_all.py": "from app import add\nfrom sub import sub\n\n\ndef test_add():\n    assert add(1, 2) == 3\n\n\n"
    "def test_sub():\n    assert sub(3, 2) == 1\n",
}


async def test_of_a_round_that_mends_one_file_and_breaks_another_the_broken_one_is_put_back(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    now = {**TWO, "app.py": TWO["app.py"].replace("a - b", "a + b"), "sub.py": TWO["sub.py"].replace("a - b", "b")}
    passed = frozenset({"test_all.py::test_sub"})
    given, model = work(tmp_path, files=now, previous_tests=TWO, previous_passed=passed)
    assert await verifier(sandbox).run(given) == Built({"sub.py": TWO["sub.py"]})
    assert model.calls == []


async def test_what_a_person_edited_is_never_put_back(tmp_path: Path, sandbox: Sandbox) -> None:
    now = {**TWO, "app.py": TWO["app.py"].replace("a - b", "a + b"), "sub.py": TWO["sub.py"].replace("a - b", "b")}
    passed, edited = frozenset({"test_all.py::test_sub"}), frozenset({"sub.py"})
    given, _ = work(tmp_path, GOOD, files=now, previous_tests=TWO, previous_passed=passed, edited=edited)
    assert isinstance(await judged(verifier(sandbox), given), Verified)


async def test_a_test_that_a_person_changed_is_theirs_to_change(tmp_path: Path, sandbox: Sandbox) -> None:
    before = {**FILES, "test_app.py": FILES["test_app.py"] + "\n\ndef test_more():\n    assert add(2, 2) == 4\n"}
    passed, edited = frozenset({"test_app.py::test_more"}), frozenset({"test_app.py"})
    given, _ = work(tmp_path, GOOD, previous_tests=before, previous_passed=passed, edited=edited)
    result = await judged(verifier(sandbox), given)
    assert (result.green, result.score) == (True, 10.0)
