"""Settles failing assertions of a small model's tests before it repairs anything.

Half of what such a model expects in its tests is miscounted, and shown the failure it bends the program to it. So the
model is asked what the requirements say of the call, without program and test; two answers that agree with the program
against the test correct the test. Anything else leaves it, and the program is repaired. A tiny model is not asked.
"""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agents.base import Work
from agents.javascript_assertions import comparison
from agents.literals import literal
from agents.plan import is_test
from agents.tiers import profile
from agents.trial import answer
from agents.verification.examples import CALLABLE, Call
from agents.verification.examples_judged import same
from agents.verification.examples_text import read_examples
from agents.verification.spelled import spelled

log = logging.getLogger(__name__)

_FAILURE = re.compile(
    r"^### `(?P<test>[^`\n]+)` fails\n(?P<fence>`{3,})text\n(?P<message>(?:(?!### |`{3}).*\n){1,200}?)(?P=fence)\n"
    r"`(?P<path>[^`\n]+)`, line (?P<line>\d+), in ",
    re.MULTILINE,
)
_FRAME = re.compile(r"^`[^`\n]+`, line \d+, in ", re.MULTILINE)
_GOT_JAVASCRIPT = re.compile(r"\Agot (?P<got>.+) where (?P<wanted>.+) was expected(?:\n|\Z)")
_GOT = re.compile(r"\A(?:AssertionError: )?assert (?P<got>.+?)(?: (?:==|is) (?P<wanted>.+))?(?:\n|\Z)")


@dataclass(frozen=True)
class Disputed:
    """An assertion `assert call == value`, or as much in JavaScript, that failed, and what the call gave."""

    test: str
    """Its id."""
    path: str
    line: int
    """From 1."""
    call: str
    got: str
    """A literal."""
    corrected: str
    """The assertion as it would pass, without its indentation."""


async def settled(work: Work) -> dict[str, str]:
    """Path -> test file with corrected expectations; empty when every test that failed is right, as far as is known."""
    wrong = [dispute for dispute in disputed(work) if await _is_wrong(work, dispute)]
    for dispute in wrong:
        log.info("%s: by the requirements %s should be %s", work.project, dispute.test, dispute.corrected)
    return corrected(work.staged, wrong)


def corrected(files: Mapping[str, str], disputes: Iterable[Disputed]) -> dict[str, str]:
    """Path -> test file in which these assertions expect what came, where that is another text."""
    changed: dict[str, list[str]] = {}
    for dispute in disputes:
        lines = changed.setdefault(dispute.path, files[dispute.path].split("\n"))
        old = lines[dispute.line - 1]
        lines[dispute.line - 1] = old[: len(old) - len(old.lstrip())] + dispute.corrected
    texts = {path: "\n".join(lines) for path, lines in changed.items()}
    return {path: text for path, text in texts.items() if text != files[path]}


async def _is_wrong(work: Work, dispute: Disputed) -> bool:
    """Whether the user's own example agrees with the program, or two answers do of a model that can judge."""
    if (told := stated_result(work, dispute)) is not None:
        return same(told, dispute.got)
    if not profile(work.model).judges:
        return False
    call = Call(_home(work, dispute.call), dispute.call, dispute.got)
    for number in range(2):
        said = await answer(work, call, number)
        if said is None or not said.startswith("gives ") or not same(dispute.got, said.removeprefix("gives ")):
            return False
    return True


def stated_result(work: Work, dispute: Disputed) -> str | None:
    """What the requirements themselves say of the call; None when they do not name it."""
    checks, _ = read_examples(work.acceptance, "ACCEPTANCE.md")
    return next((c.returns for c in checks if isinstance(c, Call) and c.stated and _alike(c.call, dispute.call)), None)


def _alike(one: str, other: str) -> bool:
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError, RecursionError):
        return False


def _home(work: Work, call: str) -> str:
    """The file that defines what is called."""
    name = re.escape(call.partition("(")[0].rpartition(".")[2])
    defines = re.compile(rf"\b(?:def|class|function\*?|const|let|var)\s+{name}(?![\w$])")
    code = (path for path in work.staged if path.endswith(CALLABLE) and not is_test(path))
    return next((path for path in code if defines.search(work.staged[path])), "the program")


def disputed(work: Work) -> Iterator[Disputed]:
    """The failing assertions in the feedback that compare one call with a literal, in files that no person changed."""
    for failure in _FAILURE.finditer(work.feedback):
        path, line = failure["path"], int(failure["line"])
        lines = work.staged.get(path, "").split("\n")
        came = got_of(failure["message"]) if _is_innermost(work.feedback, failure.end()) else None
        if not (is_test(path) and path not in work.edited and came and 0 < line <= len(lines)):
            continue
        if path.endswith(".py"):
            yield from _dispute(failure["test"], path, line, lines[line - 1].strip(), came)
        elif (said := comparison(lines[line - 1])) and literal(came, path) == came and not same(came, said.wanted):
            yield Disputed(failure["test"], path, line, said.call, came, said.expecting(came))


def _is_innermost(told: str, end: int) -> bool:
    """Whether no frame follows the one that ends at `end`: the assertion may be one of the program's own."""
    return not _FRAME.search(told[end:].partition("\n### ")[0])


def got_of(message: str) -> str | None:
    """What stood on the left of an assertion that failed; None when nobody says."""
    found = _GOT.match(message) or _GOT_JAVASCRIPT.match(message)
    return found["got"] if found else None


def _dispute(test: str, path: str, line: int, source: str, got: str) -> Iterator[Disputed]:
    try:
        (statement,) = ast.parse(source).body
        got_tree = ast.parse(got.removeprefix("not "), mode="eval").body
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return
    if not _is_known(got_tree) or not spelled(statement):
        return
    match statement.test if isinstance(statement, ast.Assert) and _is_fixed(statement.test) else None:
        case ast.Compare(left=ast.Call() as call, ops=[ast.Eq() | ast.Is()], comparators=[wanted]) if _is_known(wanted):
            yield Disputed(test, path, line, ast.unparse(call), got, f"assert {ast.unparse(call)} == {got}")
        case ast.Call() as call if got == "False":
            yield Disputed(test, path, line, ast.unparse(call), got, f"assert not {ast.unparse(call)}")
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call) if got.startswith("not "):
            yield Disputed(test, path, line, ast.unparse(call), "True", f"assert {ast.unparse(call)}")
        case _:
            return


def _is_known(tree: ast.expr) -> bool:
    """Whether it is a literal; one that was cut in its middle, as pytest does, is none."""
    try:
        ast.literal_eval(tree)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return False
    return "..." not in (spelled(tree) or "...")


def _is_fixed(test: ast.expr) -> bool:
    """Whether all that stands in it is known from the line alone: names are called, nothing else."""
    called = {id(node.func) for node in ast.walk(test) if isinstance(node, ast.Call)}
    return all(id(node) in called for node in ast.walk(test) if isinstance(node, ast.Name))
