"""One answer for a call, whatever the network does meanwhile: turns, tries, pauses, and what is told of them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial

import httpx

from . import budget
from .errors import ProviderError
from .failures import Failed, Failure, Kind
from .format import Call, Format
from .gate import Gate
from .guard import Guard
from .host import Host
from .progress import Reporter
from .retries import JITTER, PATIENCE, delay, used_up
from .server import Server
from .settings import ProviderSettings
from .stream import Clocks, Exchange
from .trial import Trial
from .wire import Activity, Completion, Health, Listener, Request, Silent, Usage

log = logging.getLogger(__name__)

_SILENT = Silent()


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
        self._server = Server(settings, format_, host, transport)
        self._sleep = sleep or asyncio.sleep
        self._random = random
        self._looking: asyncio.Task[None] | None = None
        self._gate = gate or Gate()
        self._loads = format_.loads(settings) or settings.model
        self._at_once = settings.max_concurrency or format_.concurrency

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def model(self) -> str:
        return self._server.model

    @property
    def context_tokens(self) -> int:
        return self._server.context_tokens

    @property
    def max_output_tokens(self) -> int:
        return budget.answer_tokens(self._settings, self.context_tokens)

    @property
    def profile(self) -> str:
        return self._settings.profile

    async def complete(self, request: Request, listener: Listener = _SILENT) -> Completion:
        """The model's whole answer; see Provider."""
        return await self._retried(request, Reporter(listener))

    async def health(self) -> Health:
        """One probe without retries; success lets calls through again after the provider was down."""
        try:
            return await self._server.health(lambda _: None)
        except Failed as failed:
            raise self._server.error(failed.failure) from failed

    async def aclose(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
        await self._server.aclose()

    async def _retried(self, request: Request, reporter: Reporter) -> Completion:
        past: list[Failure] = []
        while True:
            try:
                return await self._in_turn(request, past, reporter)
            except Failed as failed:
                past.append(failed.failure)
                if used_up(past) or not self._server.learn(failed.failure, request):
                    raise self._server.error(failed.failure) from failed
            await self._pause(past, reporter)

    async def _in_turn(self, request: Request, past: list[Failure], reporter: Reporter) -> Completion:
        """One try. Others go on while a call waits to try again, so that its trouble is not theirs."""
        async with self._gate.turn(self._loads, self._at_once, reporter.queued):
            if self._server.breaker.down(time.monotonic()):
                down = Failure(Kind.CONNECT, "down since an earlier call")
                raise self._server.error(past[-1] if past else down)
            if not past:
                await self._rest(reporter)
            return await self._tried(request, past, reporter)

    async def _rest(self, reporter: Reporter) -> None:
        """Wait out what the server asked of an earlier call. Raises RateLimited when that is for long."""
        seconds = self._server.breaker.rest(time.monotonic())
        if seconds > PATIENCE:
            raise self._server.error(Failure(Kind.RATE, "asked of an earlier call", retry_after=seconds))
        if seconds:
            reporter.now(Activity.RETRYING, f"the server asked to wait; {seconds:.0f} s are left")
            await self._sleep(seconds + JITTER * self._random())

    async def _pause(self, past: list[Failure], reporter: Reporter) -> None:
        seconds = delay(past, self._random())
        note = f"{past[-1].kind}: {past[-1].text[:120].removesuffix('.')}; again in {seconds:.0f} s"
        log.warning("%s: %s", self.name, note)
        reporter.now(Activity.RETRYING, note)
        if seconds:
            await self._sleep(seconds)

    async def _tried(self, request: Request, past: list[Failure], reporter: Reporter) -> Completion:
        """One request, reported when it fails or is cancelled; no model was asked before it was sent."""
        trial = Trial(request, self._server.learned.scale, self.name, self._server.cost)
        try:
            await self._sent(trial, past, reporter)
        except asyncio.CancelledError:
            if trial.sent:
                reporter.listener.attempted(trial.aborted(self.model))
            raise
        except Failed as failed:
            failure = self._server.noted(failed.failure)
            if trial.sent:
                reporter.listener.attempted(trial.failed(self.model, failure))
            raise Failed(failure) from failed
        finally:
            reporter.ended()
        self._server.breaker.answered()
        return trial.completion(self.model)

    async def _sent(self, trial: Trial, past: list[Failure], reporter: Reporter) -> None:
        """Find out what is needed, then ask; the trial holds the answer."""
        note = partial(reporter.now, Activity.READING)
        if self._server.learned.health is None:
            await self._server.health(note)
        if self._looking is not None:
            await asyncio.wait({self._looking})
        call = self._server.plan(trial.request, retry=len(past))
        endpoint = await self._server.endpoint(note)
        reporter.asks(trial.bill)
        await asyncio.sleep(0)  # whoever listens may have found that even the prompt is too dear
        trial.sent, trial.sampling = True, call.sampling
        await self._server.send(endpoint, call, self._exchange(call, trial, past, reporter))
        self._server.check_prompt(call, trial.request, trial.answer.usage or Usage())
        self._look_again_after_the_first()

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

    def _look_again_after_the_first(self) -> None:
        """Only after a call do some servers know the context window that they really gave the model.

        Asked on the side, so that an answer that has come is not kept waiting, or lost; the next call waits for it.
        """
        if self._format.loads_lazily and not self._server.called:
            self._server.called = True
            self._looking = asyncio.create_task(self._look_again(), name=f"{self.name}: look again")

    async def _look_again(self) -> None:
        with contextlib.suppress(Failed, ProviderError):
            for warning in (await self._server.health(lambda _: None)).warnings:
                log.warning(warning)
