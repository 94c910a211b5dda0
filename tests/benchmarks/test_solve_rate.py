"""The solve-rate benchmark: what a run is called, how runs are kept, resumed and summed up."""

from __future__ import annotations

import asyncio
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from agents.outline import read_plan
from agents.verification.examples_text import read_examples
from agents.verification.review import criteria_of
from agents.verification.sandbox import choose
from benchmarks.defects import plan_of
from benchmarks.solve.hidden import judge
from benchmarks.solve.rows import Outcome, Row, append, median_share, read, summary_table
from benchmarks.solve.task import Task, read_tasks
from benchmarks.solve.trial import Configuration, NotFinished, Trial, final_files, outcome
from benchmarks.solve_rate import main, sample
from tests.fakes.llm import Asked, FakeLLM

TASKS = {task.name: task for task in read_tasks()}
ROW = Row("a", "slugify", "S", "python", 1, Outcome.SOLVED, 2, (7.9, 9.0), (2,), 7, (), 3000, 4, 2.5, 2.0)
SLUGIFY = TASKS["slugify"]
WRONG = {**SLUGIFY.wrong[0].applied(SLUGIFY.reference), "test_slugify.py": "from slugify import slugify\n\n\n"
         "def test_words():\n    assert slugify('Hello, World!') == 'hello-world'\n"}  # fmt: skip
RIGHT = {**SLUGIFY.reference, **SLUGIFY.tests}


@pytest.mark.parametrize(
    ("status", "right", "ended"),
    [
        ("completed", True, Outcome.SOLVED),
        ("completed", False, Outcome.FALSE_ACCEPT),
        ("exhausted", True, Outcome.MISSED),
        ("exhausted", False, Outcome.EXHAUSTED),
        ("failed", False, Outcome.FAILED),
        ("engineering", False, Outcome.TIMEOUT),
    ],
)
def test_the_loop_is_held_against_the_hidden_tests(status: str, right: bool, ended: Outcome) -> None:
    assert outcome(status, right=right) is ended


def test_rows_come_back_as_they_were_kept_also_after_a_line_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "out" / "results.jsonl"
    append(path, ROW)
    with path.open("a") as file:
        file.write('{"configuration": "a", "ta')
    append(path, replace(ROW, seed=2))
    assert read(path) == [ROW, replace(ROW, seed=2)]


def test_shares_are_medians_over_seeds() -> None:
    solved = {1: 2, 2: 0, 3: 1}
    rows = [
        replace(ROW, seed=seed, task=str(n), outcome=Outcome.SOLVED if n < number else Outcome.EXHAUSTED)
        for seed, number in solved.items()
        for n in range(2)
    ]
    assert median_share(rows, {Outcome.SOLVED}) == 50


def test_configurations_are_summed_up_apart() -> None:
    console = Console(file=io.StringIO(), width=140)
    other = replace(ROW, configuration="b", outcome=Outcome.FALSE_ACCEPT)
    console.print(summary_table([ROW, other]))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    first, second = (next(line for line in lines if f"│ {name} " in line).split("│") for name in "ab")
    assert [first[n].strip() for n in (3, 4)] == ["100", "0"]
    assert [second[n].strip() for n in (3, 4)] == ["0", "100"]


def test_a_sample_has_all_sizes_and_is_always_the_same() -> None:
    chosen = sample(read_tasks(), 7)
    assert [task.size for task in chosen] == ["S", "M", "L", "S", "M", "L", "S"]
    assert chosen == sample(read_tasks(), 7)


def test_every_provider_gets_the_seed_and_all_agents_the_named_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("providers: {a: {type: openai}, b: {type: ollama, model: x}}\n")
    configuration = Configuration.load(path, "b", 4)
    settings = yaml.safe_load(configuration.with_seed(3))
    assert configuration.name == "mine/b"
    assert settings["providers"] == {
        "a": {"type": "openai", "seed": 3},
        "b": {"type": "ollama", "model": "x", "seed": 3},
    }
    assert settings["agent_providers"] == {"architect": "b", "engineer": "b", "verifier": "b"}
    assert settings["max_iterations"] == 4


