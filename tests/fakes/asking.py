"""Agents that ask a real provider once each and take whatever it says: all of the product but models and sandboxes."""

from __future__ import annotations

from collections.abc import Callable, MutableSequence, Sequence
from dataclasses import dataclass, field

from agents.base import Agent, AgentError, Built, Outcome, Planned, Verified, Work
from providers import FinishReason, Message, Provider

Scores = Callable[[Work], float]


def in_turn(scores: Sequence[float]) -> Scores:
    """The score of each iteration, the last one for ever."""
    return lambda work: scores[min(work.iteration, len(scores)) - 1]


def accepted(work: Work) -> float:
    """The first iteration is good enough."""
    return 9.0


@dataclass
class Asking:
    """One role. What it delivers follows from the iteration and the requirements alone."""

    provider: Provider
    role: str
    """Architect, Engineer or Verifier."""
    score: Scores = accepted
    works: MutableSequence[Work] = field(default_factory=list)

    async def run(self, work: Work) -> Outcome:
        self.works.append(work)
        await self._ask(work)
        match self.role:
            case "Architect":
                return Planned(f"# Plan: {work.project}\n\n{work.requirements}\n")
            case "Engineer":
                test = "def test_it():\n    assert True\n"
                return Built({"main.py": f"print({work.iteration})\n", "tests/test_main.py": test}, raw="raw")
            case _:
                return self._verdict(work)

    async def _ask(self, work: Work) -> None:
        """Any whole answer will do; noise is asked about once more."""
        told = [Message("system", f"You are the {self.role}."), Message("user", work.requirements)]
        for purpose in (self.role.lower(), "again"):
            answer = await work.model.complete(told, purpose=purpose)
            if answer.finish is not FinishReason.DEGENERATE:
                return
        raise AgentError("the model's answers turned into noise; touch the last trigger file to try again")

    def _verdict(self, work: Work) -> Verified:
        score = self.score(work)
        report = f"# Report, iteration {work.iteration}\n\nScore: {score}/10\n"
        return Verified(report, score, score >= 8, frozenset({"t"}), frozenset(), f"the score was {score}")


def crew(planner: Provider, coder: Provider | None = None, score: Scores = accepted) -> tuple[Agent, Agent, Agent]:
    """Architect, Engineer and Verifier; `coder` is the Engineer's provider when it is not everybody's."""
    return (
        Asking(planner, "Architect"),
        Asking(coder or planner, "Engineer"),
        Asking(planner, "Verifier", score),
    )
