"""How a call was put stands in the journal, and `logs` shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from agents.base import Outcome, Work
from orchestrator.call_log import conversation, entries
from providers import Completion, Listener, Message, Request, Sampling
from tests.fakes.agents import ScriptedAgent, ScriptedProvider, trio
from tests.fakes.daemon import daemon, drop


class Seeded(ScriptedProvider):
    """One whose settings have a seed and a temperature."""

    async def complete(self, request: Request, listener: Listener | None = None) -> Completion:
        return replace(await super().complete(request, listener), sampling=Sampling(0.1, 42, False, 4096))


@dataclass
class Particular(ScriptedAgent):
    """Asks with a temperature, a seed and without thinking."""

    async def run(self, work: Work) -> Outcome:
        words = [Message("user", "x")]
        await work.model.complete(words, temperature=0.2, seed=7, thinking=False, max_output_tokens=90)
        return self.outcome(work)


async def test_temperature_seed_and_thinking_of_a_call_are_kept_and_shown(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    agents = trio(scores=(9.0,))
    agents.architect = Particular(agents.architect.provider, agents.architect.outcome)
    assert await daemon(tmp_path, agents).run(until_idle=True) == 0
    first, second, *_ = entries(tmp_path / "x")
    assert (first.temperature, first.seed, first.thinking, first.max_output_tokens) == (0.2, 7, False, 90)
    headings = [heading for heading, _ in conversation(tmp_path / "x", first)]
    assert headings[0] == "call 1: the prompt (temperature 0.2, seed 7, thinking off, at most 90 tokens)"
    assert next(heading for heading, _ in conversation(tmp_path / "x", second)) == "call 2: the prompt"


async def test_what_the_providers_settings_made_of_a_call_is_kept(tmp_path: Path) -> None:
    drop(tmp_path, "x")
    agents = trio(scores=(9.0,))
    agents.architect = ScriptedAgent(Seeded(), agents.architect.outcome)
    assert await daemon(tmp_path, agents).run(until_idle=True) == 0
    first = next(iter(entries(tmp_path / "x")))
    assert (first.temperature, first.seed, first.thinking, first.max_output_tokens) == (0.1, 42, False, 4096)
