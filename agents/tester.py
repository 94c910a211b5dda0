"""Writes the acceptance checks: one question, put twice, to a model that has seen no code because there is none."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from agents.acceptance import agreed, chosen, render
from agents.answers import Rejected, read_json
from agents.base import Work
from agents.context import Section, answer_room, fit, room
from agents.json_shapes import closed_object, dicts, trimmed, verbatim, whole_number
from agents.outline import read_plan
from agents.plan import PlannedFile
from agents.prompts import prompt
from agents.requirements import Requirement
from agents.stated import stated
from agents.verification.examples import CALLABLE, Call, Check, Example
from providers import Message

_ANSWER_TOKENS = 2000
_TEMPERATURES = (0.2, 0.7)
"""Of the two samples; what both say was hardly guessed."""

log = logging.getLogger(__name__)


async def write_acceptance(work: Work, plan: str, requirements: Sequence[Requirement], *, asks: bool) -> str:
    """ACCEPTANCE.md; empty when nothing can be checked so. Without `asks` only what the requirements themselves say."""
    files = read_plan(plan)
    written: tuple[Check, ...] = ()
    if asks and any(file.path.endswith(CALLABLE) for file in files):
        messages = _messages(work, files, requirements)
        first = await _sample(work, messages, 0)
        written = agreed(first, await _sample(work, messages, 1)) if first else ()
    return render(work.project, chosen(stated(requirements, files), written))


async def _sample(work: Work, messages: Sequence[Message], number: int) -> list[Check]:
    """One answer; empty when it cannot be read. A check less is no reason to stop the project."""
    completion = await work.model.complete(
        messages,
        purpose="acceptance",
        schema=_schema(),
        max_output_tokens=answer_room(messages, work.model.context_tokens, _most_tokens(work)),
        temperature=_TEMPERATURES[number],
        seed=number + 1,
    )
    try:
        return list(_checks(read_json(completion.text, finish=completion.finish, keys=("calls",))))
    except Rejected as rejected:
        log.info("%s: an answer brought no acceptance checks: %s", work.project, rejected.received)
        return []


def _most_tokens(work: Work) -> int:
    return min(_ANSWER_TOKENS, work.model.max_output_tokens, work.model.context_tokens // 3)


def _messages(work: Work, files: Sequence[PlannedFile], requirements: Sequence[Requirement]) -> list[Message]:
    system = prompt("tester")
    interface = "\n".join(
        "\n".join((f"- {file.path}: {file.purpose}", *(f"  - {line}" for line in file.signatures)))
        for file in files
        if file.path.endswith(CALLABLE)
    )
    sections = [
        Section("Requirements", "\n".join(f"{requirement.id}: {requirement.text}" for requirement in requirements)),
        Section("Planned files", interface),
        Section("Hints from the user", work.notes, rank=1),
        Section("Task", "Write the checks as one JSON object."),
    ]
    tokens = room(system, work.model.context_tokens, _most_tokens(work))
    return [Message("system", system), Message("user", fit(sections, tokens).text)]


def _checks(value: dict[str, Any]) -> Iterator[Check]:
    calls = map(_call, dicts(value.get("calls")))
    runs = map(_run, dicts(value.get("runs")))
    return filter(None, chain[Check | None](calls, runs))


def _call(item: dict[str, Any]) -> Call | None:
    """None for what can be no call with one result."""
    path, call = trimmed(item.get("path")), trimmed(item.get("call"))
    raises, returns = trimmed(item.get("raises")), trimmed(item.get("returns"))
    if not (path.endswith(CALLABLE) and call and bool(raises) != bool(returns)):
        return None
    setup = tuple(line for line in map(trimmed, item.get("setup") or ()) if line)
    name = "; ".join((*setup, call))[:80]
    requirement = trimmed(item.get("requirement"))
    return Call(path, call, returns or None, raises, setup, name=name, requirement=requirement)


def _run(item: dict[str, Any]) -> Example | None:
    """None for what can be no command. What is printed on the way to an error is not compared."""
    run, stdout, code = item.get("run"), item.get("stdout"), whole_number(item.get("exit"))
    if not (isinstance(run, list) and run and all(isinstance(word, str) for word in run)):
        return None
    return Example(
        tuple(run),
        stdin=verbatim(item.get("stdin")),
        stdout=stdout if isinstance(stdout, str) and code == 0 else None,
        exit=code,
        name=" ".join(run)[:80],
        requirement=trimmed(item.get("requirement")),
    )


def _schema() -> dict[str, Any]:
    text = {"type": "string", "maxLength": 300}
    lines = {"type": "array", "items": text, "maxItems": 6}
    call = closed_object(path=text, setup=lines, call=text, returns=text, raises=text, requirement=text)
    words = {"type": "array", "items": text, "minItems": 1, "maxItems": 10}
    run = closed_object(run=words, stdin=text, stdout=text, exit={"type": "integer"}, requirement=text)
    return closed_object(
        calls={"type": "array", "items": call, "maxItems": 10}, runs={"type": "array", "items": run, "maxItems": 4}
    )
