"""ACCEPTANCE.md: what the program must do, written down before there is any code, and never by whoever writes it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from agents.verification.examples import Call, Check, Example
from agents.verification.examples_judged import same
from agents.verification.examples_text import examples_block, read_examples

HELD_BACK = 3
"""Of the checks that count, each third is not shown to the Engineer."""
MOST_CHECKS = 20
_RAISED_BY_STUBS = frozenset({"", "Exception", "BaseException", "NotImplementedError", "Error", "TypeError"})
_GIVEN_BY_STUBS = frozenset({"None", "null", "undefined", ""})


def agreed(first: Iterable[Check], second: Iterable[Check]) -> tuple[Check, ...]:
    """The checks of the first sample; those that the second has not, with the same result, are only advisory.

    What a stub would pass too is left out.
    """
    others = {_question(check): check for check in second}
    found: dict[object, Check] = {}
    for check in filter(can_fail, first):
        other = others.get(_question(check))
        found.setdefault(_question(check), replace(check, advisory=other is None or not _agree(check, other)))
    return tuple(found.values())


def can_fail(check: Check) -> bool:
    """Whether a program without any content would fail it."""
    if isinstance(check, Example):
        return bool(check.exit or (check.stdout or "").strip())
    if not _reads(check):
        return False
    return check.raises not in _RAISED_BY_STUBS if check.returns is None else check.returns not in _GIVEN_BY_STUBS


def _reads(call: Call) -> bool:
    """Whether a call into Python parses, with a literal as its value; JavaScript is seen when it runs."""
    if not call.path.endswith(".py"):
        return True
    try:
        ast.parse("\n".join(call.setup))
        ast.parse(call.call, mode="eval")
        ast.literal_eval(call.returns or "0")
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _question(check: Check) -> tuple[str, ...]:
    return tuple("".join(word.split()) for word in check.question)


def _agree(one: Check, other: Check) -> bool:
    if isinstance(one, Call) and isinstance(other, Call):
        if one.returns is None or other.returns is None:
            return bool(one.raises) and one.raises == other.raises
        return same(one.returns, other.returns)
    if isinstance(one, Example) and isinstance(other, Example):
        return one.exit == other.exit and (one.stdout or "").split() == (other.stdout or "").split()
    return False


def chosen(stated: Sequence[Check], written: Sequence[Check]) -> tuple[Check, ...]:
    """What goes into the file: the user's own examples, then those that count, then the advisory ones; at most 20."""
    known = {_question(check) for check in stated}
    new = [check for check in written if _question(check) not in known]
    binding = _held_back(check for check in new if not check.advisory)
    return (*stated, *binding, *(check for check in new if check.advisory))[:MOST_CHECKS]


def _held_back(checks: Iterable[Check]) -> Iterator[Check]:
    for number, check in enumerate(checks, 1):
        yield replace(check, held_back=number % HELD_BACK == 0)


def render(project: str, checks: Sequence[Check]) -> str:
    """ACCEPTANCE.md; empty without checks."""
    if not checks:
        return ""
    return (
        f"# Acceptance: {project}\n\n"
        "What the finished program must do, written down before there was any code. Each check is run against every "
        "iteration. Edit them as you like; the agents do not.\n\n"
        "- `stated`: it stands so in the requirements.\n"
        "- `advisory`: a guess, about which two attempts did not agree. It is reported and does not count.\n"
        "- `held_back`: the Engineer does not see it.\n"
        "- `tried`: programs failed it so often that the requirements were asked again.\n\n"
        f"{examples_block(checks)}\n"
    )


def shown(acceptance: str) -> str:
    """What the Engineer is told: the checks that count, without those held back and those in the requirements."""
    checks, _ = read_examples(acceptance)
    return "\n".join(
        line for check in checks if not (check.held_back or check.stated or check.advisory) for line in _told(check)
    )


def _told(check: Check) -> Iterator[str]:
    if isinstance(check, Call):
        before = "; ".join((*check.setup, ""))
        yield f"- {check.path}: `{before}{check.call}` {'' if check.raises else 'returns '}{check.expected}"
    else:
        yield f"- `{' '.join(check.run)}` prints {check.stdout!r}, exit code {check.exit}"
