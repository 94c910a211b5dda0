"""The hidden tests of each task accept its reference solution and refuse its near miss."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from benchmarks.solve.hidden import hidden_test, lay_out, with_hidden_tests
from benchmarks.solve.task import Change, Task, read_task, read_tasks
from tests.fakes.once import once

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

TASKS = {task.name: task for task in read_tasks()}
PYTHON = [task for task in TASKS.values() if task.language == "python"]
NODE = [task for task in TASKS.values() if task.language == "node"]
NEAR_MISSES = {task.name: change.applied(task.reference) for task in TASKS.values() for change in task.wrong[:1]}

Counted = Mapping[str, Mapping[str, int]]
"""Task -> how many of its tests `passed` and how many did not (`failed`: also those that were skipped)."""


def place(task: Task) -> str:
    """Not the task's name alone, under which a test imports the program."""
    return f"of_{task.name}"


def laid_out(root: Path, tasks: list[Task], files: Callable[[Task], Mapping[str, str]]) -> None:
    for task in tasks:
        content = {path: text.encode() for path, text in files(task).items()}
        lay_out(root / place(task), with_hidden_tests(content, task))


def hidden_run(root: Path, files: Callable[[Task], Mapping[str, str]]) -> Counted:
    laid_out(root, PYTHON, files)
    return pytest_run(root)


def pytest_run(root: Path) -> Counted:
    """One pytest for all Python tasks, each in a folder of its own."""
    plain = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", f"--rootdir={root}", "--junitxml=results.xml"]
    path = os.pathsep.join(str(root / place(task)) for task in PYTHON)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": path}
    command = [sys.executable, "-m", "pytest", *plain, "."]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment, timeout=150)
    assert (root / "results.xml").exists(), run.stdout
    cases = list(ET.parse(root / "results.xml").iter("testcase"))
    counted = {task.name: {"passed": 0, "failed": 0} for task in PYTHON}
    for case in cases:
        where = case.get("classname") or case.get("name") or ""
        counted[where.split(".")[0].removeprefix("of_")]["failed" if len(case) else "passed"] += 1
    return counted


def node_run(folder: Path) -> dict[str, int]:
    """Node counts a file without any test as one that passed; here it is none."""
    command = ["node", "--test", "--test-reporter=tap"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    results = re.findall(r"(?m)^ *(not ok|ok) \d+ - (.*)$", run.stdout)
    right = [kind == "ok" and "# SKIP" not in name and "# TODO" not in name for kind, name in results]
    files = [kind == "ok" and name.startswith(str(folder)) for kind, name in results]
    return {"passed": sum(right) - sum(files), "failed": right.count(False) + (run.returncode != 0)}


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Counted:
    root = tmp_path_factory.mktemp("right")
    counted: Counted = once(tmp_path_factory, "right", lambda: hidden_run(root, lambda task: task.reference))
    return counted


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Counted:
    root = tmp_path_factory.mktemp("wrong")
    counted: Counted = once(tmp_path_factory, "wrong", lambda: hidden_run(root, lambda task: NEAR_MISSES[task.name]))
    return counted


def test_there_are_enough_tasks_of_each_size() -> None:
    sizes = [task.size for task in TASKS.values()]
    assert len(TASKS) >= 24
    assert min(sizes.count(size) for size in "SML") >= 8
    assert len(NODE) >= 4


@pytest.mark.parametrize("task", PYTHON, ids=lambda task: task.name)
def test_hidden_tests_accept_the_reference(task: Task, right: Counted) -> None:
    assert right[task.name]["passed"] > 0
    assert right[task.name]["failed"] == 0


@pytest.mark.parametrize("task", PYTHON, ids=lambda task: task.name)
def test_hidden_tests_refuse_the_near_miss(task: Task, wrong: Counted) -> None:
    assert wrong[task.name]["failed"] > 0


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize("task", NODE, ids=lambda task: task.name)
def test_hidden_tests_tell_right_from_wrong_in_node(task: Task, tmp_path: Path) -> None:
    laid_out(tmp_path / "right", [task], lambda task: task.reference)
    laid_out(tmp_path / "wrong", [task], lambda task: NEAR_MISSES[task.name])
    name, _ = hidden_test(task)
    codes = []
    for folder in ("right", "wrong"):
        command = ["node", "--test", name]
        codes.append(subprocess.run(command, cwd=tmp_path / folder / place(task), capture_output=True).returncode)
    assert codes == [0, 1]


def test_there_are_tasks_with_tests_of_their_own() -> None:
    assert len([task for task in PYTHON if task.tests]) >= 8
    assert [task for task in NODE if task.tests]


def test_own_tests_of_a_task_accept_its_reference(tmp_path: Path) -> None:
    own = [task for task in PYTHON if task.tests]
    for task in own:
        lay_out(
            tmp_path / place(task), {path: text.encode() for path, text in {**task.reference, **task.tests}.items()}
        )
    counted = pytest_run(tmp_path)
    assert {task.name: counted[task.name]["failed"] for task in own} == {task.name: 0 for task in own}
    assert [task.name for task in own if counted[task.name]["passed"] == 0] == []


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize("task", [task for task in NODE if task.tests], ids=lambda task: task.name)
def test_own_tests_of_a_task_accept_its_reference_in_node(task: Task, tmp_path: Path) -> None:
    lay_out(tmp_path, {path: text.encode() for path, text in {**task.reference, **task.tests}.items()})
    counted = node_run(tmp_path)
    assert counted["failed"] == 0
    assert counted["passed"] > 0


@pytest.mark.parametrize("task", [task for task in TASKS.values() if task.defects], ids=lambda task: task.name)
def test_defects_change_what_is_there(task: Task) -> None:
    for defect in task.defects:
        assert defect.applied({**task.reference, **task.tests}) != {**task.reference, **task.tests}


def test_requirements_say_nothing_of_hidden_tests() -> None:
    assert not [task.name for task in TASKS.values() if re.search(r"(?i)hidden|benchmark", task.requirements)]


def test_a_change_that_fits_nowhere_is_an_error() -> None:
    task = TASKS["slugify"]
    with pytest.raises(ValueError, match=r"not once in slugify\.py"):
        Change("x", task.wrong[0].edits * 2).applied(task.reference)


def test_an_unknown_block_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown block"):
        read_task("x", "size: S\n\n```python secret\n1\n```\n")


def test_own_tests_and_settings_of_a_program_do_not_meet_the_hidden_ones() -> None:
    own = {
        "slugify.py": b"x",
        "tests/test_slugify.py": b"x",
        "test_more.py": b"x",
        "conftest.py": b"x",
        "src/__pycache__/slugify.pyc": b"x",
        "pytest.ini": b"x",
    }
    assert set(with_hidden_tests(own, TASKS["slugify"])) == {"slugify.py", "test_hidden.py"}
