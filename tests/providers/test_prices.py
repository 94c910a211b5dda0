"""Costs are measured or unknown, never made up."""

from __future__ import annotations

import pytest

from providers import Prices, ProviderSettings, Usage
from providers.prices import cost, private

HOSTED = "https://api.openai.com/v1"
MILLION = Usage(input_tokens=1_000_000, output_tokens=1_000_000, cached_tokens=400_000)


def _cost(usage: Usage, *, url: str = HOSTED, model: str = "gpt-4o", prices: Prices | None = None) -> float | None:
    settings = ProviderSettings(type="openai", prices=prices)
    return cost(settings, free=private(url), base_url=url, model=model, usage=usage)


def test_configured_prices_are_used_and_cached_tokens_cost_less() -> None:
    assert _cost(MILLION, prices=Prices(input=10, output=20, cached=1)) == pytest.approx(6 + 0.4 + 20)
    assert _cost(MILLION, prices=Prices(input=10, output=20)) == pytest.approx(30)


def test_configured_prices_hold_for_a_local_server_too() -> None:
    assert _cost(MILLION, url="http://localhost:8000", prices=Prices(input=1, output=1)) == pytest.approx(2)


def test_a_known_model_has_its_bundled_price() -> None:
    price = _cost(Usage(input_tokens=1000, output_tokens=1000))
    assert price is not None
    assert 0.001 < price < 0.1


@pytest.mark.parametrize(("url", "model"), [(HOSTED, "no-such-model"), ("https://llm.example.com/v1", "no-such-model")])
def test_an_unknown_price_is_none(url: str, model: str) -> None:
    assert _cost(MILLION, url=url, model=model) is None


def test_unknown_tokens_have_an_unknown_price() -> None:
    assert _cost(Usage(), prices=Prices(input=1, output=1)) is None


@pytest.mark.parametrize("usage", [MILLION, Usage()])
def test_a_local_server_costs_nothing(usage: Usage) -> None:
    assert _cost(usage, url="http://127.0.0.1:8000") == 0.0


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:11434", True),
        ("http://[::1]:8000", True),
        ("http://192.168.1.20:8000", True),
        ("http://gpu-box:8000", True),
        ("http://gpu.local", True),
        ("https://api.openai.com/v1", False),
        ("http://8.8.8.8", False),
    ],
)
def test_private_addresses_are_known(url: str, local: bool) -> None:
    assert private(url) is local
