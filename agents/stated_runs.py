"""Commands whose output stands in the requirements: `` `python greet.py Ada` prints `Hello, Ada` ``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from agents.answers.paths import looks_like_path
from agents.plain_words import is_plain
from agents.plan import PlannedFile
from agents.requirements import Requirement
from agents.verification.examples import Example

_COMMAND = re.compile(
    r"`(?P<run>(?:python3?|node) [\w./-]{1,100}\.(?:py|js|mjs|cjs)(?: [^`]{0,200})?)`\s{1,3}"
    r"(?:prints|outputs|shows|writes)\s{1,3}(?:just |only |exactly )?`(?P<out>[^`]{1,300})`"
)
_RUN_END = re.compile(r"\s{0,3}(?:$|\.(?!\w)|\n|;|(?:,|and|, and) `(?:python|node))")
_PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b|\b[A-Z]\b|<[A-Za-z]|\.\.\.|\[[A-Za-z-]|[|*?$~;&\\]")


def stated_runs(requirement: Requirement, files: Sequence[PlannedFile]) -> Iterator[Example]:
    """Runs whose whole output is given. One that needs a file is left out: nobody says what is in it."""
    planned = {file.path for file in files}
    for match in _COMMAND.finditer(requirement.text):
        (interpreter, script, *words), out = _words(match["run"]), match["out"]
        vague = _PLACEHOLDER.search(" ".join((*words, out))) or any(map(looks_like_path, words))
        vague = vague or not is_plain(requirement.text, match.start(), match.end())
        if script in planned and not vague and _RUN_END.match(requirement.text, match.end()):
            run = (interpreter, script, *words)
            yield Example(run, stdout=f"{out}\n", name=match["run"][:80], requirement=requirement.id, stated=True)


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()
