"""What hostile code of ordinary size can make the daemon read for ever."""

from __future__ import annotations

import ast
import json
import threading
from collections.abc import Callable

import pytest

from agents.languages import node_manifest, node_package, node_tests, python_manifest, python_pytest
from agents.verification.aware import asking_in_javascript
from agents.verification.source import scan
from agents.verification.tree import Tree
from agents.verification.walking import TooLongError, walk, within

SIZE = 200_000


def repeated(text: str) -> str:
    return text * (SIZE // len(text))


PARAMETERS = ",".join(f"({n},{n})" for n in range(SIZE // 20))
ASSERTIONS = "".join(f"    assert f(a, {n}) == b\n" for n in range(SIZE // 50))
SHAPES: dict[str, dict[str, str]] = {
    "rows times assertions": {
        "app.py": "def f(a, i):\n    return a\n",
        "test_a.py": f"@pytest.mark.parametrize('a,b', [{PARAMETERS}])\ndef test_a(a, b):\n{ASSERTIONS}",
    },
    "deleted classes": {"test_a.py": "".join(f"class A{n}(B{n}): pass\ndel B{n}\n" for n in range(SIZE // 30))},
    "spaces in a requirement": {"requirements.txt": f"a{' ' * SIZE}b"},
    "requirements that include each other": {
        f"requirements/{n}.txt": f"-r {n + 1}.txt\n" for n in range(SIZE // 100)
    },
    "a dotted key": {"pyproject.toml": repeated("a.") + "a = 1"},
    "spaces in a setting": {"pytest.ini": f"[pytest]\na{' ' * SIZE}b"},
    "a row of flags": {"a.js": "//" + repeated("execArgv ")},
    "a row of assertions": {"a.test.js": repeated("assert.")},
    "a row of tests": {"a.test.js": repeated("it(\"it('it(`")},
    "a row of conditions": {"a.js": "NODE_TEST_CONTEXT\n" + repeated("if ())))\n")},
    "a script": {"package.json": json.dumps({"scripts": {"test": repeated("node ")}})},
    "a script of tests": {"package.json": json.dumps({"scripts": {"test": f"node {repeated('-test')};"}})},
    "nested overrides": {
        "package.json": '{"dependencies": {"a": "1"}, ' + '"overrides": {' * 900 + '"a": "1"' + "}" * 901
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.timeout(60)
def test_reading_takes_no_square_of_what_is_read(shape: str) -> None:
    tree = Tree(SHAPES[shape])
    scan(tree.texts)
    list(asking_in_javascript(tree.texts))
    python_manifest.read_manifest(tree)
    python_pytest.read_settings(tree)
    node_manifest.read_manifest(tree)
    node_package.own_commands(tree)
    node_tests.scan(tree.texts, ())
    node_tests.own_scan(tree)


def test_code_that_takes_too_long_to_be_read_is_doubted() -> None:
    nested = "".join(f"{' ' * depth}def f{depth}():\n" for depth in range(90))
    flags = scan({"app.py": nested + " " * 90 + "f();" * 10_000}, seconds=0.05).flags
    assert any("takes too long to be read" in flag for flag in flags)


def test_a_bound_holds_for_the_walks_inside_it_only() -> None:
    tree = ast.parse("x = 1")
    with within(-1.0), pytest.raises(TooLongError):
        next(walk(tree))
    assert [type(node) for node in walk(tree)] == [type(node) for node in ast.walk(tree)]


def test_time_of_other_threads_does_not_count() -> None:
    def beside(work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    with within(0.05):
        beside(lambda: sum(range(10_000_000)))
        assert next(walk(ast.parse("x")))
