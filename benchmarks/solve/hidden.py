"""Judges a finished program by a task's hidden tests, in the sandbox, since nobody has read the program yet."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agents.verification.box import Sandbox
from agents.verification.evidence import Verdict
from agents.verification.settings import VerificationSettings
from agents.verification.tree import ignored
from agents.verification.verify import Subject, verify

from .task import Task

_PYTHON = '''
import importlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def find(name):
    """The file of this name, wherever the Engineer put it; the one nearest to the top when there are several."""
    found = sorted(ROOT.rglob(name), key=lambda path: (len(path.parts), path))
    assert found, f"there is no {name}"
    return found[0]


def module(name):
    folder = str(find(f"{name}.py").parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)


def run(name, *arguments, stdin="", cwd=None):
    command = [sys.executable, "-B", str(find(name)), *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=15, cwd=cwd)


'''
_NODE = """
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = path.dirname(fileURLToPath(import.meta.url));
const find = (name) => {
  const all = fs.readdirSync(ROOT, { recursive: true }).map(String);
  const found = all.filter((file) => path.basename(file) === name && !file.includes("node_modules"));
  assert.ok(found.length, `there is no ${name}`);
  return path.join(ROOT, found.sort((a, b) => a.length - b.length)[0]);
};
const load = async (name) => {
  const loaded = await import(pathToFileURL(find(name)));
  return { ...loaded.default, ...loaded };
};
const folder = () => {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "hidden-"));
  process.on("exit", () => fs.rmSync(made, { recursive: true, force: true }));
  return made;
};
const run = (name, args = [], { cwd = folder(), input = "" } = {}) =>
  spawnSync(process.execPath, [find(name), ...args], { cwd, input, encoding: "utf8", timeout: 15000 });

"""
_SETTLES_TESTS = frozenset({"conftest.py", "pytest.ini", "tox.ini", "setup.cfg"})
_SETTINGS = VerificationSettings(vacuity=False, coverage=False, lint=False)


@dataclass(frozen=True)
class Hidden:
    """What the hidden tests said."""

    passed: int
    failed: tuple[str, ...]
    """Names of the tests that did not pass, with the first line of what they said."""
    right: bool
    """All passed, and nothing in the program could have made them."""


def hidden_test(task: Task) -> tuple[str, str]:
    """Name and text of the test file, which belongs beside the program."""
    if task.language == "node":
        return "hidden.test.mjs", _NODE + task.hidden
    return "test_hidden.py", _PYTHON + task.hidden


def with_hidden_tests(files: Mapping[str, bytes], task: Task) -> dict[str, bytes]:
    """A program without its own tests and what settles them, with the hidden ones."""
    kept = {path: content for path, content in files.items() if not _of_tests(path) and not ignored(path)}
    if task.language == "node" and "package.json" in kept:
        kept["package.json"] = _with_plain_test_script(kept["package.json"])
    name, text = hidden_test(task)
    return {**kept, name: text.encode()}


def _of_tests(path: str) -> bool:
    *folders, name = PurePosixPath(path).parts
    stem = name.split(".", 1)[0]
    marked = stem.startswith("test_") or stem.endswith("_test") or ".test." in name or ".spec." in name
    return marked or name in _SETTLES_TESTS or not {"test", "tests", "__tests__"}.isdisjoint(folders)


def _with_plain_test_script(package: bytes) -> bytes:
    try:
        content = json.loads(package)
        return json.dumps({**content, "scripts": {"test": "node --test"}, "devDependencies": {}}).encode()
    except (ValueError, TypeError):
        return package


async def judge(files: Mapping[str, bytes], task: Task, sandbox: Sandbox) -> Hidden:
    """Run the hidden tests on a program. Raises SandboxUnavailable."""
    with tempfile.TemporaryDirectory(prefix="tumbler-hidden-") as folder:
        await asyncio.to_thread(lay_out, Path(folder), with_hidden_tests(files, task))
        evidence = await verify(Subject(Path(folder)), sandbox, _SETTINGS)
    tests = evidence.tested.tests
    bad = tuple(
        f"{test.id}: {test.message.partition(chr(10))[0][:200]}" for test in tests if test.id in evidence.failed
    )
    reasons = () if tests else evidence.tested.reasons or tuple(phase.summary for phase in evidence.phases)
    return Hidden(len(evidence.passed), bad or reasons, right=evidence.tested.verdict is Verdict.PASS)


def lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
