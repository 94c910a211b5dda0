"""Language models behind one call. A provider type is one module here, named as config's `type`."""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING

from .errors import (
    AuthenticationFailed,
    BadReply,
    Blocked,
    ContextExceeded,
    ModelNotFound,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    ReplyDegenerate,
    ReplyTruncated,
    RequestRejected,
    Unavailable,
)
from .gate import Gate, Gates
from .settings import Prices, ProviderSettings
from .wire import (
    Activity,
    Attempt,
    Completion,
    FinishReason,
    Health,
    Listener,
    Message,
    Progress,
    Provider,
    Request,
    Sampling,
    Silent,
    Usage,
    estimate_tokens,
)

if TYPE_CHECKING:
    import httpx

__all__ = [
    "Activity",
    "Attempt",
    "AuthenticationFailed",
    "BadReply",
    "Blocked",
    "Completion",
    "ContextExceeded",
    "FinishReason",
    "Gates",
    "Health",
    "Listener",
    "Message",
    "ModelNotFound",
    "Prices",
    "Progress",
    "Provider",
    "ProviderError",
    "ProviderSettings",
    "QuotaExhausted",
    "RateLimited",
    "ReplyDegenerate",
    "ReplyTruncated",
    "Request",
    "RequestRejected",
    "Sampling",
    "Silent",
    "Unavailable",
    "Usage",
    "available",
    "estimate_tokens",
    "open_provider",
]

_SHARED = frozenset(
    {
        "asking",
        "breaker",
        "budget",
        "client",
        "embedded_server",
        "engine",
        "engine_trouble",
        "errors",
        "failures",
        "fetch",
        "format",
        "gate",
        "guard",
        "host",
        "learned",
        "memory",
        "prices",
        "progress",
        "retries",
        "sentences",
        "server",
        "settings",
        "stream",
        "trial",
        "turns",
        "weights",
        "wire",
    }
)


def available() -> list[str]:
    """The names that `type` may have in config.yaml."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _SHARED)


def open_provider(
    settings: ProviderSettings,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    gates: Gates | None = None,
) -> Provider:
    """A provider for one entry of config.yaml; it talks to nobody yet. Close it with `aclose`.

    `gates` is shared by providers that may have a server in common: then two models on one server that holds only one
    of them at a time take turns. `transport` replaces the network and `sleep` the waiting between retries, for tests.
    Raises RequestRejected when no module is named `settings.type`.
    """
    if settings.type not in available():
        raise RequestRejected(f"{settings.name}: unknown type {settings.type!r}; there are {', '.join(available())}")
    from .client import Client
    from .host import Remote

    module = import_module(f"{__name__}.{settings.type}")
    host = (
        module.host(settings)
        if hasattr(module, "host")
        else Remote(settings, settings.base_url or module.FORMAT.base_url)
    )
    gate = gates.at(host.base_url) if gates is not None and module.FORMAT.loads(settings) else Gate()
    return Client(settings, module.FORMAT, host, transport=transport, sleep=sleep, gate=gate)
