"""Black-box examples: read from PLAN.md, judged outside the sandbox, so that code inside cannot forge them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from .box import Ended, Ran
from .text import clean, line

_BLOCK = re.compile(r"(?ims)^(`{3,}|~{3,})[ \t]*(?:json[ \t]+)?examples?[ \t]*$\n(.*?)^\1[`~]*[ \t]*$")
_KEYS = {"run", "stdin", "stdout", "exit", "name", "files", "requirement", "advisory"}
MAX_EXAMPLES = 20


@dataclass(frozen=True)
class Example:
    """One run of the program and what must come of it."""

    run: tuple[str, ...]
    stdin: str = ""
    stdout: str | None = None
    """None: any output will do."""
    exit: int = 0
    name: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path -> text, put into the working folder before the run."""
    requirement: str = ""
    """R1..Rn, or empty."""
    advisory: bool = False
    """What is expected is a guess: a mismatch is reported, and counts for nothing."""


@dataclass(frozen=True)
class ExampleResult:
    """What came of one example."""

    example: Example
    passed: bool
    problem: str = ""
    """What differs, in one sentence."""
    stdout: str = ""
    errors: str = ""
    """What else was printed: stderr, or all output when both came mixed."""
    exit_code: int | None = None
    note: str = ""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """It counts against the project."""
        return not self.passed and not self.example.advisory

    @property
    def id(self) -> str:
        return f"example: {self.example.name}"


def read_examples(plan: str) -> tuple[tuple[Example, ...], tuple[str, ...]]:
    """The examples of a plan, and a sentence for each entry that is none. Never raises."""
    examples: list[Example] = []
    problems: list[str] = []
    for block in _BLOCK.finditer(plan.replace("\r\n", "\n")):
        try:
            entries = json.loads(block[2])
        except (ValueError, RecursionError) as error:
            problems.append(f"PLAN.md: the examples block is no JSON: {error}; none of its examples was run")
            continue
        for entry in entries if isinstance(entries, list) else [entries]:
            number = len(examples) + len(problems) + 1
            read = _example(entry, number)
            examples.append(read) if isinstance(read, Example) else problems.append(f"PLAN.md: example {number} {read}")
    if len(examples) > MAX_EXAMPLES:
        problems.append(f"PLAN.md: only the first {MAX_EXAMPLES} of {len(examples)} examples were run")
    return tuple(examples[:MAX_EXAMPLES]), tuple(problems)


def _example(entry: Any, number: int) -> Example | str:
    """The example, or what is wrong with it."""
    if not isinstance(entry, dict):
        return "is not an object"
    run, files, stdout = entry.get("run"), entry.get("files") or {}, entry.get("stdout")
    if not (isinstance(run, list) and run and all(isinstance(word, str) and "\0" not in word for word in run)):
        return 'has no "run" list of words'
    if unknown := sorted(set(entry) - _KEYS):
        return f"has unknown keys: {', '.join(map(line, unknown))}"
    if not (isinstance(files, dict) and all(_safe(p) and isinstance(t, str) for p, t in files.items())):
        return 'has "files" that are not relative paths with text'
    if not (stdout is None or isinstance(stdout, str)) or not isinstance(entry.get("stdin") or "", str):
        return 'has "stdin" or "stdout" that is not text'
    code = entry.get("exit", 0)
    if isinstance(code, bool) or not isinstance(code, int):
        return 'has an "exit" that is not a whole number'
    return Example(
        run=tuple(run),
        stdin=entry.get("stdin") or "",
        stdout=stdout,
        exit=code,
        name=line(str(entry.get("name") or " ".join(run)), 80) or f"example {number}",
        files=dict(files),
        requirement=line(str(entry.get("requirement") or ""), 20),
        advisory=entry.get("advisory") is True,
    )


def _safe(path: Any) -> bool:
    if not isinstance(path, str) or not path or "\\" in path or "\0" in path or ":" in path:
        return False
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and parts.parts != ()


def judge(example: Example, ran: Ran) -> ExampleResult:
    """Compare what came out with what was to come out; exact first, then without trailing white space."""
    got = ran.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    problem, note = _compare(example, ran, got)
    return ExampleResult(
        example=example,
        passed=not problem,
        problem=problem,
        stdout=clean(got, 1500),
        errors=clean(ran.output, 1500),
        exit_code=ran.exit_code if ran.ended is Ended.EXITED else None,
        note=note,
        seconds=ran.seconds,
    )


def _compare(example: Example, ran: Ran, got: str) -> tuple[str, str]:
    if ran.ended is not Ended.EXITED:
        return f"ended by the sandbox after {ran.seconds:.1f} s: {ran.ended.value}", ""
    if ran.exit_code != example.exit:
        return f"exit code {ran.exit_code}, expected {example.exit}", ""
    if example.stdout is None or got == example.stdout:
        return "", ""
    if _trimmed(got) == _trimmed(example.stdout):
        return "", "differs in trailing white space only"
    return "stdout differs from what was expected", ""


def _trimmed(text: str) -> list[str]:
    return [part.rstrip() for part in text.rstrip().split("\n")]
