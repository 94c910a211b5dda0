"""Puts a check on trial that program after program fails: is it the programs that are wrong, or the check?

The requirements are asked again, twice, without the code and without the result that the check expects. Only when both
answers agree with each other and not with the check, it is set aside: it becomes advisory, in ACCEPTANCE.md too, with
the reason beside it. What the user stated is never on trial.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from agents.acceptance import render
from agents.answers import Rejected, read_json
from agents.base import Work
from agents.context import Section, answer_room
from agents.json_shapes import closed_object
from agents.prompts import prompt
from agents.verification.examples import Call, Check, Example
from agents.verification.examples_judged import same
from agents.verification.examples_text import read_examples
from providers import Message

PROGRAMS = 3
"""Different programs that fail a check before it is doubted."""
_ANSWER_TOKENS = 400
_TEMPERATURES = (0.2, 0.7)
_KEYS = ("steps", "returns", "raises")
_NAME = re.compile(r"[A-Za-z_]\w*")


def doubtful(checks: Iterable[Check], failed: Iterable[str], before: Mapping[str, int]) -> list[Check]:
    """The checks that failed now, and in enough programs before, and were not tried yet."""
    names = set(failed)
    return [
        check
        for check in checks
        if check.id in names
        and _can_be_told(check)
        and not (check.stated or check.advisory or check.tried)
        and before.get(check.id, 0) + 1 >= PROGRAMS
    ]


def _can_be_told(check: Check) -> bool:
    """Whether the question that is put has what the check expects as its answer: an exit code alone is never told."""
    return isinstance(check, Call) or (check.exit == 0 and check.stdout is not None)


async def tried(work: Work, checks: Iterable[Check]) -> dict[str, Check]:
    """Id -> the check as it stands after its trial: advisory, or as before; either way it is not tried again."""
    return {check.id: await _verdict(work, check) for check in checks}


async def _verdict(work: Work, check: Check) -> Check:
    answers = [await answer(work, check, number) for number in range(len(_TEMPERATURES))]
    said = answers[0]
    agree = said is not None and answers[1] is not None and _same(check, said, answers[1])
    if said is None or not agree or _same(check, said, _expected(check)):
        return replace(check, tried=f"iteration {work.iteration}: it stands")
    reason = f"iteration {work.iteration}: by the requirements it {said}, so it no longer counts"
    return replace(check, tried=reason, advisory=True)


def _expected(check: Check) -> str:
    if isinstance(check, Call):
        return f"raises {check.raises}" if check.raises else f"gives {check.returns}"
    return f"gives {check.stdout or ''}"


def _same(check: Check, one: str, other: str) -> bool:
    """Whether two answers do not contradict each other. Models leave out quotation marks, and name messages too."""
    if isinstance(check, Example):
        return one.split() == other.split()
    kind, _, value = one.partition(" ")
    other_kind, _, other_value = other.partition(" ")
    if kind != other_kind:
        return False
    return (
        _akin(value, other_value)
        if kind == "raises"
        else same(value, other_value) or _bare(value) == _bare(other_value)
    )


def _bare(value: str) -> str:
    try:
        read = ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        read = value
    return read.strip() if isinstance(read, str) else value.strip()


def _akin(one: str, other: str) -> bool:
    """Whether one exception is the other or a base of it, as far as their names tell."""
    kinds = [_NAME.findall(text.partition("(")[0].partition(": ")[0])[-1:] for text in (one, other)]
    first, second = (getattr(builtins, kind[0], None) if kind else None for kind in kinds)
    if isinstance(first, type) and isinstance(second, type):
        return issubclass(first, second) or issubclass(second, first)
    return kinds[0] == kinds[1]


async def answer(work: Work, check: Check, number: int) -> str | None:
    """What the requirements say of a check, by sample `number`, 0 or 1.

    `gives VALUE` or `raises NAME`; None when the requirements do not say, or the answer cannot be read.
    """
    messages = _messages(work, check)
    completion = await work.model.complete(
        messages,
        purpose="trial",
        schema=closed_object(**{name: {"type": "string", "maxLength": 600} for name in _KEYS}),
        max_output_tokens=answer_room(messages, work.model.context_tokens, _ANSWER_TOKENS),
        temperature=_TEMPERATURES[number],
        seed=number + 1,
    )
    try:
        answer = read_json(completion.text, finish=completion.finish, keys=("returns", "raises"))
    except Rejected:
        return None
    returns, raises = answer["returns"], answer["raises"]
    if not isinstance(returns, str) or not isinstance(raises, str) or bool(returns) == bool(raises):
        return None
    return f"raises {raises}" if raises else f"gives {returns}"


def _messages(work: Work, check: Check) -> list[Message]:
    if isinstance(check, Call):
        lines = "\n".join((*check.setup, check.call))
        question = f"What does the last line give, with what {check.path} defines?\n\n```\n{lines}\n```"
    else:
        given = f" Its input is:\n\n```\n{check.stdin}\n```" if check.stdin else ""
        question = f"What does `{' '.join(check.run)}` print?{given}"
    sections = [Section("Requirements", work.requirements), Section("Question", question)]
    return [Message("system", prompt("trial")), Message("user", "\n".join(map(str, sections)))]


def amended(acceptance: str, project: str, verdicts: Mapping[str, Check]) -> str:
    """ACCEPTANCE.md with the verdicts in it."""
    checks, _ = read_examples(acceptance, "ACCEPTANCE.md")
    return render(project, [verdicts.get(check.id, check) for check in checks])
