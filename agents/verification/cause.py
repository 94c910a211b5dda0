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
_PLACE = re.compile(r"\((?P<path>[^()]+), line \d+\)$")
_LONGEST = 200


def cause(evidence: Evidence) -> str:
    """The phase that failed, else the first error of the code, else what the most urgent test found.

    Then what the requirements ask for by name; empty when all that holds.
    """
    for phase in evidence.phases:
        if phase.status is Status.FAILED and phase.name in {"environment", "build"}:
            return line(f"{phase.name} failed: {phase.summary}", _LONGEST)
    told = [_of(test) for test in failing(evidence)]
    return next((each for each in told if _CRASH.match(each)), next(iter((*told, *evidence.unkept)), ""))


def _of(test: Case) -> str:
    if printed := _TRACEBACK.findall(test.output):
        path, number, said = printed[-1]
        return _placed(said, path.rpartition("/job/")[2], number)
    frame = test.frames[-1] if test.frames else None
    said = test.message.partition("\n")[0] or test.id
    return _placed(said, frame.path, frame.line) if frame else line(said, _LONGEST)


def _placed(said: str, path: str, number: object) -> str:
    place = f" ({line(path, _LONGEST // 2)}, line {number})"
    return line(said, _LONGEST - len(place)) + place


def breaks_down(told: str) -> bool:
    """Whether it is an error of the code, or of building it, and no value that is wrong."""
    return bool(_CRASH.match(told))


def broken_file(told: str) -> str:
    """Path of the file in which the code broke down; empty when it did not, or nobody knows where."""
    place = _PLACE.search(told) if breaks_down(told) else None
    return place["path"] if place else ""


def gets_further(now: str, before: str, seen: Iterable[str] = ()) -> bool:
    """Whether code that broke down does so no longer, or with an error that is new; one in another line is not."""
    return breaks_down(before) and _error(now) not in {_error(before), *map(_error, seen)}


def _error(told: str) -> str:
    """Without its place, and what differs from run to run."""
    return re.sub(r"0x[0-9a-f]+|\d+", "0", _PLACE.sub("", told))


def crashes(causes: Iterable[str]) -> list[str]:
    """Those in which the code broke down, each once.

    A difference from what a test expects is left out: with small models it is often the test that is wrong.
    """
    return [told for told in dict.fromkeys(causes) if _CRASH.match(told)]
