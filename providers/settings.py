"""One entry under `providers:` in config.yaml; knows the keys and their limits, nothing of servers."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, SecretStr, field_validator

AUTO = "auto"
"""As `model`: whatever the server offers first."""

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Prices(BaseModel):
    """What a hosted model costs, in USD per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0, description="USD per million tokens of prompt.")
    output: float = Field(ge=0, description="USD per million tokens of answer, thinking included.")
    cached: float | None = Field(
        default=None, ge=0, description="USD per million cached tokens of prompt; as `input` if unset."
    )


class ProviderSettings(BaseModel):
    """How to reach one model and how to ask it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(default="", description="The key of this entry under `providers`.")
    type: str = Field(description="The wire format: ollama, vllm, openai or embedded; a module of this name.")
    base_url: str | None = Field(
        default=None, description="Where the server listens; unset is the type's usual address."
    )
    model: str = Field(
        default=AUTO,
        min_length=1,
        description="The model's name. vllm and openai: `auto` takes the first that the server lists. "
        "embedded: `auto`, the path of a GGUF file, or `repository:file` on Hugging Face.",
    )
    context_length: PositiveInt | None = Field(
        default=None,
        description="Tokens of prompt and answer together; unset is what the server says, or the type's default.",
    )
    profile: Literal["auto", "XS", "S", "M", "L"] = Field(
        default="auto",
        description="How much is asked of the model at once, by billions of parameters: XS up to 2, S to 4, M to 20, "
        "L more; auto: what its name tells, M if nothing.",
    )
    max_output_tokens: PositiveInt | None = Field(
        default=None,
        description="The longest answer, in tokens; unset is 8192, or half the context window if that is less.",
    )
    temperature: float | None = Field(
        default=0.2, ge=0, le=2, description="Randomness, 0 to 2; null leaves it to the server."
    )
    seed: int | None = Field(default=None, description="Makes answers repeatable where the server can; null is random.")
    thinking: Literal["off", "on"] | PositiveInt = Field(
        default="off", description="off, on, or a number: on, and at most so many tokens of thinking."
    )
    api_key_env: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Name of the environment variable that holds the key; keys never stand in files.",
    )
    connect_timeout: Seconds = Field(default=10.0, description="Seconds to connect.")
    first_token_timeout: Seconds = Field(
        default=900.0,
        description="Seconds until the first token; loading a model and reading a long prompt take minutes.",
    )
    silence_timeout: Seconds = Field(default=120.0, description="Seconds without a token once the answer has begun.")
    max_concurrency: PositiveInt | None = Field(
        default=None, description="Calls at once; unset is 1 for ollama and embedded, 16 for vllm, 8 for openai."
    )
    keep_alive: str | int = Field(default="10m", description="ollama: how long the model stays loaded after a call.")
    token_param: Literal["auto", "max_tokens", "max_completion_tokens"] = Field(
        default="auto", description="openai: what the server calls the longest answer."
    )
    prices: Prices | None = Field(
        default=None, description="USD per million tokens; unset is the built-in price table."
    )
    extra: dict[str, Any] = Field(default_factory=dict, description="Merged into the body of every request.")
    threads: PositiveInt | None = Field(default=None, description="embedded: threads; unset is one for each processor.")

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f"must start with http:// or https:// and name a host, for example http://localhost:11434, not {url!r}"
            )
        if parts.username or parts.password:
            raise ValueError("must not hold a user name or password; name the key's variable in api_key_env")
        return url.rstrip("/")

    @field_validator("thinking", mode="before")
    @classmethod
    def _yaml_switch(cls, value: object) -> object:
        """YAML reads a bare `off` or `on` as a boolean."""
        return {False: "off", True: "on"}[value] if isinstance(value, bool) else value

    @field_validator("api_key_env")
    @classmethod
    def _is_no_key(cls, value: str | None) -> str | None:
        if value is not None and value.startswith("sk"):
            raise ValueError("must be the name of an environment variable, not the key itself")
        return value

    def api_key(self) -> SecretStr | None:
        """The key from the environment; None when no variable is named, or when it is unset or blank."""
        value = os.environ.get(self.api_key_env, "").strip() if self.api_key_env else ""
        return SecretStr(value) if value else None