def test_the_newest_zip_is_judged_and_otherwise_staging(tmp_path: Path) -> None:
    (tmp_path / "03_staging").mkdir()
    (tmp_path / "03_staging" / "a.py").write_text("staged")
    assert final_files(tmp_path) == {"a.py": b"staged"}
    (tmp_path / "05_final").mkdir()
    with zipfile.ZipFile(tmp_path / "05_final" / "x.zip", "w") as archive:
        archive.writestr("x/a.py", "final")
    assert final_files(tmp_path) == {"a.py": b"final"}


@pytest.mark.slow
def test_hidden_tests_are_run_in_the_sandbox_whatever_the_program_says_of_itself() -> None:
    program = {path: text.encode() for path, text in SLUGIFY.reference.items()}
    leaving = {
        "slugify.py": b"import os\n\n\ndef slugify(text):\n    os._exit(0)\n",
        "conftest.py": b"raise SystemExit",
    }
    sandbox = choose("auto")
    right, bad = (asyncio.run(judge(files, SLUGIFY, sandbox)) for files in (program, leaving))
    assert (right.right, right.passed, right.failed) == (True, 7, ())
    assert not bad.right


def configured(url: str) -> Configuration:
    fake = {"type": "openai", "base_url": f"{url}/v1", "model": "fake", "context_length": 16384}
    agents = dict.fromkeys(("architect", "engineer", "verifier"), "it")
    return Configuration("fake", {"providers": {"it": fake}, "agent_providers": agents, "max_iterations": 1})


def answering(files: dict[str, str]) -> FakeLLM:
    def model(asked: Asked) -> str:
        if "You are the Architect" in asked.system:
            return plan_of(SLUGIFY, examples=False)
        if "You are the Verifier" in asked.system:
            return "{}"
        return "\n".join(f"### FILE: {path}\n```python\n{text}```\n" for path, text in files.items())

    return FakeLLM(model)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("files", "ended"), [(RIGHT, Outcome.SOLVED), (WRONG, Outcome.FALSE_ACCEPT)])
def test_the_daemon_works_on_a_task_and_the_result_is_judged(
    tmp_path: Path, files: dict[str, str], ended: Outcome
) -> None:
    with answering(files) as llm:
        row = Trial(SLUGIFY, 1, configured(llm.url), tmp_path).run(90, choose("auto"))
    assert row.outcome is ended, (tmp_path / "fake/seed-1/slugify/daemon.log").read_text()
    assert (row.iterations, row.passed + len(row.failed)) == (1, 7)
    assert row.right == ((1,) if ended is Outcome.SOLVED else ())
    assert row.calls >= 3
    assert row.tokens > 0
    assert row.minutes > 0


@pytest.mark.slow
def test_a_provider_that_is_down_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(NotFinished, match="waiting"):
        Trial(SLUGIFY, 1, configured("http://127.0.0.1:9"), tmp_path).run(4, choose("auto"))


def test_what_is_done_is_not_done_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append(tmp_path / "results.jsonl", replace(ROW, configuration="defaults"))
    main(["--tasks", "slugify", "--out", str(tmp_path)])
    assert "1 runs, 1 of them done before" in capsys.readouterr().out


@pytest.mark.parametrize("task", [task for task in TASKS.values() if task.examples], ids=lambda task: task.name)
def test_the_plan_of_a_defect_is_read_as_it_is_meant(task: Task) -> None:
    plan = plan_of(task, examples=True)
    examples, problems = read_examples(plan)
    assert (len(examples), problems) == (len(task.examples), ())
    assert [file.path for file in read_plan(plan)] == [*task.reference, *task.tests]
    assert criteria_of(plan, "") == criteria_of(plan_of(task, examples=False), "")
