from __future__ import annotations

import pytest

from agents.tiers import PROFILES, Tier, profile, tier
from tests.fakes.model import ScriptedModel

NAMES = {
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf": Tier.TINY,
    "SmolLM2-135M-Instruct": Tier.TINY,
    "gemma-2-2b-it": Tier.TINY,
    "llama3.2:3b": Tier.SMALL,
    "gemma3:4b": Tier.SMALL,
    "qwen2.5-coder-14b-1m": Tier.MEDIUM,
    "hosted-pro[1m]": Tier.MEDIUM,
    "llama3.1:8b": Tier.MEDIUM,
    "deepseek-coder-v2:16b-lite": Tier.MEDIUM,
    "Qwen/Qwen2.5-Coder-32B-Instruct": Tier.LARGE,
    "qwen3-coder:30b-a3b": Tier.LARGE,
    "some-model": Tier.MEDIUM,
    "v2b3": Tier.MEDIUM,
}


@pytest.mark.parametrize("name", NAMES)
def test_the_size_in_the_name_decides(name: str) -> None:
    assert tier(name) is NAMES[name]


def test_the_last_temperature_repeats() -> None:
    small = profile(ScriptedModel(name="x-1b"))
    assert [small.temperature(attempt) for attempt in (0, 1, 9)] == [*small.temperatures[:2], small.temperatures[-1]]


def test_what_a_person_chose_counts_more_than_the_name() -> None:
    assert profile(ScriptedModel(name="coder-32b", profile="S")) is PROFILES[Tier.SMALL]
    assert profile(ScriptedModel(name="coder-32b")) is PROFILES[Tier.LARGE]
