"""Turns requirements into PLAN.md, and into ACCEPTANCE.md before there is any code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from agents.base import Planned, UnusableReply, Work
from agents.context import Section, answer_room, fit, room
from agents.json_shapes import closed_object
from agents.plan_reply import NoPlan, plan_from
from agents.prompts import prompt
from agents.requirements import Requirement, number
from agents.tester import write_acceptance
from agents.tiers import Profile, profile
from providers import Message, Provider

Acceptance = Literal["auto", "always", "never"]

_ANSWER_TOKENS = 3000
_TEMPERATURES = (0.2, 0.5)


class Architect:
    """Plans in one call, and asks once more when the answer is no plan; two more write down the acceptance checks."""

    def __init__(self, provider: Provider, acceptance: Acceptance = "auto") -> None:
        """`acceptance`: whether the model is asked for acceptance checks; `auto`: when it is not a small one."""
        self._provider = provider
        self._acceptance: Acceptance = acceptance

    @property
    def provider(self) -> Provider:
        return self._provider

    async def run(self, work: Work) -> Planned:
        """Raises UnusableReply when the second answer is no plan either."""
        requirements = number(work.requirements)
        messages = _messages(work, requirements)
        problem = raw = ""
        for temperature in _TEMPERATURES:
            completion = await work.model.complete(
                messages,
                purpose="retry" if problem else "plan",
                schema=plan_schema(profile(work.model)),
                max_output_tokens=answer_room(messages, work.model.context_tokens, _most_tokens(work)),
                temperature=temperature,
            )
            raw = completion.text
            try:
                plan = plan_from(raw, completion.finish, work.project, requirements, invents=_invents(work))
                asks = self._acceptance == "always" or (self._acceptance == "auto" and _invents(work))
                return Planned(plan, await write_acceptance(work, plan, requirements, asks=asks))
            except NoPlan as no_plan:
                problem = str(no_plan)
                messages = _again(messages, raw, problem)
        raise UnusableReply(f"The Architect's answer is no plan, also when asked again. {problem}", raw)


def _invents(work: Work) -> bool:
    return profile(work.model).invents


def _most_tokens(work: Work) -> int:
    return min(_ANSWER_TOKENS, work.model.max_output_tokens)


def _messages(work: Work, requirements: Sequence[Requirement]) -> list[Message]:
    system = prompt("architect" if _invents(work) else "architect_small")
    numbers = (
        "\n".join(f"{requirement.id}: {requirement.text}" for requirement in requirements) if _invents(work) else ""
    )
    sections = [
        Section("Requirements", work.requirements),
        Section("The same, numbered", numbers, rank=1),
        Section("Hints from the user", work.notes, rank=2),
        Section("Task", "Write the plan as one JSON object."),
    ]
    tokens = room(system, work.model.context_tokens, min(_most_tokens(work), work.model.context_tokens // 3))
    return [Message("system", system), Message("user", fit(sections, tokens).text)]


def _again(messages: Sequence[Message], answer: str, problem: str) -> list[Message]:
    """The same question with the bad answer's beginning and what was wrong with it."""
    first = [*messages[:2]]
    return [
        *first,
        Message("assistant", answer[:1000] or "(nothing)"),
        Message("user", f"{problem} Write the plan now."),
    ]


def plan_schema(profile: Profile) -> dict[str, Any]:
    """What a plan looks like as JSON; everything is bounded, so that a small model comes to an end."""
    overview = {"type": "string", "maxLength": 1200}
    text = {"type": "string", "maxLength": 300}
    path = {"type": "string", "maxLength": 80}
    file = closed_object(path=path, purpose=text, signatures={"type": "array", "items": text, "maxItems": 10})
    files = {"type": "array", "items": file, "minItems": 1, "maxItems": profile.max_files}
    if not profile.invents:
        return closed_object(overview=overview, files=files)
    beside = closed_object(path=path, content={"type": "string", "maxLength": 600})
    example = closed_object(
        name=text,
        run={"type": "array", "items": text, "minItems": 1, "maxItems": 10},
        stdin=text,
        stdout={"type": "string", "maxLength": 600},
        exit={"type": "integer", "minimum": 0, "maximum": 255},
        files={"type": "array", "items": beside, "maxItems": 2},
        requirement=path,
    )
    return closed_object(
        overview=overview,
        stack=text,
        files=files,
        criteria={"type": "array", "items": closed_object(requirement=path, text=text), "maxItems": 40},
        examples={"type": "array", "items": example, "maxItems": 4},
    )
