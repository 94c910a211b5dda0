"""A plan as a value, and how it is written down as PLAN.md. Reading one back is `outline.py`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from agents.answers.paths import looks_like_path, safe_path
from agents.answers.rejection import Rejected
from agents.requirements import Requirement
from agents.verification.examples import Check, Example
from agents.verification.examples_text import examples_block

_TEST = re.compile(
    r"(^|/)(test_[^/]+\.py|[^/]+_test\.(py|go)|[^/]+\.(test|spec)\.[cm]?[jt]sx?|test[-_][^/]+\.[cm]?js)$"
)
_PYTHONIC = re.compile(r"(?P<folder>^|.*/)test[-_](?P<name>[^/]+)\.(?P<suffix>[cm]?js)")
"""A JavaScript test that is named as if it were Python's."""


@dataclass(frozen=True)
class PlannedFile:
    """A file to be written."""

    path: str
    """Relative to the project, with `/`."""
    purpose: str = ""
    signatures: tuple[str, ...] = ()
    """What other files may use of it, one line each."""


@dataclass(frozen=True)
class Plan:
    """What the Architect decided."""

    name: str
    overview: str
    stack: str
    files: tuple[PlannedFile, ...]
    criteria: tuple[tuple[str, str], ...] = ()
    """(requirement id, what must hold)."""
    examples: tuple[Example, ...] = ()


def is_test(path: str) -> bool:
    """Whether a test runner would collect a file of this name."""
    return bool(_TEST.search(path))


def tidy(files: Iterable[PlannedFile]) -> tuple[PlannedFile, ...]:
    """Each safe path once, in the order given, tests last; a Python plan without tests gets a test file."""
    found: dict[str, PlannedFile] = {}
    for file in files:
        if path := _plain(_PYTHONIC.sub(r"\g<folder>\g<name>.test.\g<suffix>", file.path)):
            found.setdefault(path, replace(file, path=path))
    code = [path for path in found if path.endswith(".py") and not path.endswith("__init__.py")]
    if code and not any(map(is_test, found)):
        path = f"tests/test_{PurePosixPath(code[0]).stem.removeprefix('__').removesuffix('__')}.py"
        found[path] = PlannedFile(path, f"tests of `{code[0]}`")
    return tuple(sorted(found.values(), key=lambda file: is_test(file.path)))


def _plain(path: str) -> str | None:
    try:
        plain = safe_path(path.strip())
    except Rejected:
        return None
    return plain if looks_like_path(plain) else None


def complete_criteria(
    criteria: Sequence[tuple[str, str]], requirements: Sequence[Requirement]
) -> tuple[tuple[str, str], ...]:
    """At least one criterion for each requirement, in their order: its own words where the Architect had none."""
    by_id: dict[str, list[str]] = {requirement.id: [] for requirement in requirements}
    for wanted, text in criteria:
        if wanted in by_id and text.strip():
            by_id[wanted].append(_one_line(text))
    return tuple(
        (requirement.id, text)
        for requirement in requirements
        for text in by_id[requirement.id] or [_one_line(requirement.text)]
    )


def judge_examples(examples: Iterable[Example], requirements: Sequence[Requirement]) -> tuple[Example, ...]:
    """Examples with `advisory` set on those whose expected values are not the user's own words.

    A small model invents outputs; a wrong one that counted would hold the score down for ever.
    """
    return tuple(replace(example, advisory=not _is_binding(example, requirements)) for example in examples)


def _is_binding(example: Example, requirements: Sequence[Requirement]) -> bool:
    whole = "\n".join(requirement.text for requirement in requirements)
    if example.exit and not re.search(
        rf"\b(?:exit|code|status)\w*\b[^.\n]{{0,40}}\b{example.exit}\b", whole, re.IGNORECASE
    ):
        return False
    if _lacks_files(example):
        return False
    if example.stdout is None:
        return True
    expected = example.stdout.strip()
    if not expected or re.search(r"\b[A-Z]{2,}\b", expected):
        return False
    if len(expected) >= 4 and not re.fullmatch(r"[\d\s.,]+", expected):
        return expected in whole
    phrases = [text for text in (expected, " ".join(example.run[2:]), example.stdin.strip()) if text]
    return any(all(_stands_in(text, requirement.text) for text in phrases) for requirement in requirements)


def _lacks_files(example: Example) -> bool:
    """Whether a run that should succeed names a file which is not there."""
    named = [word for word in example.run[2:] if looks_like_path(word)]
    return example.exit == 0 and any(word not in example.files for word in named)


def _stands_in(phrase: str, text: str) -> bool:
    return bool(re.search(rf"(?<![\w.]){re.escape(phrase)}(?!\w|\.\d)", text))


def render(plan: Plan) -> str:
    """PLAN.md."""
    sections = [
        f"# Plan: {plan.name}",
        f"## Overview\n\n{plan.overview.strip()}",
        f"## Stack\n\n{plan.stack.strip()}",
        f"## Files\n\n{render_files(plan.files)}",
        render_criteria(plan.criteria),
    ]
    if plan.examples:
        sections.append(render_examples(plan.examples))
    return "\n\n".join(sections) + "\n"


def render_files(files: Iterable[PlannedFile]) -> str:
    """The list under `## Files`."""
    lines: list[str] = []
    for file in files:
        lines.append(f"- `{file.path}`: {_one_line(file.purpose)}".rstrip(": "))
        lines += [f"  - `{_one_line(signature)}`" for signature in file.signatures]
    return "\n".join(lines)


def render_criteria(criteria: Iterable[tuple[str, str]]) -> str:
    """The section on what must hold, one line each, which the Verifier checks."""
    return "## Acceptance criteria\n\n" + "\n".join(f"- {name}: {text}" for name, text in criteria)


def render_examples(examples: Iterable[Check]) -> str:
    """The section with the black-box examples, which the Verifier runs."""
    return (
        "## Examples\n\nEach is run against the finished program. "
        "One that is `advisory` is reported, but does not count against the score.\n\n" + examples_block(examples)
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
