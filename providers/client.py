"""The one place that talks HTTP: one answer for a call, whatever the network does meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import httpx

from . import budget, prices
from .asking import ask
from .breaker import Breaker
from .errors import ProviderError
from .failures import Failed, Failure, Kind, context_numbers
from .format import Call, Format, Learned
from .gate import Gate
from .guard import Guard
from .host import Endpoint, Host
from .progress import Reporter
from .retries import JITTER, PATIENCE, RETRIES, delay, used_up
from .sentences import sentence
from .settings import ProviderSettings
from .stream import Clocks, Exchange
from .trial import Trial
from .wire import Activity, Attempt, Completion, Health, Listener, Request, Silent, Usage

log = logging.getLogger(__name__)

_SILENT = Silent()
_DENSE = 200
"""Prompts estimated below so many tokens teach nothing about the server's tokenizer."""


class Client:
    """A Provider over any wire format."""

    def __init__(
        self,
        settings: ProviderSettings,
        format_: Format,
        host: Host,
        *,
        random: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._settings = settings
        self._format = format_
        self._host = host
        self._sleep = sleep or asyncio.sleep
        self._random = random
        self._learned = Learned()
        self._breaker = Breaker()
        self._called = False
        self._looking: asyncio.Task[None] | None = None
        self._gate = gate or Gate()
        self._loads = format_.loads(settings) or settings.model
        self._at_once = settings.max_concurrency or format_.concurrency
        self._http = _http(settings, host.base_url, transport)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def model(self) -> str:
        return self._learned.health.model if self._learned.health else self._settings.model

    @property
    def context_tokens(self) -> int:
        return budget.context_tokens(self._settings, self._format, self._learned)

    @property
    def max_output_tokens(self) -> int:
        return budget.answer_tokens(self._settings, self.context_tokens)

    async def complete(self, request: Request, listener: Listener = _SILENT) -> Completion:
        """The model's whole answer; see Provider."""
        return await self._retried(request, Reporter(listener))

    async def health(self) -> Health:
        """One probe without retries; success lets calls through again after the provider was down."""
        try:
            return await self._asked(lambda _: None)
        except Failed as failed:
            raise self._error(failed.failure) from failed

    async def aclose(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        await self._http.aclose()
        await self._host.aclose()

    async def _retried(self, request: Request, reporter: Reporter) -> Completion:
        past: list[Failure] = []
        while True:
            try:
                return await self._in_turn(request, past, reporter)
            except Failed as failed:
                past.append(failed.failure)
                if used_up(past) or not self._learn(failed.failure, request):
                    raise self._error(failed.failure) from failed
            await self._pause(past, reporter)

    async def _in_turn(self, request: Request, past: list[Failure], reporter: Reporter) -> Completion:
        """One try. Others go on while a call waits to try again, so that its trouble is not theirs."""
        async with self._gate.turn(self._loads, self._at_once, reporter.queued):
            if self._breaker.down(time.monotonic()):
                raise self._error(past[-1] if past else Failure(Kind.CONNECT, "down since an earlier call"))
            if not past:
                await self._rest(reporter)
            return await self._tried(request, past, reporter)

    async def _rest(self, reporter: Reporter) -> None:
        """Wait out what the server asked of an earlier call. Raises RateLimited when that is for long."""
        seconds = self._breaker.rest(time.monotonic())
        if seconds > PATIENCE:
            raise self._error(Failure(Kind.RATE, "asked of an earlier call", retry_after=seconds))
        if seconds:
            reporter.now(Activity.RETRYING, f"the server asked to wait; {seconds:.0f} s are left")
            await self._sleep(seconds + JITTER * self._random())

    async def _pause(self, past: list[Failure], reporter: Reporter) -> None:
        seconds = delay(past, self._random())
        note = f"{past[-1].kind}: {past[-1].text[:120]}; again in {seconds:.0f} s"
        log.warning("%s: %s", self.name, note)
        reporter.now(Activity.RETRYING, note)
        if seconds:
            await self._sleep(seconds)

    async def _tried(self, request: Request, past: list[Failure], reporter: Reporter) -> Completion:
        """One request, reported when it fails or is cancelled; no model was asked before it was sent."""
        trial = Trial(request, self._learned.scale)
        try:
            completion = await self._sent(trial, past, reporter)
        except asyncio.CancelledError:
            if trial.sent:
                reporter.listener.attempted(self._attempt(trial, "aborted", "cancelled"))
            raise
        except Failed as failed:
            failure = self._noted(failed.failure)
            if trial.sent:
                reporter.listener.attempted(self._attempt(trial, "failed", failure.text, failure))
            raise Failed(failure) from failed
        finally:
            reporter.ended()
        self._breaker.answered()
        return completion

    async def _sent(self, trial: Trial, past: list[Failure], reporter: Reporter) -> Completion:
        note = partial(reporter.now, Activity.READING)
        if self._learned.health is None:
            await self._asked(note)
        if self._looking is not None:
            await asyncio.wait({self._looking})
        call = budget.plan(self._settings, self._format, self._learned, trial.request, retry=len(past))
        endpoint = await self._host.endpoint(note)
        reporter.asks(partial(self._bill, trial))
        await asyncio.sleep(0)  # whoever listens may have found that even the prompt is too dear
        trial.sent = True
        await self._exchange(call, trial, past, reporter).run(
            self._http,
            self._format.root(endpoint.base_url) + self._format.chat_path,
            self._format.body(self._settings, call),
            _headers(endpoint),
        )
        self._check_prompt(call, trial)
        if self._format.loads_lazily and not self._called:
            self._called = True
            self._looking = asyncio.create_task(self._look_again(), name=f"{self.name}: look again")
        return self._completion(trial)

    def _exchange(self, call: Call, trial: Trial, past: list[Failure], reporter: Reporter) -> Exchange:
        """A model that was loading gets twice the time at the second try."""
        patience = 2 if any(failure.kind is Kind.TIMEOUT for failure in past) else 1
        return Exchange(
            format=self._format,
            clocks=Clocks(self._settings.first_token_timeout * patience, self._settings.silence_timeout * patience),
            guard=Guard(budget.reasoning_tokens(self._settings, call)),
            heard=reporter.heard,
            answer=trial.answer,
        )

    def _check_prompt(self, call: Call, trial: Trial) -> None:
        """Raises Failed when the server probably read only a part of the prompt; else learns how it counts."""
        estimate = budget.prompt_tokens(trial.request)
        counted = trial.answer.usage or Usage()
        doubt = self._format.doubt(call, counted, estimate * min(1.0, self._learned.scale))
        if doubt:
            raise Failed(Failure(Kind.CONTEXT, f"the server cut the prompt silently: {doubt}"))
        if counted.input_tokens and estimate >= _DENSE:
            self._learned = replace(self._learned, scale=counted.input_tokens / estimate)

    async def _look_again(self) -> None:
        """Only after a call do some servers know the context window that they really gave the model.

        Asked on the side, so that an answer that has come is not kept waiting, or lost; the next call waits for it.
        """
        with contextlib.suppress(Failed, ProviderError):
            for warning in (await self._asked(lambda _: None)).warnings:
                log.warning(warning)

    def _completion(self, trial: Trial) -> Completion:
        answer, usage = trial.answer, trial.usage()
        assert answer.finish is not None
        return Completion(
            text=answer.text,
            finish=answer.finish,
            usage=usage,
            provider=self.name,
            model=answer.model or self.model,
            reasoning=answer.reasoning,
            cost=self._cost(usage),
            seconds=trial.seconds,
            request_id=answer.request_id,
        )

    def _attempt(
        self, trial: Trial, outcome: Literal["aborted", "failed"], error: str, failure: Failure | None = None
    ) -> Attempt:
        usage = trial.usage_after(failure)
        return Attempt(
            outcome=outcome,
            provider=self.name,
            model=self.model,
            started=trial.started,
            seconds=trial.seconds,
            usage=usage,
            cost=self._cost(usage),
            error=error,
            degenerate=failure is not None and failure.kind is Kind.DEGENERATE,
            partial=trial.answer.text or trial.answer.reasoning,
        )

    def _bill(self, trial: Trial) -> tuple[Usage, float | None]:
        usage = trial.usage()
        return usage, self._cost(usage)

    @property
    def _free(self) -> bool:
        return self._format.local or prices.private(self._host.base_url)

    def _cost(self, usage: Usage) -> float | None:
        return prices.cost(
            self._settings,
            free=self._free,
            base_url=self._host.base_url,
            model=self.model,
            usage=usage,
        )

    def _noted(self, failure: Failure) -> Failure:
        """Tell breaker and host; blank out the key, which some servers repeat in their errors."""
        if failure.kind in (Kind.CONNECT, Kind.DROPPED):
            self._host.lost()
        if failure.kind is Kind.CONNECT:
            self._breaker.failed(time.monotonic())
        elif failure.status is not None:
            self._breaker.answered()
        if failure.retry_after and failure.kind in (Kind.RATE, Kind.BUSY, Kind.SERVER):
            self._breaker.asked_to_wait(failure.retry_after, time.monotonic())
        key = self._settings.api_key()
        if key is None:
            return failure
        secret = key.get_secret_value()
        return replace(failure, text=failure.text.replace(secret, "***"), body=failure.body.replace(secret, "***"))

    def _learn(self, failure: Failure, request: Request) -> bool:
        """Adapt to what the server said; False when trying again would be the same again."""
        if failure.kind is Kind.PARAMETER and failure.parameter:
            if failure.parameter in self._learned.refused:
                return False
            log.warning("%s: the server does not take %r; left out from now on", self.name, failure.parameter)
            self._learned = replace(self._learned, refused=self._learned.refused | {failure.parameter})
        elif failure.kind is Kind.ROOM:
            limit, counted = context_numbers(failure.body)
            estimate = budget.prompt_tokens(request)
            scale = max(self._learned.scale, (counted or estimate) / estimate)
            self._learned = replace(self._learned, context_tokens=limit, scale=scale)
        elif failure.kind is Kind.CONNECT:
            self._learned = replace(self._learned, health=None)
        return True

    def _error(self, failure: Failure) -> ProviderError:
        message = sentence(self._settings, self._format, self._host.base_url, self.model, failure)
        if failure.kind is Kind.NOT_FOUND:
            self._learned = replace(self._learned, health=None)
        error = RETRIES[failure.kind].error
        return error(message, status=failure.status, body=failure.body, retry_after=failure.retry_after)

    async def _asked(self, note: Callable[[str], None]) -> Health:
        """Drive the format's health check. Raises Failed, and ProviderError where the format sees what is wrong."""
        health = await self._host.health()
        if health is None:
            endpoint = await self._host.endpoint(note)
            health = await ask(
                self._http,
                self._format.health(self._settings, called=self._called),
                root=self._format.root(endpoint.base_url),
                headers=_headers(endpoint),
                seconds=self._settings.connect_timeout,
            )
            self._breaker.answered()
        if not self._free:
            await asyncio.to_thread(prices.load)
        self._learned = replace(self._learned, health=health)
        return health


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
