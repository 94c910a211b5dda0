"""What a call costs in USD: nothing on own machines, what config.yaml says, or the bundled table of `genai-prices`."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from .settings import Prices, ProviderSettings
from .wire import Usage


def cost(settings: ProviderSettings, *, free: bool, base_url: str, model: str, usage: Usage) -> float | None:
    """USD; None when tokens or price are not known, never a made-up 0.

    `free` says that the server is our own, which configured prices overrule; `base_url` is where the call went.
    """
    if free and settings.prices is None:
        return 0.0
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    if settings.prices is not None:
        return _configured(settings.prices, usage)
    return _listed(base_url, model, usage)


def load() -> None:
    """Import the price table, which takes 0.3 s; in a thread, before the first call needs it."""
    import genai_prices  # noqa: F401


def private(base_url: str) -> bool:
    """Whether a URL points at this machine or the local network."""
    host = urlsplit(base_url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".lan", ".internal")) or "." not in host
    return address.is_private or address.is_loopback


def _configured(prices: Prices, usage: Usage) -> float:
    cached = usage.cached_tokens or 0
    cached_price = prices.input if prices.cached is None else prices.cached
    fresh = max(0, (usage.input_tokens or 0) - cached)
    return (fresh * prices.input + cached * cached_price + (usage.output_tokens or 0) * prices.output) / 1e6


def _listed(base_url: str, model: str, usage: Usage) -> float | None:
    """From the table, which is matched by the server's address first."""
    import genai_prices

    counts = genai_prices.Usage(
        input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cache_read_tokens=usage.cached_tokens
    )
    try:
        return float(genai_prices.calc_price(counts, model, provider_api_url=base_url).total_price)
    except LookupError:
        return None
