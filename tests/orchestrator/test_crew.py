"""Which provider serves whom, and what is said about it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

import pytest

from orchestrator.config import Config
from orchestrator.crew import ConfiguredCrew
from orchestrator.machine import Action
from providers import ProviderSettings, Unavailable
from tests.fakes.llm import FakeLLM

EVERYBODY = (Action.PLAN, Action.BUILD, Action.VERIFY)
Said = list[tuple[str, str]]


def configured(*urls: str, kind: Literal["openai", "vllm"] = "openai") -> Config:
    return Config(
        providers={
            name: ProviderSettings(type=kind, base_url=url, model="m")
            for name, url in zip(("first", "second"), urls, strict=True)
        }
    )


def said(caplog: pytest.LogCaptureFixture) -> Said:
    return [(record.levelname, record.getMessage()) for record in caplog.records if " use" in record.getMessage()]


async def hire(crew: ConfiguredCrew, config: Config, actions: Sequence[Action] = EVERYBODY) -> None:
    for action in actions:
        await crew.agent(action, config)


async def test_the_provider_that_all_use_is_told_once_and_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with FakeLLM("hello", models=["m"]) as one, FakeLLM("hello", models=["m"]) as two:
        config = configured(one.url, two.url)
        crew = ConfiguredCrew(config)
        await hire(crew, config)
        await crew.aclose()
    assert said(caplog) == [("INFO", "the agents use first, the first healthy provider")]


async def test_a_change_of_provider_is_told_once_and_is_a_warning_when_it_is_for_the_worse(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with FakeLLM("hello", models=["m"]) as two:
        async with FakeLLM("hello", models=["m"]) as one:
            config = configured(one.url, two.url)
            crew = ConfiguredCrew(config)
            await hire(crew, config)
        crew.doubt("first")
        await hire(crew, config)
        await crew.aclose()
    assert said(caplog)[1:] == [("WARNING", "the agents use second now, since first does not answer")]


@pytest.mark.parametrize(("second", "status"), [(503, 503), (None, None)], ids=["both answer", "one does not"])
async def test_servers_that_all_ask_to_wait_are_left_alone_as_one_would_be(
    second: int | None, status: int | None
) -> None:
    async with FakeLLM(health=503) as one, FakeLLM(health=second or 200) as two:
        config = configured(one.url, two.url if second else "http://127.0.0.1:9", kind="vllm")
        crew = ConfiguredCrew(config)
        with pytest.raises(Unavailable, match="no provider is healthy") as caught:
            await hire(crew, config)
        await crew.aclose()
    assert caught.value.status == status
