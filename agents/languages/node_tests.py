"""Which files of a JavaScript project are tests, and what their text says about them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from agents.verification.javascript_tests import javascript_titles
from agents.verification.source import Scan
from agents.verification.text import line
from agents.verification.tree import Tree

from .node_package import is_known_runner, script

SOURCE = (".js", ".mjs", ".cjs")
SOURCES = (*SOURCE, ".ts", ".jsx", ".tsx")
_BY_NAME = re.compile(r"(?:^|/)(?:test|test[-_][^/]*|[^/]*[.\-_](?:test|spec))\.[cm]?js$")
"""Files that are tests by their name: what `node --test` runs by itself, and what users expect beyond it."""
_BY_ENDING = re.compile(r"[.\-_](?:test|spec)\.[jt]sx?$")
_FOLDER = re.compile(r"(?:^|/)(?:tests?|__tests__)/")
"""Files in there are tests when they have a title, else they help tests."""
_CALLS = re.compile(r"(?<![\w$])(?:it|test)(?:\.\w+)?\(")
_LEAVES = re.compile(r"\bprocess\.exit\(0?\)")
_CHECKS = re.compile(r"\bassert(?:\.\w+){0,3}\(|\bexpect\(")


def is_test(path: str) -> bool:
    return bool(_BY_NAME.search(path) or _FOLDER.search(path) or _BY_ENDING.search(path))


def test_files(tree: Tree) -> list[str]:
    """What is run: files that are tests by their name, and those in a folder of tests that have one."""
    code = {path: text for path, text in tree.texts.items() if path.endswith(SOURCE)}
    return sorted(
        path
        for path, text in code.items()
        if _BY_NAME.search(path) or (_FOLDER.search(path) and (javascript_titles({path: text}) or _CALLS.search(text)))
    )


def canary_folders(files: Collection[str]) -> list[str]:
    return sorted({str(PurePosixPath(path).parent) for path in files})[:20] or ["."]


def scan(tests: Mapping[str, str], collected: Collection[str]) -> Scan:
    """For Node's own runner; `collected` are the ids of a run, in which a file without any test stands for itself."""
    untitled = (path for path, text in sorted(tests.items()) if not javascript_titles({path: text}))
    mute = (path for path in untitled if not _speaks(tests[path], alone=path in collected))
    flags = (
        *(f"{path}: no test with a title" for path in mute),
        *(
            f"{path} ended itself with process.exit(0) before its tests had reported"
            for path in _left(tests, collected)
        ),
    )
    return Scan(tests=javascript_titles(tests), flags=flags, by_title=True)


def _left(tests: Mapping[str, str], collected: Collection[str]) -> Iterator[str]:
    """Files that stand for themselves in the run, although they have tests with a title."""
    for path, text in sorted(tests.items()):
        if path in collected and _LEAVES.search(text) and javascript_titles({path: text}):
            yield path


def _speaks(text: str, *, alone: bool) -> bool:
    """Whether a file without a fixed title tests something: its titles are computed, or it is all plain assertions."""
    if not alone:
        return bool(_CALLS.search(text))
    return bool(_CHECKS.search(text)) and not _CALLS.search(text) and not _LEAVES.search(text)


def own_scan(tree: Tree) -> Scan:
    """For `npm test`, of which only the exit code is seen: it must come from a test runner, and there must be tests."""
    flags = []
    if not is_known_runner(script(tree)):
        flags.append(f"package.json: `npm test` is no plain call of a known test runner: {line(script(tree), 80)}")
    code = {path: text for path, text in tree.texts.items() if path.endswith(SOURCES)}
    if not javascript_titles(code) and not any(is_test(path) and _CHECKS.search(text) for path, text in code.items()):
        flags.append("no file has a test with a title")
    return Scan(flags=tuple(flags), by_title=True)


def typescript_advice(tree: Tree) -> tuple[str, ...]:
    """Tests in TypeScript are not run unless `npm test` does it; that they are missing has to be explained."""
    first = next((path for path in sorted(tree.texts) if path.endswith((".ts", ".tsx")) and is_test(path)), None)
    if first is None or test_files(tree):
        return ()
    return (
        f"{first} is TypeScript, which `node --test` does not run here: write tests in JavaScript, or name a runner in "
        'the "test" script of package.json',
    )
