"""The values that cross the provider boundary; they know nothing of HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Message:
    """One message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class FinishReason(StrEnum):
    """Why the model stopped; an answer without one is truncated and never reaches a `Completion`."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    DEGENERATE = "degenerate"
    """We ended it because it had turned into noise. A provider raises ReplyDegenerate; the journal keeps what came."""


@dataclass(frozen=True)
class Request:
    """One call. None means: as the provider's settings say."""

    messages: tuple[Message, ...]
    max_output_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    thinking: bool | None = None
    schema: Mapping[str, Any] | None = None
    """A JSON schema the answer should follow. Servers may ignore it: the reader checks."""
    stop: tuple[str, ...] = ()
    """The answer ends before any of these texts, at most four. Servers may ignore them."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; None where the server did not say and we could not estimate."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False
    """True when a count is ours (characters / 3) because the server sent none."""


@dataclass(frozen=True)
class Sampling:
    """How an answer was had, with what the settings and the server's limits made of the request; None: not sent."""

    temperature: float | None = None
    seed: int | None = None
    thinking: bool | None = None
    max_output_tokens: int | None = None


@dataclass(frozen=True)
class Completion:
    """A whole answer whose finish reason was seen."""

    text: str
    finish: FinishReason
    usage: Usage
    provider: str
    model: str
    reasoning: str = ""
    cost: float | None = None
    """USD; 0 for a local model, None when the price is not known."""
    seconds: float = 0.0
    request_id: str | None = None
    sampling: Sampling | None = None
    """None when the provider does not tell."""


class Activity(StrEnum):
    """What a call is doing now."""

    QUEUED = "queued"
    READING = "reading the prompt"
    THINKING = "thinking"
    WRITING = "writing"
    RETRYING = "waiting to try again"


@dataclass(frozen=True)
class Progress:
    """How far a call has come."""

    activity: Activity
    output_tokens: int = 0
    """Answer and thinking so far, estimated from characters."""
    tokens_per_second: float | None = None
    note: str = ""
    input_tokens: int = 0
    """Of the prompt, once it is sent; estimated."""
    cost: float | None = None
    """USD of the request so far; None when the price is not known, or nothing was sent yet."""
    ahead: int | None = None
    """Queued: how many of the calls that wait begin before this one."""


@dataclass(frozen=True)
class Attempt:
    """One HTTP request that did not become a Completion; it may have cost something all the same."""

    outcome: Literal["aborted", "failed"]
    provider: str
    model: str
    started: datetime
    seconds: float
    usage: Usage
    cost: float | None
    error: str
    degenerate: bool = False
    """A stream guard ended it: `partial` may hold something whole."""
    partial: str = ""
    """What had been streamed before it ended, for a person to look at."""
    sampling: Sampling | None = None
    """None when the provider does not tell."""


class Listener(Protocol):
    """Who watches a call. Both methods run in the event loop and must not block."""

    def progress(self, progress: Progress) -> None:
        """Called at most a few times a second."""

    def attempted(self, attempt: Attempt) -> None:
        """Called once for each request that was aborted or failed, also when it is tried again."""


class Silent:
    """A listener that does not care."""

    def progress(self, progress: Progress) -> None: ...

    def attempted(self, attempt: Attempt) -> None: ...


@dataclass(frozen=True)
class Health:
    """What a server says of itself and of the configured model."""

    model: str
    """The model that calls will use; differs from the setting when that is `auto`."""
    models: tuple[str, ...] = ()
    """What the server offers."""
    context_tokens: int | None = None
    """The context window that calls really get; None when the server does not tell."""
    version: str | None = None
    warnings: tuple[str, ...] = field(default=())
    """Sentences for `doctor`: for example that the model's trained context is smaller than configured."""
    capabilities: frozenset[str] | None = None
    """What the model can do, in the server's words (`thinking`, `vision`); None when the server does not tell."""
    billions: float | None = None
    """The model's parameters, in billions; None when the server does not tell."""


class Provider(Protocol):
    """A language model behind one call. Made by `open_provider(settings)`."""

    @property
    def name(self) -> str:
        """The key under `providers:` in config.yaml."""

    @property
    def model(self) -> str:
        """The model's name; `auto` until the first health check when so configured."""

    @property
    def context_tokens(self) -> int:
        """The context window that prompts are fitted to: the server's where known, else the setting's."""

    @property
    def max_output_tokens(self) -> int: ...

    @property
    def profile(self) -> str:
        """How much is asked of the model at once, as configured: `auto`, or `XS` to `L`."""

    async def complete(self, request: Request, listener: Listener = ...) -> Completion:
        """The model's whole answer. Raises ProviderError; cancelling ends the request within milliseconds."""

    async def health(self) -> Health:
        """Ask the server and remember its context window. Raises ProviderError."""

    async def aclose(self) -> None: ...


CHARACTERS_PER_TOKEN = 3.0
"""An upper bound on tokens for code and English; real tokenizers lie between 3 and 4.5."""


def estimate_tokens(text: str) -> int:
    """Tokens that `text` may need at most, without a tokenizer."""
    return int(len(text) / CHARACTERS_PER_TOKEN) + 1
