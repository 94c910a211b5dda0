"""One server as we know it: where it is, what it has taught us, whether it is worth asking, and what it charges."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import replace

import httpx

from . import budget, prices
from .asking import ask
from .breaker import Breaker
from .errors import ProviderError
from .failures import Failed, Failure, Kind
from .format import Call, Format
from .host import Endpoint, Host
from .learned import Learned
from .retries import RETRIES
from .sentences import sentence
from .settings import ProviderSettings
from .stream import Answer, Exchange
from .wire import Health, Request, Usage

log = logging.getLogger(__name__)


class Server:
    """Asks and remembers; when to ask, and how often, is its client's business."""

    def __init__(
        self, settings: ProviderSettings, format_: Format, host: Host, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self.learned = Learned()
        self.breaker = Breaker()
        self.called = False
        """A model has answered, so what the server holds in memory is what we asked for."""
        self._settings = settings
        self._format = format_
        self._host = host
        self._http = _http(settings, host.base_url, transport)

    @property
    def model(self) -> str:
        return self.learned.health.model if self.learned.health else self._settings.model

    @property
    def context_tokens(self) -> int:
        return budget.context_tokens(self._settings, self._format, self.learned)

    def plan(self, request: Request, retry: int) -> Call:
        """Raises ContextExceeded; see `budget.plan`."""
        return budget.plan(self._settings, self._format, self.learned, request, retry)

    async def health(self, note: Callable[[str], None]) -> Health:
        """Drive the format's health check. Raises Failed, and ProviderError where the format sees what is wrong."""
        health = await self._host.health()
        if health is None:
            endpoint = await self._host.endpoint(note)
            health = await ask(
                self._http,
                self._format.health(self._settings, called=self.called),
                root=self._format.root(endpoint.base_url),
                headers=_headers(endpoint),
                seconds=self._settings.connect_timeout,
            )
            self.breaker.answered()
        if not self._free:
            await asyncio.to_thread(prices.load)
        self.learned = replace(self.learned, health=health)
        return health

    async def endpoint(self, note: Callable[[str], None]) -> Endpoint:
        """See Host."""
        return await self._host.endpoint(note)

    async def send(self, endpoint: Endpoint, call: Call, exchange: Exchange) -> Answer:
        """The whole answer of a model. Raises Failed."""
        url = self._format.root(endpoint.base_url) + self._format.chat_path
        return await exchange.run(self._http, url, self._format.body(self._settings, call), _headers(endpoint))

    def check_prompt(self, call: Call, request: Request, counted: Usage) -> None:
        """Raises Failed when the server probably read only a part of the prompt; else learns how it counts."""
        estimate = budget.prompt_tokens(request)
        if doubt := self._format.doubt(call, counted, estimate * min(1.0, self.learned.scale)):
            raise Failed(Failure(Kind.CONTEXT, f"the server cut the prompt silently: {doubt}"))
        self.learned = self.learned.having_counted(counted.input_tokens, estimate)

    def cost(self, usage: Usage) -> float | None:
        """USD; None when it is not known."""
        base_url = self._host.base_url
        return prices.cost(self._settings, free=self._free, base_url=base_url, model=self.model, usage=usage)

    def noted(self, failure: Failure) -> Failure:
        """Tell breaker and host; blank out the key, which some servers repeat in their errors."""
        if failure.kind in (Kind.CONNECT, Kind.DROPPED):
            self._host.lost()
        if failure.kind is Kind.CONNECT:
            self.breaker.failed(time.monotonic())
        elif failure.status is not None:
            self.breaker.answered()
        if failure.retry_after and failure.kind in (Kind.RATE, Kind.BUSY, Kind.SERVER):
            self.breaker.asked_to_wait(failure.retry_after, time.monotonic())
        key = self._settings.api_key()
        if key is None:
            return failure
        secret = key.get_secret_value()
        return replace(failure, text=failure.text.replace(secret, "***"), body=failure.body.replace(secret, "***"))

    def learn(self, failure: Failure, request: Request) -> bool:
        """Adapt to what the server said; False when trying again would be the same again."""
        learned = self.learned.after(failure, budget.prompt_tokens(request))
        if learned is None:
            return False
        for parameter in learned.refused - self.learned.refused:
            log.warning("%s: the server does not take %r; left out from now on", self._settings.name, parameter)
        self.learned = learned
        return True

    def error(self, failure: Failure) -> ProviderError:
        """What callers are told."""
        message = sentence(self._settings, self._format, self._host.base_url, self.model, failure)
        if failure.kind is Kind.NOT_FOUND:
            self.learned = replace(self.learned, health=None)
        error = RETRIES[failure.kind].error
        return error(message, status=failure.status, body=failure.body, retry_after=failure.retry_after)

    async def aclose(self) -> None:
        await self._http.aclose()
        await self._host.aclose()

    @property
    def _free(self) -> bool:
        return self._format.local or prices.private(self._host.base_url)


def _headers(endpoint: Endpoint) -> dict[str, str]:
    return {"Authorization": f"Bearer {endpoint.key.get_secret_value()}"} if endpoint.key else {}


def _http(settings: ProviderSettings, base_url: str, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """One client for the provider's life; connections are kept. No proxy stands between us and our own network."""
    plain = base_url.startswith("http://")
    return httpx.AsyncClient(
        transport=transport,
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,  # loading unneeded authorities takes 30 ms
        timeout=httpx.Timeout(None, connect=settings.connect_timeout),
        limits=httpx.Limits(max_connections=None, keepalive_expiry=120.0),
        trust_env=not prices.private(base_url),
        headers={"User-Agent": "code-tumbler"},
    )
