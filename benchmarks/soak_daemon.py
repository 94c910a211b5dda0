"""The daemon that `soak` torments: scripted agents over a real provider, and waits cut to a fraction.

python -m benchmarks.soak_daemon WORKSPACE URL [easy]: with `easy` every first iteration is accepted
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from datetime import timedelta
from pathlib import Path
from zlib import crc32

from agents.base import Work
from orchestrator import trouble
from orchestrator.config import Config, Watch
from orchestrator.daemon import Orchestrator
from providers import Provider, ProviderSettings, breaker, open_provider
from tests.fakes.asking import Scores, accepted, crew

HURRY = 20
"""Waits are shorter by this factor."""
LIMITS = dict.fromkeys(("max_tokens", "max_cost", "max_minutes", "max_calls"), "unlimited")


def score(work: Work) -> float:
    """Follows from plan and iteration: three of four projects are accepted after one to three rounds."""
    fate = crc32(work.plan.encode()) % 4
    return 9.0 if fate and work.iteration >= fate else 4.0 + work.iteration / 10


async def hurried(seconds: float) -> None:
    await asyncio.sleep(seconds / HURRY)


def provider(url: str) -> Provider:
    clocks = {"first_token_timeout": 1.0, "silence_timeout": 0.5, "connect_timeout": 2.0}
    entry = {"name": "soak", "type": "openai", "base_url": url, "model": "fake", "max_concurrency": 8, **clocks}
    return open_provider(ProviderSettings.model_validate(entry), sleep=hurried)


def orchestrator(workspace: Path, url: str, scores: Scores) -> Orchestrator:
    config = Config.model_validate(
        {
            "watch": Watch(debounce_seconds=0.1, rescan_seconds=1.0),
            "limits": {**LIMITS, "daily": LIMITS, "max_concurrent_projects": 16},
            "max_iterations": 4,
        }
    )
    agents = crew(provider(url), score=scores)
    for agent in agents:
        vars(agent)["works"] = deque(maxlen=1)  # a test looks at all of them; here they would be taken for a leak
    return Orchestrator(workspace, *agents, config=config)


def main() -> None:
    vars(trouble)["SOON"] = timedelta(seconds=30 / HURRY)
    vars(trouble)["RECHECK"] = timedelta(seconds=60 / HURRY)
    vars(breaker)["PROBE"] = breaker.PROBE / HURRY
    scores = accepted if sys.argv[3:] == ["easy"] else score
    sys.exit(orchestrator(Path(sys.argv[1]), sys.argv[2], scores).start())


if __name__ == "__main__":
    main()
