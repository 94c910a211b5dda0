"""Real suites in a real sandbox: what hostile and honest projects come to.

Each file under data/suites is one project.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agents.languages import Languages
from agents.settled import got_of
from agents.verification.box import Sandbox
from agents.verification.evidence import Evidence, Outcome, Verdict
from agents.verification.review import Review
from agents.verification.score import score
from agents.verification.settings import VerificationSettings
from agents.verification.tree import snapshot
from agents.verification.verify import Subject, verify
from tests.fakes.sandbox import ScriptedSandbox

SUITES = Path(__file__).parents[2] / "data" / "suites"
NAMES = sorted(path.stem for path in SUITES.glob("*.json"))
QUICK: dict[str, Any] = {"vacuity": False, "coverage": False, "lint": False, "memory_mb": 512}


def lay_out(suite: dict[str, Any], folder: Path) -> Path:
    staging, victim = folder / "staging", folder / "victim"
    victim.write_text("untouched", encoding="utf-8")
    for path, text in suite["files"].items():
        (staging / path).parent.mkdir(parents=True, exist_ok=True)
        (staging / path).write_text(text, encoding="utf-8")
    for link in suite.get("links", []):
        (staging / link).symlink_to(victim)
    snapshot(staging, folder / "snapshot")
    return folder / "snapshot"


async def examine(files: dict[str, str], folder: Path, sandbox: Sandbox, plan: str = "", **settings: Any) -> Evidence:
    root = lay_out({"files": files}, folder)
    return await verify(Subject(root, plan), sandbox, VerificationSettings(**(QUICK | settings)))


def read_suite(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((SUITES / f"{name}.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def verified(
    request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[tuple[Evidence, Path]]]]:
    """The evidence on every suite that a selected test wants, two at a time; the first prepares the environment."""
    items = [item for item in request.session.items if "verified" in getattr(item, "fixturenames", ())]
    wanted = [str(item.callspec.params["name"]) for item in items if isinstance(item, pytest.Function)]

    def one(name: str) -> tuple[Evidence, Path]:
        suite, folder = read_suite(name), tmp_path_factory.mktemp(name)
        settings = VerificationSettings(**(QUICK | suite.get("settings", {})))
        return asyncio.run(verify(Subject(lay_out(suite, folder)), sandbox, settings, Languages(settings))), folder

    with ThreadPoolExecutor(2) as pool:
        pool.submit(one, "honest_pass").result()
        yield {name: pool.submit(one, name) for name in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def suite(name: str) -> dict[str, Any]:
    if name.startswith("node") and not shutil.which("node"):
        pytest.skip("Node is not installed")
    return read_suite(name)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", NAMES)
def test_each_suite_gets_the_verdict_it_deserves(
    name: str, suite: dict[str, Any], verified: dict[str, Future[tuple[Evidence, Path]]]
) -> None:
    evidence, folder = verified[name].result()
    result = score(evidence, Review())
    assert evidence.tested.verdict in suite["expect"], evidence.tested.reasons
    assert result.green == (evidence.tested.verdict is Verdict.PASS)
    assert result.green or result.value < 8.0
    assert (folder / "victim").read_text(encoding="utf-8") == "untouched"
    assert not (suite.get("none") and (evidence.tested.vacuous or evidence.tested.empty))


APP = """
def add(a, b):
    return a + b


def main():
    try:
        print(add(*map(int, input().split())))
    except ValueError:
        raise SystemExit("two numbers, please") from None


if __name__ == "__main__":
    main()
