"""llama.cpp on this machine, in a child process of ours: OpenAI's wire format, and no server, key or account needed."""

from __future__ import annotations

from .engine import Engine
from .openai import OpenAI
from .settings import ProviderSettings

FORMAT = OpenAI(
    base_url="http://127.0.0.1",
    concurrency=1,
    context_tokens=8192,
    prefix="/v1",
    start_hint="the engine ended; look at its last words above",
    pull_hint="set model to auto, to the path of a GGUF file, or to `owner/repository:file.gguf`",
    local=True,
    one_model=True,
    template_thinking=True,
)


def host(settings: ProviderSettings) -> Engine:
    """Starts the engine at the first call, ends it with the provider."""
    return Engine(settings, context_tokens=settings.context_length or FORMAT.context_tokens)
