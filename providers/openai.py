"""OpenAI's chat completions (platform.openai.com/docs/api-reference/chat), streamed, as many servers speak it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .errors import ModelNotFound
from .format import Ask, Call, Chunk, Steps, decoded, merged, name, plain, tokens
from .settings import AUTO, ProviderSettings
from .wire import FinishReason, Health, Usage

_SAID: Mapping[FinishReason, str] = {
    FinishReason.STOP: "stop eos eos_token end end_turn stop_sequence complete completed tool_calls function_call",
    FinishReason.LENGTH: "length max_tokens max_output_tokens model_length model_context_window_exceeded",
    FinishReason.CONTENT_FILTER: "content_filter safety recitation sensitive prohibited_content blocklist",
    FinishReason.REFUSAL: "refusal",
}
"""The specification's finish reasons and what other servers send for them."""
FINISH: Mapping[str, FinishReason] = {word: finish for finish, words in _SAID.items() for word in words.split()}
_BROKEN_OFF = frozenset(
    {"error", "abort", "aborted", "cancelled", "network_error", "insufficient_system_resource", "timeout"}
)
"""Finish reasons of a server that could not go on."""

_CONTEXT_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length")
_NO_DATA = ("event:", "id:", "retry:", ":")


@dataclass(frozen=True)
class OpenAI:
    """The format; vllm and embedded differ by a few fields."""

    base_url: str = "https://api.openai.com/v1"
    concurrency: int = 8
    context_tokens: int = 128_000
    prefix: str = ""
    """Stands between `base_url` and the paths of the API."""
    health_path: str = ""
    """Asked first; answers 200 when the model is loaded."""
    start_hint: str = "check base_url in config.yaml and the network"
    pull_hint: str = "set model in config.yaml to one that the server offers"
    local: bool = False
    loads_lazily: bool = False
    one_model: bool = False
    """The server was started by us with the configured model, whatever it calls it."""
    template_thinking: bool = False
    """Thinking is switched in the chat template, by `enable_thinking`."""

    @property
    def chat_path(self) -> str:
        return f"{self.prefix}/chat/completions"

    def loads(self, settings: ProviderSettings) -> None:  # noqa: ARG002
        return None

    def root(self, base_url: str) -> str:
        if self.prefix:
            return base_url.removesuffix(self.prefix)
        return base_url if urlsplit(base_url).path else f"{base_url}/v1"

    def body(self, settings: ProviderSettings, call: Call) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": call.model,
            "messages": plain(call.messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            self._token_param(settings, call): call.max_output_tokens,
            **self._thinking(settings, call),
        }
        if call.temperature is not None:
            body["temperature"] = call.temperature
        if call.seed is not None:
            body["seed"] = call.seed
        if call.stop:
            body["stop"] = list(call.stop)
        if call.schema is not None:
            schema = {"name": "answer", "schema": dict(call.schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        known = {key: value for key, value in body.items() if key not in call.refused}
        return merged(known, settings.extra)

    def chunk(self, line: str) -> Chunk | None:
        if not line.strip() or line.startswith(_NO_DATA):
            return None
        data = line.removeprefix("data:").removeprefix("error:").strip()
        if data == "[DONE]":
            return Chunk(last=True)
        event = decoded(data)
        if (error := _error(event, bare=line.startswith("error:"))) is not None:
            return Chunk(error=error)
        if event.get("type") == "ping":
            return None
        choices = event.get("choices") if "usage" in event else event["choices"]
        return _chunk(event, choices[0] if choices else {})

    def health(self, settings: ProviderSettings, *, called: bool) -> Steps:  # noqa: ARG002
        if self.health_path:
            yield Ask(self.health_path)
        listing = yield Ask(f"{self.prefix}/models", needed=settings.model == AUTO)
        offered = {str(entry["id"]): entry for entry in (listing or {}).get("data") or []}
        model = self._chosen(settings, tuple(offered), listed=listing is not None)
        return Health(
            model=model,
            models=tuple(offered),
            context_tokens=_context(offered.get(model, {})),
            warnings=_warnings(settings, listed=listing is not None),
            billions=_billions(offered.get(model, {})),
        )

    def doubt(self, call: Call, usage: Usage, estimate: float) -> str:  # noqa: ARG002
        return ""

    def _chosen(self, settings: ProviderSettings, offered: tuple[str, ...], *, listed: bool) -> str:
        if (settings.model == AUTO or self.one_model) and offered:
            return offered[0]
        if settings.model == AUTO:
            raise ModelNotFound(
                f"{settings.name}: the server offers no model; load one there, or set model in config.yaml"
            )
        if listed and offered and settings.model not in offered:
            raise ModelNotFound(
                f"{settings.name}: model {settings.model!r} not found; the server offers {', '.join(offered[:10])}; "
                + self.pull_hint.format(model=settings.model)
            )
        return settings.model

    def _token_param(self, settings: ProviderSettings, call: Call) -> str:
        """`max_tokens` was renamed by OpenAI; other servers may know only the old name."""
        hosted = urlsplit(settings.base_url or self.base_url).hostname == "api.openai.com"
        auto = "max_completion_tokens" if hosted else "max_tokens"
        chosen = auto if settings.token_param == "auto" else settings.token_param  # noqa: S105 - no secret
        other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}[chosen]
        return other if chosen in call.refused else chosen

    def _thinking(self, settings: ProviderSettings, call: Call) -> dict[str, Any]:
        if self.template_thinking:
            return {"chat_template_kwargs": {"enable_thinking": call.thinking}}
        if not call.thinking:
            return {}
        budget = settings.thinking if isinstance(settings.thinking, int) else 4096
        return {"reasoning_effort": "low" if budget < 2048 else "medium" if budget <= 8192 else "high"}


def _error(event: Mapping[str, Any], *, bare: bool) -> object:
    """What went wrong, in the shapes in which servers say so inside a stream; None when nothing did.

    `bare`: the line was marked as an error, as older llama.cpp servers do.
    """
    if event.get("error"):
        return event["error"]
    if bare or event.get("object") == "error" or ("choices" not in event and (event.keys() & {"message", "detail"})):
        return event
    choice = (event.get("choices") or [{}])[0]
    if choice.get("error"):
        return choice["error"]
    reason = choice.get("finish_reason")
    return f"the server ended the answer: {reason}" if str(reason).lower() in _BROKEN_OFF else None


def _chunk(event: Mapping[str, Any], choice: Mapping[str, Any]) -> Chunk:
    """`message` is that of a server that does not stream; beside a `delta` it repeats what has come."""
    delta = choice.get("delta")
    delta = (choice.get("message") if delta is None else delta) or {}
    reason, refusal = choice.get("finish_reason"), delta.get("refusal") or ""
    text, thoughts = _parts(delta.get("content"))
    return Chunk(
        text=text + refusal,
        reasoning=thoughts + (delta.get("reasoning") or delta.get("reasoning_content") or ""),
        finish=_finish(reason) if reason else None,
        refusal=bool(refusal),
        usage=_usage(event["usage"]) if event.get("usage") else None,
        model=name(event.get("model")),
        request_id=name(event.get("id")),
        tool=bool(delta.get("tool_calls") or delta.get("function_call")),
    )


def _parts(content: Any) -> tuple[str, str]:
    """Text and thinking of a content that is a text, or a list of parts, as Mistral's thinking models send it."""
    if content is None or isinstance(content, str):
        return content or "", ""
    text = thoughts = ""
    for part in content:
        if part["type"] == "thinking":
            inner = part["thinking"]
            thoughts += inner if isinstance(inner, str) else _parts(inner)[0]
        elif part["type"] == "text":
            text += part["text"]
        else:
            raise ValueError(f"unknown part {part['type']!r} of an answer")
    return text, thoughts


def _finish(reason: str) -> FinishReason:
    """Some servers write it in capitals, or with an explanation behind a colon."""
    word = reason.partition(":")[0].strip().lower()
    if word not in FINISH:
        raise ValueError(f"unknown finish reason {reason!r}")
    return FINISH[word]


def _usage(usage: Mapping[str, Any]) -> Usage:
    return Usage(
        input_tokens=tokens(usage.get("prompt_tokens")),
        output_tokens=tokens(usage.get("completion_tokens")),
        cached_tokens=tokens((usage.get("prompt_tokens_details") or {}).get("cached_tokens")),
        reasoning_tokens=tokens((usage.get("completion_tokens_details") or {}).get("reasoning_tokens")),
    )


def _context(entry: Mapping[str, Any]) -> int | None:
    """The context window, which servers other than OpenAI's put into the listing under various names."""
    values = [entry.get(key) for key in _CONTEXT_KEYS] + [(entry.get("meta") or {}).get("n_ctx")]
    return next((value for value in values if isinstance(value, int) and value > 0), None)


def _billions(entry: Mapping[str, Any]) -> float | None:
    """The model's parameters, which llama.cpp tells."""
    count = (entry.get("meta") or {}).get("n_params")
    return count / 1e9 if isinstance(count, int) and count > 0 else None


def _warnings(settings: ProviderSettings, *, listed: bool) -> tuple[str, ...]:
    found = []
    if urlsplit(settings.base_url or "").port == 11434:
        found.append(
            f"{settings.name}: this looks like Ollama, which cuts long prompts silently at /v1; use type: ollama"
        )
    if not listed:
        found.append(f"{settings.name}: the server does not list its models, so {settings.model!r} is not checked")
    return tuple(found)


FORMAT = OpenAI()
