"""Runs the tests of the best iteration so far, in their old words, on the new code.

An expected value that was changed together with wrong code, a row that a table lost, a comparison that was loosened: by
text they look like honest repairs. But what passed before and would fail now says what they are.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from agents.languages import Bench, Language, Prepared

from .evidence import Case, Outcome, Weakening
from .text import line
from .tree import read_tree, snapshot

_OTHER_INTERFACE = re.compile(
    r"^(?:TypeError|AttributeError|NameError|ImportError|ModuleNotFoundError)\b|is not a (?:function|constructor)\b"
)
"""Failures of a test that calls what was renamed or takes other arguments: it could not stay as it was."""


async def broken_promises(
    texts: Mapping[str, str], passed: frozenset[str], bench: Bench, language: Language, prepared: Prepared
) -> tuple[Weakening, ...]:
    """Tests among `passed` that fail with the files `texts` of that time, as far as they are tests.

    They are only run when one of these files is another now. Tests that fail in their new words too are the caller's.
    """
    old = {path: text for path, text in texts.items() if language.is_code(path) and language.is_test(path)}
    changed = {path for path, text in old.items() if bench.tree.texts.get(path) != text}
    concerned = {name for name in passed if name.partition("::")[0] in changed}
    if not concerned:
        return ()
    with tempfile.TemporaryDirectory(prefix="tumbler-earlier-") as folder:
        await asyncio.to_thread(lay_out, bench, language, old, Path(folder))
        tree = await asyncio.to_thread(read_tree, Path(folder))
        settings = bench.settings.model_copy(update={"vacuity": False, "coverage": False})
        suite = await language.test(replace(bench, root=Path(folder), tree=tree, settings=settings), prepared)
    return tuple(_weakening(case) for case in suite.tested.tests if case.id in concerned and breaks_promise(case))


def lay_out(bench: Bench, language: Language, old: Mapping[str, str], folder: Path) -> None:
    """The snapshot with the old tests instead of the new ones."""
    snapshot(bench.root, folder)
    for path in bench.tree.texts:
        if language.is_code(path) and language.is_test(path):
            (folder / path).unlink()
    for path, text in old.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def breaks_promise(case: Case) -> bool:
    """Whether the test fails in what it says of the program, not only because it calls what is named otherwise now."""
    return case.outcome is Outcome.FAILED and not _OTHER_INTERFACE.search(case.message)


def _weakening(case: Case) -> Weakening:
    return Weakening(
        case.id, f"was changed: in its old words it passed before and fails now ({line(case.message, 120)})"
    )
