"""Ollama's own chat API, one JSON object a line (github.com/ollama/ollama, docs/api.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import ModelNotFound
from .format import Ask, Call, Chunk, Steps, decoded, merged, name, plain, tokens
from .settings import AUTO, ProviderSettings
from .wire import FinishReason, Health, Usage

_FINISH = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}

_TRUSTWORTHY = 1000
"""Prompts estimated below so many tokens are too small to tell a cut one from a dense one."""


@dataclass(frozen=True)
class Ollama:
    """The format. Every request carries `num_ctx`, because the default silently cuts prompts at 4,096 tokens."""

    base_url: str = "http://localhost:11434"
    concurrency: int = 1
    context_tokens: int = 16_384
    chat_path: str = "/api/chat"
    start_hint: str = "start it with: ollama serve"
    pull_hint: str = "run: ollama pull {model}"
    local: bool = True
    loads_lazily: bool = True

    def loads(self, settings: ProviderSettings) -> str:
        """Another context window loads the same model again."""
        return f"{settings.model.removesuffix(':latest')} {settings.context_length}"

    def root(self, base_url: str) -> str:
        return base_url.removesuffix("/v1").removesuffix("/api")

    def body(self, settings: ProviderSettings, call: Call) -> dict[str, Any]:
        options = {
            "num_ctx": call.context_tokens,
            "num_predict": call.max_output_tokens,
            "temperature": call.temperature,
            "seed": call.seed,
            "stop": list(call.stop) or None,
        }
        body: dict[str, Any] = {
            "model": call.model,
            "messages": plain(call.messages),
            "stream": True,
            "think": call.thinking,
            "truncate": False,
            "shift": False,
            "keep_alive": settings.keep_alive,
            "options": {key: value for key, value in options.items() if value is not None},
        }
        if call.schema is not None:
            body["format"] = dict(call.schema)
        known = {key: value for key, value in body.items() if key not in call.refused}
        return merged(known, settings.extra)

    def chunk(self, line: str) -> Chunk | None:
        if not line.strip():
            return None
        event = decoded(line)
        if "error" in event:
            return Chunk(error=event["error"])
        message = event.get("message") or {}
        done = event["done"] is True
        return Chunk(
            text=message.get("content") or "",
            reasoning=message.get("thinking") or "",
            finish=_FINISH.get(event.get("done_reason") or "") if done else None,
            usage=_usage(event) if done else None,
            model=name(event.get("model")),
            tool=bool(message.get("tool_calls")),
            last=done,
        )

    def health(self, settings: ProviderSettings, *, called: bool) -> Steps:
        version = yield Ask("/api/version", needed=False)
        tags = yield Ask("/api/tags")
        offered = tuple(str(entry.get("name") or entry["model"]) for entry in tags["models"])
        model = _chosen(settings, offered)
        shown = (yield Ask("/api/show", {"model": model}, needed=False)) or {}
        running = (yield Ask("/api/ps", needed=False)) or {}
        wanted = settings.context_length or _modelfile_context(shown) or self.context_tokens
        trained = _trained_context(shown)
        loaded = _loaded_context(running, model) if called else None
        return Health(
            model=model,
            models=offered,
            context_tokens=min(wanted, trained or wanted, loaded or wanted),
            version=(version or {}).get("version"),
            warnings=_warnings(settings, wanted, trained, loaded),
            capabilities=None if shown.get("capabilities") is None else frozenset(shown["capabilities"]),
            billions=_billions(shown),
        )

    def doubt(self, call: Call, usage: Usage, estimate: float) -> str:
        count = usage.input_tokens
        if not count:
            return ""
        if count >= call.context_tokens - 1:
            return f"it read {count} tokens, which is all of num_ctx {call.context_tokens}"
        if estimate >= _TRUSTWORTHY and count < 0.5 * estimate:
            return f"it read {count} tokens of about {estimate:.0f}"
        return ""


def _usage(event: Mapping[str, Any]) -> Usage:
    """Counts are left out when the prompt came from the cache, and when they are 0."""
    return Usage(input_tokens=tokens(event.get("prompt_eval_count")), output_tokens=tokens(event.get("eval_count")))


def _chosen(settings: ProviderSettings, offered: tuple[str, ...]) -> str:
    """The configured model, as the server names it: `name` is `name:latest`."""
    names = ", ".join(offered[:10]) or "none"
    if settings.model == AUTO:
        raise ModelNotFound(f"{settings.name}: no model chosen; set model in config.yaml (pulled: {names})")
    if settings.model in offered or f"{settings.model}:latest" in offered:
        return settings.model
    raise ModelNotFound(f"{settings.name}: model {settings.model!r} not found; run: ollama pull {settings.model}")


def _trained_context(shown: Mapping[str, Any]) -> int | None:
    info = shown.get("model_info") or {}
    value = info.get(f"{info.get('general.architecture')}.context_length")
    return value if isinstance(value, int) and value > 0 else None


def _billions(shown: Mapping[str, Any]) -> float | None:
    count = (shown.get("model_info") or {}).get("general.parameter_count")
    return count / 1e9 if isinstance(count, int) and count > 0 else None


def _modelfile_context(shown: Mapping[str, Any]) -> int | None:
    found = re.search(r"^num_ctx\s+(\d+)", str(shown.get("parameters") or ""), re.MULTILINE)
    return int(found[1]) if found else None


def _loaded_context(running: Mapping[str, Any], model: str) -> int | None:
    """The context window of the model that is in memory now."""
    for entry in running.get("models") or []:
        if entry.get("name") in (model, f"{model}:latest"):
            loaded = entry.get("context_length")
            return loaded if isinstance(loaded, int) and loaded > 0 else None
    return None


def _warnings(settings: ProviderSettings, wanted: int, trained: int | None, loaded: int | None) -> tuple[str, ...]:
    found = []
    if trained and trained < wanted:
        found.append(
            f"{settings.name}: context_length {wanted} is more than the model was trained for; using {trained}"
        )
    if loaded and loaded < min(wanted, trained or wanted):
        found.append(f"{settings.name}: loaded with a context of {loaded}, less than {wanted}; using {loaded}")
    return tuple(found)


FORMAT = Ollama()
