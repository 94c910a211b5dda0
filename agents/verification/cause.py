"""What a round failed of, in one line: what the next one, which sees none of it, should know."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .evidence import Case, Evidence, Status
from .feedback import failing
from .text import line

_CRASH = re.compile(r"(?!AssertionError)(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception)\b|(?:build|environment) failed: ")
_TRACEBACK = re.compile(
    r'^Traceback \(most recent call last\):\n(?:.*\n)*?  File "([^"\n]+)", line (\d+).*\n(?:    .*\n)*([A-Z][\w.]*.*)$',
    re.MULTILINE,
)
"""Of a program that a test has started: its last place, and its error."""
_LONGEST = 200


def cause(evidence: Evidence) -> str:
    """The phase that failed, else the error or difference of the most urgent test; empty when no test failed."""
    for phase in evidence.phases:
        if phase.status is Status.FAILED and phase.name in {"environment", "build"}:
            return line(f"{phase.name} failed: {phase.summary}", _LONGEST)
    tests = failing(evidence)
    return _of(tests[0]) if tests else ""


def _of(test: Case) -> str:
    if printed := _TRACEBACK.findall(test.output):
        path, number, said = printed[-1]
        return line(f"{said} ({path.rpartition('/job/')[2]}, line {number})", _LONGEST)
    said = line(test.message.partition("\n")[0] or test.id, _LONGEST)
    frame = test.frames[-1] if test.frames else None
    return f"{said} ({frame.path}, line {frame.line})" if frame else said


def crashes(causes: Iterable[str]) -> list[str]:
    """Those in which the code broke down, each once.

    A difference from what a test expects is left out: with small models it is often the test that is wrong.
    """
    return [told for told in dict.fromkeys(causes) if _CRASH.match(told)]
