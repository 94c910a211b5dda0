"""A provider against the fake server, with waits that are written down instead of waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from providers import Attempt, Message, Progress, Provider, ProviderSettings, Request, open_provider
from tests.fakes.llm import FakeLLM

HELLO = Request((Message("user", "Say hello."),))


@dataclass
class Notes:
    """A listener that remembers."""

    seen: list[Progress] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    def progress(self, progress: Progress) -> None:
        self.seen.append(progress)

    def attempted(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)


@dataclass
class Waits:
    """Stands for asyncio.sleep between retries."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


Open = Callable[..., Provider]


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
async def connect(waits: Waits) -> AsyncIterator[Open]:
    """connect(llm, "ollama", key=value, ...) opens a provider that is closed after the test."""
    async with AsyncExitStack() as stack:

        def connected(llm: FakeLLM | str, type_: str, **settings: Any) -> Provider:
            url = llm if isinstance(llm, str) else llm.url
            entry = ProviderSettings.model_validate(
                {"name": "local", "type": type_, "base_url": url, "model": "fake", **settings}
            )
            provider = open_provider(entry, sleep=waits)
            stack.push_async_callback(provider.aclose)
            return provider

        yield connected


@pytest.fixture(params=["openai", "vllm", "ollama"])
def each_type(request: pytest.FixtureRequest) -> str:
    return str(request.param)
