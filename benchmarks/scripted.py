"""A daemon whose agents ask a real server once each and take whatever comes: all of the product but models and tests.

python -m benchmarks.scripted WORKSPACE URL [DEBOUNCE] [SLOTS]
"""

from __future__ import annotations

import sys
from pathlib import Path

from agents.base import Built, Outcome, Planned, Verified, Work
from orchestrator.config import Config, Limits, Watch
from orchestrator.daemon import Orchestrator
from providers import Message, Provider, open_provider
from providers.settings import ProviderSettings

CODE = {"main.py": "print('hello')\n", "tests/test_main.py": "def test_it():\n    assert True\n"}


class Scripted:
    """Asks the model, then gives the same outcome whatever it said."""

    def __init__(self, provider: Provider, role: str) -> None:
        self.provider = provider
        self._role = role

    async def run(self, work: Work) -> Outcome:
        told = [Message("system", f"You are the {self._role}."), Message("user", work.requirements)]
        await work.model.complete(told, purpose=self._role.lower())
        match self._role:
            case "Architect":
                return Planned(f"# Plan: {work.project}\n\nOne file and its test.\n")
            case "Engineer":
                return Built(CODE)
            case _:
                report = f"# Report, iteration {work.iteration}: Score: 9.0/10\n"
                return Verified(report, 9.0, True, frozenset({"t"}), frozenset(), "")


def orchestrator(workspace: Path, url: str, *, debounce: float = 0.0, slots: int = 64) -> Orchestrator:
    settings = ProviderSettings(
        name="bench", type="openai", base_url=f"{url}/v1", model="fake", max_concurrency=slots, context_length=32_768
    )
    provider = open_provider(settings)
    config = Config(watch=Watch(debounce_seconds=debounce), limits=Limits(max_concurrent_projects=64))
    architect, engineer, verifier = (Scripted(provider, role) for role in ("Architect", "Engineer", "Verifier"))
    return Orchestrator(workspace, architect, engineer, verifier, config=config)


def main() -> None:
    workspace, url = Path(sys.argv[1]), sys.argv[2]
    debounce = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    slots = int(sys.argv[4]) if len(sys.argv) > 4 else 64
    sys.exit(orchestrator(workspace, url, debounce=debounce, slots=slots).start())


if __name__ == "__main__":
    main()
