"""Writes the acceptance checks: one question, put twice, to a model that has seen no code because there is none."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from agents.acceptance import agreed, chosen, render
from agents.answers import Rejected, read_json
from agents.base import Work
from agents.context import Section, answer_room, fit, room
from agents.json_shapes import closed_object, dicts
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
        log.info("%s: no acceptance checks could be read: %s", work.project, rejected)
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
    for item in dicts(value.get("calls")):
        path, call = item.get("path"), item.get("call")
        raises, returns = _text(item.get("raises")), _text(item.get("returns"))
        if _text(path).endswith(CALLABLE) and _text(call) and bool(raises) != bool(returns):
            setup = tuple(_text(line) for line in item.get("setup") or () if _text(line))
            name = "; ".join((*setup, _text(call)))[:80]
            yield Call(_text(path), _text(call), returns or None, raises, setup, name, _text(item.get("requirement")))
    for item in dicts(value.get("runs")):
        run, code = item.get("run"), item.get("exit")
        if isinstance(run, list) and run and all(isinstance(word, str) for word in run):
            exit_code = code if isinstance(code, int) and not isinstance(code, bool) else 0
            stdout = item.get("stdout") if isinstance(item.get("stdout"), str) else None
            yield Example(
                tuple(run),
                stdin=item["stdin"] if isinstance(item.get("stdin"), str) else "",
                stdout=stdout if exit_code == 0 else None,
                exit=exit_code,
                name=" ".join(run)[:80],
                requirement=_text(item.get("requirement")),
            )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _schema() -> dict[str, Any]:
    text = {"type": "string", "maxLength": 300}
    lines = {"type": "array", "items": text, "maxItems": 6}
    call = closed_object(path=text, setup=lines, call=text, returns=text, raises=text, requirement=text)
    words = {"type": "array", "items": text, "minItems": 1, "maxItems": 10}
    run = closed_object(run=words, stdin=text, stdout=text, exit={"type": "integer"}, requirement=text)
    return closed_object(
        calls={"type": "array", "items": call, "maxItems": 10}, runs={"type": "array", "items": run, "maxItems": 4}
    )
