"""Reads the Architect's answer: JSON as asked for, or a plan in Markdown from a model that ignored the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from agents.answers import Rejected, read_json
from agents.answers.thinking import without_thinking
from agents.json_shapes import dicts, one_line, strings, verbatim, whole_number
from agents.outline import complete, read_plan
from agents.plan import Plan, PlannedFile, complete_criteria, judge_examples, render, tidy
from agents.requirements import Requirement
from agents.verification.examples import Example

_WANTED = 'Wanted is one JSON object as described, with the list "files", and nothing else.'
_LEAST_CHARACTERS = 120
_HEADING_OR_ITEM = re.compile(r"^(?:#{1,6} |\s*(?:[-*+]|\d+[.)])\s)", re.MULTILINE)


class NoPlan(Exception):
    """The answer is no plan; the text says what came and what is wanted, and goes back to the model."""


def plan_from(
    answer: str, finish: str, project: str, requirements: Sequence[Requirement], *, invents: bool = True
) -> str:
    """PLAN.md from the model's answer. Without `invents` only signatures that the requirements name are kept.

    Raises NoPlan.
    """
    if finish != "stop":
        raise NoPlan(f"The answer was cut off (finish reason '{finish}'). Keep every text shorter.")
    try:
        text = without_thinking(answer).strip()
    except Rejected as rejected:
        raise NoPlan(rejected.sentence) from rejected
    try:
        plan = _plan(read_json(text, keys=("files",)), project, requirements)
        return render(plan if invents else _without_inventions(plan, requirements))
    except Rejected:
        if _is_markdown_plan(text):
            return complete(_unwrapped(text), requirements)
    shown = text if len(text) <= 200 else f"{text[:200]} ..."
    raise NoPlan(f"Received {shown!r}, which is no plan. {_WANTED}" if text else f"Received nothing. {_WANTED}")


def _is_markdown_plan(text: str) -> bool:
    """It has headings or lists and names files; a bare listing of code has neither."""
    return len(text) >= _LEAST_CHARACTERS and len(_HEADING_OR_ITEM.findall(text)) >= 3 and bool(read_plan(text))


def _unwrapped(text: str) -> str:
    """The plan without a fence around the whole of it."""
    match = re.fullmatch(r"(?P<marks>`{3,})(?:markdown|md)?\s*\n(?P<body>.*)\n(?P=marks)", text, re.DOTALL)
    return match["body"] if match else text


def _plan(value: dict[str, Any], project: str, requirements: Sequence[Requirement]) -> Plan:
    files = tidy(_files(value["files"]))
    if not files:
        raise NoPlan(f'No entry of "files" has a usable path. {_WANTED}')
    examples = (example for example in map(_example, dicts(value.get("examples"))) if example.run)
    return Plan(
        name=project,
        overview=one_line(value.get("overview")) or requirements[0].text,
        stack=one_line(value.get("stack")) or _stack(files),
        files=files,
        criteria=complete_criteria(list(_criteria(value.get("criteria"))), requirements),
        examples=_once(judge_examples(examples, requirements)),
    )


def _without_inventions(plan: Plan, requirements: Sequence[Requirement]) -> Plan:
    whole = " ".join(requirement.text for requirement in requirements)
    words = set(re.findall(r"\w+(?=\()|(?<=function )\w+|(?<=method )\w+|(?<=class )\w+", whole))
    return replace(
        plan,
        files=tuple(
            replace(file, signatures=tuple(line for line in file.signatures if words & _defined(line)))
            for file in plan.files
        ),
    )


def _defined(signature: str) -> set[str]:
    """The name that a signature defines."""
    return set(re.findall(r"(?:(?:def|class|function|func|fn)\s+)?(\w+)\s*(?:\(|:|$)", signature)[:1])


def _stack(files: Sequence[PlannedFile]) -> str:
    if any(file.path.endswith(".py") for file in files):
        return "Python, standard library, pytest"
    if any(file.path.endswith((".js", ".mjs", ".ts")) for file in files):
        return "JavaScript for Node.js, node:test"
    return "As the requirements say"


def _files(value: Any) -> Iterator[PlannedFile]:
    for item in value if isinstance(value, list) else []:
        if isinstance(item, str):
            yield PlannedFile(item)
        elif isinstance(item, dict):
            path = one_line(item.get("path") or item.get("name") or item.get("file"))
            purpose = one_line(item.get("purpose") or item.get("description"))
            yield PlannedFile(path, purpose, tuple(strings(item.get("signatures"))))


def _criteria(value: Any) -> Iterator[tuple[str, str]]:
    for item in dicts(value):
        yield one_line(item.get("requirement")), one_line(item.get("text"))


def _example(item: dict[str, Any]) -> Example:
    run = tuple(strings(item.get("run")))
    stdout = verbatim(item.get("stdout"))
    return Example(
        name=one_line(item.get("name")) or " ".join(run),
        run=tuple(run[0].split()) if len(run) == 1 else run,
        stdin=verbatim(item.get("stdin")),
        stdout=stdout if stdout.strip() else None,
        exit=whole_number(item.get("exit")),
        files=_example_files(item.get("files")),
        requirement=one_line(item.get("requirement")),
    )


def _example_files(value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        return {path: content for path, content in value.items() if isinstance(content, str)}
    entries = ((one_line(item.get("path")), str(item.get("content", ""))) for item in dicts(value))
    return {path: content for path, content in entries if path}


def _once(examples: Sequence[Example]) -> tuple[Example, ...]:
    """Without repeated runs; two that disagree are both only advice."""
    by_run: dict[tuple[object, ...], Example] = {}
    for example in examples:
        key = (example.run, example.stdin, tuple(sorted(example.files.items())))
        first = by_run.setdefault(key, example)
        if (first.stdout, first.exit) != (example.stdout, example.exit):
            by_run[key] = replace(first, advisory=True)
    return tuple(by_run.values())
