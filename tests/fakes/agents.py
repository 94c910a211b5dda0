"""Agents and a provider that play a script: no model, no sandbox; all else of the daemon is real."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agents.base import Agent, Built, Outcome, Planned, Verified, Work
from providers import (
    Attempt,
    Completion,
    FinishReason,
    Health,
    Listener,
    Message,
    ReplyDegenerate,
    Request,
    Silent,
    Usage,
)


class ScriptedProvider:
    """Answers each request with `answer(request)`, after `seconds`; an exception in its place is raised."""

    def __init__(self, answer: Callable[[Request], str | Exception] = lambda _: "ok", seconds: float = 0.0) -> None:
        self.answer = answer
        self.seconds = seconds
        self.requests: list[Request] = []
        self.name = "scripted"
        self.model = "script-1"
        self.context_tokens = 16_384
        self.max_output_tokens = 4_096
        self.profile = "auto"
        self.closed = False

    async def complete(self, request: Request, listener: Listener | None = None) -> Completion:
        self.requests.append(request)
        answer = self.answer(request)
        await asyncio.sleep(self.seconds)
        if isinstance(answer, ReplyDegenerate):
            started = datetime.now(UTC)
            told = Attempt(
                "failed", self.name, self.model, started, 0.5, Usage(100, 10), 0.0, str(answer), True, "half of it"
            )
            (listener or Silent()).attempted(told)
        if isinstance(answer, Exception):
            raise answer
        return Completion(answer, FinishReason.STOP, Usage(100, 10), self.name, self.model, cost=0.0, seconds=0.5)

    async def health(self) -> Health:
        return Health(self.model)

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class ScriptedAgent:
    """Asks the model once, then returns `outcome(work)`."""

    provider: ScriptedProvider
    outcome: Callable[[Work], Outcome]
    works: list[Work] = field(default_factory=list)

    async def run(self, work: Work) -> Outcome:
        self.works.append(work)
        await work.model.complete([Message("user", work.requirements)], purpose="do")
        return self.outcome(work)


def verdict(score: float, *, passed: Sequence[str] = (), iteration: int = 1, cause: str = "") -> Verified:
    return Verified(
        report=f"# Report, iteration {iteration}\n\nScore: {score}/10\n",
        score=score,
        green=score >= 8,
        passed=frozenset(passed),
        failed=frozenset(),
        feedback=f"the score was {score}",
        cause=cause,
    )


@dataclass
class Trio:
    architect: ScriptedAgent
    engineer: ScriptedAgent
    verifier: ScriptedAgent

    @property
    def agents(self) -> tuple[Agent, Agent, Agent]:
        return self.architect, self.engineer, self.verifier


def trio(*, scores: Sequence[float] = (4.0, 9.0), seconds: float = 0.0) -> Trio:
    """Three agents whose Verifier gives `scores` in turn, iteration by iteration, the last for ever."""

    def plan(work: Work) -> Planned:
        checks = f"# Acceptance: {work.project}\n\n{work.requirements}\n"
        return Planned(f"# Plan for {work.project}\n\n{work.requirements}\n", checks)

    def build(work: Work) -> Built:
        return Built({"main.py": f"print({work.iteration})\n", "tests/test_main.py": "def test_x(): ...\n"}, raw="raw")

    def judge(work: Work) -> Verified:
        score = scores[min(work.iteration, len(scores)) - 1]
        return verdict(score, iteration=work.iteration)

    provider = ScriptedProvider(seconds=seconds)
    return Trio(
        ScriptedAgent(provider, plan),
        ScriptedAgent(provider, build),
        ScriptedAgent(provider, judge),
    )
