"""vLLM's server: OpenAI's wire format, `/health`, and the context window as `max_model_len` (docs.vllm.ai)."""

from __future__ import annotations

from .openai import OpenAI

FORMAT = OpenAI(
    base_url="http://localhost:8000",
    concurrency=16,
    context_tokens=8192,
    prefix="/v1",
    health_path="/health",
    start_hint="start it with: vllm serve MODEL",
    pull_hint="set model to one of them, or to auto",
    local=True,
    template_thinking=True,
)
