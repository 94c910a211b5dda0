"""What a wire format must be able to say: values in, values out, no I/O. One module per format holds a `FORMAT`."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .settings import ProviderSettings
from .wire import FinishReason, Health, Message, Sampling, Usage


@dataclass(frozen=True)
class Call:
    """One request with every choice made, ready to be written down."""

    model: str
    messages: tuple[Message, ...]
    context_tokens: int
    max_output_tokens: int
    thinking: bool = False
    temperature: float | None = None
    seed: int | None = None
    schema: Mapping[str, Any] | None = None
    stop: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()
    """Parameters that the server does not take, by the name they have in a body."""

    @property
    def sampling(self) -> Sampling:
        """What of it decides the answer beside the messages."""
        return Sampling(
            temperature=None if "temperature" in self.refused else self.temperature,
            seed=None if "seed" in self.refused else self.seed,
            thinking=self.thinking,
            max_output_tokens=self.max_output_tokens,
        )


@dataclass(frozen=True)
class Chunk:
    """What one line of a stream says."""

    text: str = ""
    reasoning: str = ""
    finish: FinishReason | None = None
    refusal: bool = False
    """The text is the model's refusal; the finish reason that follows does not say so."""
    usage: Usage | None = None
    model: str | None = None
    request_id: str | None = None
    last: bool = False
    """Nothing follows."""
    tool: bool = False
    """A tool is called, which nobody offered."""
    error: object = None
    """An error in the middle of the stream, as the server sent it."""


@dataclass(frozen=True)
class Ask:
    """One small request of a health check."""

    path: str
    json: Mapping[str, Any] | None = None
    """Sent by POST; None is a GET."""
    needed: bool = True
    """Without it, a refusal (4xx, but not 401) is answered with None instead of raised."""


Steps = Generator[Ask, Any, Health]
"""A health check without I/O: yields what to ask, is sent the decoded JSON, returns the verdict."""


class Format(Protocol):
    """A wire format. Stateless; `chunk` raises ValueError, KeyError or TypeError on a line that breaks the format."""

    @property
    def base_url(self) -> str:
        """Where such a server usually listens."""

    @property
    def concurrency(self) -> int:
        """Calls at once unless configured."""

    @property
    def context_tokens(self) -> int:
        """The context window when neither the server nor the configuration tells."""

    @property
    def chat_path(self) -> str: ...

    @property
    def start_hint(self) -> str:
        """What to do when nothing answers."""

    @property
    def pull_hint(self) -> str:
        """What to do when the server lacks the model; may hold `{model}`."""

    @property
    def local(self) -> bool:
        """Calls cost nothing, wherever the server stands."""

    @property
    def loads_lazily(self) -> bool:
        """The server knows the real context window only after the first call: ask again then."""

    def loads(self, settings: ProviderSettings) -> str | None:
        """What calls make the server load in place of what it had; None where models do not displace each other."""

    def root(self, base_url: str) -> str:
        """What all paths are appended to."""

    def body(self, settings: ProviderSettings, call: Call) -> dict[str, Any]: ...

    def chunk(self, line: str) -> Chunk | None:
        """What a line says; None when it says nothing."""

    def health(self, settings: ProviderSettings, *, called: bool) -> Steps:
        """`called`: we have used the model, so what the server holds in memory is what we asked for."""

    def doubt(self, call: Call, usage: Usage, estimate: float) -> str:
        """Why the server probably cut the prompt, which was estimated at `estimate` tokens; empty when it did not."""


def merged(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """`body` with `extra` on top; mappings are merged key by key."""
    result = dict(body)
    for key, value in extra.items():
        old = result.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        result[key] = merged(old, value) if both else value  # type: ignore[arg-type]
    return result


def decoded(line: str) -> dict[str, Any]:
    """The JSON object that a line holds. Raises ValueError for anything else."""
    value = json.loads(line)
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, not {type(value).__name__}")
    return value


def tokens(value: Any) -> int | None:
    """A count of tokens as a server wrote it; None for what is none, so that it is estimated and never subtracted."""
    try:
        count = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return count if count >= 0 and not isinstance(value, bool) else None


def name(value: Any) -> str | None:
    """What a server calls a model or a request."""
    return str(value) if isinstance(value, str | int) and value != "" else None


def plain(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """Messages as both wire formats write them."""
    return [{"role": message.role, "content": message.content} for message in messages]