"""
TESTS = (
    "from app import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n\n\ndef test_nothing():\n    assert True\n"
)
PLAN = """
```json examples
[{"run": ["python", "app.py"], "stdin": "2 3", "stdout": "5\\n", "name": "adds", "requirement": "R1"},
 {"run": ["python3", "app.py"], "stdin": "2 3", "stdout": "6\\n", "name": "wrong"},
 {"run": ["python", "-c", "print(open('in/a').read())"], "stdout": "hi", "files": {"in/a": "hi"}, "name": "file"},
 {"run": ["python", "app.py"], "stdin": "x", "exit": 1, "name": "refuses"}]
```
"""


async def test_evidence_of_an_honest_project_is_complete(sandbox: Sandbox, tmp_path: Path) -> None:
    files = {"app.py": "import os\n" + APP, "tests/test_app.py": TESTS}
    evidence = await examine(files, tmp_path, sandbox, PLAN, vacuity=True, coverage=True, lint=True)
    assert evidence.tested.verdict is Verdict.PASS
    assert evidence.passed == {"tests/test_app.py::test_add", "tests/test_app.py::test_nothing"}
    assert evidence.tested.vacuous == ("tests/test_app.py::test_nothing",)
    assert evidence.coverage is not None
    assert 0 < evidence.coverage.percent < 100
    assert evidence.findings is not None
    assert [(f.path, f.code) for f in evidence.findings] == [("app.py", "F401")]
    assert {r.example.name: r.passed for r in evidence.examples} == {
        "adds": True,
        "wrong": False,
        "file": True,
        "refuses": True,
    }
    assert evidence.failed == {"example: wrong"}


async def test_lines_do_not_leave_themselves_out_of_coverage(sandbox: Sandbox, tmp_path: Path) -> None:
    unused = "def unused(n):  # pragma: no cover\n" + "".join(f"    n += {n}\n" for n in range(20))
    files = {"app.py": APP + unused, "test_app.py": TESTS}
    evidence = await examine(files, tmp_path, sandbox, coverage=True)
    assert evidence.coverage is not None
    assert evidence.coverage.percent < 50


async def test_code_that_does_not_compile_fails_the_build(sandbox: Sandbox, tmp_path: Path) -> None:
    evidence = await examine({"app.py": "def broken(:\n", "test_app.py": TESTS}, tmp_path, sandbox)
    assert not evidence.builds
    assert "app.py:1" in next(p for p in evidence.phases if p.name == "build").summary
    assert score(evidence, Review()).value <= 2.0


async def test_a_test_that_ends_the_whole_time_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    hang = (
        "import signal, time\n\n\ndef test_hang():\n    signal.setitimer(signal.ITIMER_REAL, 0)\n    time.sleep(99)\n"
    )
    evidence = await examine({"test_hang.py": hang}, tmp_path, sandbox, test_timeout=6.0)
    assert evidence.tested.verdict is Verdict.TIMEOUT
    assert "test_hang.py::test_hang" in evidence.tested.reasons[0]
    assert evidence.tested.tests[0].message == "still running when the time was up"


async def test_an_import_that_no_manifest_names_is_advice(sandbox: Sandbox, tmp_path: Path) -> None:
    files = {"app.py": "import yaml\n\n\ndef add(a, b):\n    return a + b\n", "test_app.py": TESTS}
    evidence = await examine(files, tmp_path, sandbox)
    assert evidence.advice == (
        "app.py imports yaml, which no manifest names: add pyyaml to requirements.txt, or do without it",
    )
    error = evidence.tested.tests[0]
    assert (error.outcome, error.message) == (Outcome.ERROR, "ModuleNotFoundError: No module named 'yaml'")
    assert error.frames[-1].path == "app.py"


async def test_a_failure_shows_the_line_of_the_code_under_test(sandbox: Sandbox, tmp_path: Path) -> None:
    code = "def half(n):\n    return 1 / (n - 1)\n"
    tests = "from app import half\n\n\ndef test_half():\n    print('about to')\n    assert half(1) == 0\n"
    evidence = await examine({"app.py": code, "test_app.py": tests}, tmp_path, sandbox)
    failed = evidence.tested.tests[0]
    assert failed.message == "ZeroDivisionError: division by zero"
    assert [(frame.path, frame.line) for frame in failed.frames] == [("test_app.py", 6), ("app.py", 2)]
    assert ">    2     return 1 / (n - 1)" in failed.frames[-1].source
    assert failed.output.strip() == "about to"


async def test_compared_values_are_shown_whole_unless_they_are_very_long(sandbox: Sandbox, tmp_path: Path) -> None:
    code = "def group(words):\n    return [words]\n"
    tests = (
        "from app import group\n\n\ndef test_short():\n"
        "    assert group(['listen', 'silent', 'google', 'elbow']) == [['listen', 'silent'], ['google'], ['elbow']]\n"
        "\n\ndef test_long():\n    assert group('x' * 300) == [{'a': 1}]\n"
        "\n\ndef test_odd():\n    assert group(Odd()) == [1]\n"
        "\n\ndef test_huge():\n    assert group(16 ** 5000) == [1]\n"
        "\n\nclass Odd:\n    def __repr__(self):\n        raise OSError\n"
    )
    evidence = await examine({"app.py": code, "test_app.py": tests}, tmp_path, sandbox)
    short, long, odd, huge = (case.message.split("\n") for case in evidence.tested.tests)
    groups = "[['listen', 'silent', 'google', 'elbow']] == [['listen', 'silent'], ['google'], ['elbow']]"
    assert short[0] == f"AssertionError: assert {groups}"
    assert "At index 0 diff" in short[2]
    assert "..." in long[0]
    assert "Odd" in odd[0]
    assert huge[0].endswith("== [1]")


async def test_a_failure_shows_what_a_program_that_the_test_started_said(sandbox: Sandbox, tmp_path: Path) -> None:
    code = "import sys\n\n\ndef main():\n    print(len(sys.argv[5]))\n\n\nmain()\n"
    tests = (
        "import subprocess, sys\n\n\ndef test_it():\n"
        "    done = subprocess.run([sys.executable, 'app.py'], capture_output=True, text=True)\n"
        "    assert done.stdout == '1\\n'\n"
    )
    evidence = await examine({"app.py": code, "test_app.py": tests}, tmp_path, sandbox)
    output = evidence.tested.tests[0].output
    assert "`python app.py` ended with exit code 1; stderr:" in output
    assert "IndexError" in output


async def test_other_languages_are_named_and_not_guessed(sandbox: Sandbox, tmp_path: Path) -> None:
    evidence = await examine({"go.mod": "module x\n", "main.go": "package main\n", "x.py": ""}, tmp_path, sandbox)
    assert evidence.tested.verdict is Verdict.NOT_RUN
    assert evidence.phases[0].summary == "Go projects cannot be verified yet; Python and JavaScript can"
    assert score(evidence, Review()).value <= 2.0


async def test_more_code_than_can_be_read_is_not_run(tmp_path: Path) -> None:
    sandbox = ScriptedSandbox()
    evidence = await examine({"app.py": "x;" * 300_000, "b.py": "x;" * 300_000}, tmp_path, sandbox)
    assert evidence.tested.verdict is Verdict.NOT_RUN
    assert "1200000 characters of source code are more than" in evidence.phases[0].summary
    assert not sandbox.jobs


UNTOLD = ("long", "functions", "other", "signs", "sets", "shared", "sparse")


async def test_a_failed_comparison_in_javascript_tells_both_values_whole(sandbox: Sandbox, tmp_path: Path) -> None:
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    compared = {
        "lists": "assert.deepEqual([[1, 2, 3, 4]], [[1, 2], [3, 4]])",
        "words": "assert.strictEqual('a\\nb', 'c')",
        "nothing": "assert.equal([null], false)",
        "objects": "assert.deepStrictEqual({ a: 1 }, { a: [true] }, 'with a word')",
        "long": "assert.equal('x'.repeat(300), 'y')",
        "functions": "assert.equal(() => 1, 2)",
        "other": "assert.notEqual(1, 1)",
        "signs": "assert.equal(-0, 0)",
        "sets": "assert.deepEqual(new Set([1]), [1])",
        "shared": "let v = []; for (let n = 0; n < 40; n += 1) v = [v, v]; assert.ok(1); wide(v)",
        "sparse": "assert.equal(Array(3e6), 1)",
        "unasserted": "throw new Error('got 1 where 2 was expected')",
    }
    tests = "".join(f"test('{name}', () => {{ {code}; }});\n" for name, code in compared.items())
    tests += "const wide = (actual) => {\n  const e = new assert.AssertionError({ operator: 'equal' });\n"
    tests += "  throw Object.assign(e, { actual, expected: 1, operator: 'strictEqual', message: 'wide' });\n};\n"
    files = {
        "a.js": "",
        "a.test.js": f"import assert from 'node:assert/strict';\nimport test from 'node:test';\n{tests}",
    }
    evidence = await examine({**files, "package.json": '{"type": "module"}'}, tmp_path, sandbox)
    said = {case.id.partition("::")[2]: case.message.partition("\n")[0] for case in evidence.tested.tests}
    assert said["lists"] == "got [[1, 2, 3, 4]] where [[1, 2], [3, 4]] was expected"
    assert said["words"] == 'got "a\\nb" where "c" was expected'
    assert said["nothing"] == "got [null] where false was expected"
    assert said["objects"] == 'got {"a": 1} where {"a": [true]} was expected'
    assert not [said[name] for name in UNTOLD if "was expected" in said[name]]
    assert said["shared"] == "wide"
    assert got_of(said["lists"]) == "[[1, 2, 3, 4]]"


async def test_lines_of_javascript_that_no_test_reaches_are_named(sandbox: Sandbox, tmp_path: Path) -> None:
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    files = {
        "app.js": "exports.half = (n) => {\n  if (n % 2) {\n    throw new Error('odd');\n  }\n  // whole\n"
        "  return n / 2;\n};\n",
        "unused.js": "exports.x = 1;\n",
        "test_app.js": "const test = require('node:test');\nconst assert = require('node:assert');\n"
        "test('half', () => assert.equal(require('./app.js').half(4), 2));\n",
    }
    evidence = await examine(files, tmp_path, sandbox, coverage=True)
    assert evidence.passed == {"test_app.js::half"}
    assert evidence.coverage is not None
    assert (evidence.coverage.covered, evidence.coverage.missing) == (3, {"app.js": (3,), "unused.js": (1,)})
