"""What the requirements ask for by name: files that must be there, and programs that a test must have run.

Engineers' tests are written with the program, so what the program lacks they often lack as well: a program in one
file in place of three, whose command line nobody has ever tried, passed all of its own tests. A name leaves no room for
that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import PurePosixPath

from .examples import Call, ExampleResult

_FILE = r"[\w-]+(?:/[\w-]+)*\.(?:py|js|mjs|cjs|ts)\b"
_ITEM = re.compile(rf"^[ \t]*(?:[-*+•]|\d+[.)])[ \t]+`?(?P<path>{_FILE})`?[ \t]*[:(\u2013-]", re.MULTILINE)
"""`- reader.py: load(path) gives the entries`"""
_ASKED = re.compile(
    rf"\b(?:create|write|make|build|implement|need|want|module|program|script|library)\b[^.:;,\n]{{0,30}}?"
    rf"(?<![\w./-])`?(?P<path>{_FILE})",
    re.IGNORECASE,
)
"""`I want a small Python module bank.py`, `Please make grouping.py with ...`"""
_SUBJECT = re.compile(
    rf"(?:^|[.:;,][ \t]|\band[ \t])`?(?P<path>{_FILE})`?"
    r"(?::|[ \t](?:is|has|holds|contains|computes|does|gives|defines|exports)\b)",
    re.MULTILINE,
)
"""`grades.py is the program, statistics_of.py computes`, `calc.py: a function ...`"""
_COMMAND = re.compile(rf"(?<![\w.-])(?:python3?|node)[ \t]+`?(?P<path>{_FILE})")
"""`python expenses.py FILE prints ...`"""
_GIVEN = re.compile(
    r"\b(?:no|not|without|never|unlike|like|existing|given|instead of|such as|e\.g\.|for example|my|our|your|"
    r"reads?|parses?|imports?|generates|writes|creates|outputs)\b[^.:;\n]{0,40}$",
    re.IGNORECASE,
)
"""What stands before a name that is no file of the project, or none that has to be there."""
_JAVASCRIPT = frozenset({".js", ".mjs", ".cjs", ".ts"})
_PRODUCT = re.compile(
    r"[A-Z]\w*\.[jt]s|(?:node|next|vue|three|express|chart|discord|d3|p5|alpine|socket)\.js|(?:discord|web)\.py"
)
"""Libraries whose names look like files."""
_RUNS = re.compile(
    r"(?<!pytest\.)(?<!unittest\.)\bmain\b|\bcli\b|\bargv\b|\brunpy\b|\bcapsys\b|\bcapfd\b|\binvoke\(|[\"']-m[\"']|"
    r"\bsubprocess\.\w|from subprocess import|\bos\.system\b|\b(?:spawn|exec|fork)\w*\("
)
"""Ways to run a program from a test."""


def unkept(requirements: str, texts: Mapping[str, str], tests: Iterable[str], ran: Iterable[str]) -> list[str]:
    """A sentence for each named file that is absent, and each named program that nothing runs.

    `texts`: path -> content of all text files; `tests`: paths of the tests among them; `ran`: words of the commands of
    examples that were run.
    """
    commands = list(dict.fromkeys(_named(requirements, _COMMAND)))
    named = chain.from_iterable(_named(requirements, pattern) for pattern in (_ITEM, _ASKED, _SUBJECT))
    absent = [path for path in dict.fromkeys((*named, *commands)) if not _is_there(path, texts)]
    checks = "\n".join((*(texts[path] for path in tests if path in texts), *ran))
    idle = [path for path in commands if path not in absent and not _is_run(path, checks)]
    return [
        *(f"The requirements name the file {path}, which is not there" for path in absent),
        *(f"The requirements say how {path} is run, and no test or example runs it" for path in idle),
    ]


def words_of(examples: Iterable[ExampleResult]) -> Iterator[str]:
    """Of the commands that were run."""
    for result in examples:
        if not isinstance(result.example, Call):
            yield from result.example.run


def _named(requirements: str, pattern: re.Pattern[str]) -> Iterator[str]:
    for found in pattern.finditer(requirements):
        line = requirements[requirements.rfind("\n", 0, found.start("path")) + 1 : found.start("path")]
        if not (_GIVEN.search(line) or _PRODUCT.fullmatch(found["path"])):
            yield found["path"]


def _is_there(path: str, texts: Mapping[str, str]) -> bool:
    """Wherever it lies; JavaScript may come as a module or as TypeScript."""
    wanted = PurePosixPath(path)
    same = [other for other in map(PurePosixPath, texts) if other.stem == wanted.stem]
    return any(other.suffix == wanted.suffix or {other.suffix, wanted.suffix} <= _JAVASCRIPT for other in same)


def _is_run(path: str, checks: str) -> bool:
    return PurePosixPath(path).name in checks or bool(_RUNS.search(checks))
