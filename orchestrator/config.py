"""What can be set, and the default of each setting. Reading it from a file is `config_file.py`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, field_validator

from agents.verification.settings import VerificationSettings
from providers.settings import ProviderSettings

__all__ = [
    "AUTO",
    "DEFAULT_PROVIDERS",
    "UNLIMITED",
    "AgentProviders",
    "ArchitectSettings",
    "Config",
    "DailyLimits",
    "EngineerSettings",
    "Limits",
    "Overrides",
    "ProjectLimits",
    "Watch",
]

AUTO = "auto"
UNLIMITED = "unlimited"
_PROVIDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _endless_only_by_word(value: object) -> object:
    """`unlimited` is infinite; nothing else is, so that no slip of the pen spends without end."""
    if value == UNLIMITED:
        return math.inf
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"must be a number above 0 or the word `{UNLIMITED}`")
    return value


def _as_written(value: float) -> Any:
    return UNLIMITED if value == math.inf else value


Limit = Annotated[float, BeforeValidator(_endless_only_by_word), PlainSerializer(_as_written)]
"""A number above 0; math.inf when the file says `unlimited`."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AgentProviders(_Section):
    """Which of `providers` each agent asks; `auto` is the first healthy one in the order listed."""

    architect: str = Field(default=AUTO, examples=["ollama_local"])
    """Plans."""
    engineer: str = Field(default=AUTO, examples=["ollama_coder"])
    """Writes code."""
    verifier: str = Field(default=AUTO, examples=["ollama_local"])
    """Judges what tests cannot."""


class ProjectLimits(_Section):
    """What may be spent; a project that reaches one of these is paused, and goes on when it is raised."""

    max_tokens: Limit = 5_000_000
    """Tokens read and written, also by calls that came to nothing."""
    max_cost: Limit = 5.0
    """USD. Calls whose price is not known do not count here, but in max_tokens and max_calls."""
    max_minutes: Limit = 720
    """Minutes of work; waiting for a server that is down does not count."""
    max_calls: Limit = 500
    """Model calls."""


class DailyLimits(ProjectLimits):
    """The same for all projects together, per calendar day."""

    max_tokens: Limit = 50_000_000
    max_cost: Limit = 20.0
    max_minutes: Limit = math.inf
    max_calls: Limit = 5_000


class Limits(ProjectLimits):
    """Limits per project, for all of them per day, and how many are worked on at once."""

    daily: DailyLimits = DailyLimits()
    """The same for all projects together, per calendar day."""
    max_concurrent_projects: int = Field(default=16, ge=1, le=10_000)
    """Projects worked on at once; more wait their turn."""


class Watch(_Section):
    """How changes in the project folders are noticed."""

    debounce_seconds: float = Field(default=1.0, ge=0, le=3600, allow_inf_nan=False)
    """A file counts as written when it was quiet for so long."""
    rescan_seconds: float = Field(default=30.0, ge=0.1, le=86_400, allow_inf_nan=False)
    """Every so often all projects are looked at, in case an event was lost."""
    polling: Literal["auto", "always", "never"] = "auto"
    """Looking instead of listening; auto does it where listening does not work (network and WSL mounts)."""


class ArchitectSettings(_Section):
    """What the Architect writes down beside the plan."""

    acceptance: Literal["auto", "always", "never"] = "auto"
    """Two more calls write checks of the finished program before there is any code; auto: not with small models."""


class EngineerSettings(_Section):
    """How the Engineer is asked."""

    answer_format: Literal["fenced", "json"] = "fenced"
    """Named fenced blocks, or one JSON object; code inside JSON is measurably worse on most models."""


DEFAULT_PROVIDERS: Mapping[str, Mapping[str, Any]] = {
    "ollama_coder": {"type": "ollama", "base_url": "http://localhost:11434", "model": "deepseek-coder-v2:latest"},
    "ollama_local": {"type": "ollama", "base_url": "http://localhost:11434", "model": "llama3.1:8b"},
    "vllm_local": {"type": "vllm", "base_url": "http://localhost:8000", "model": "auto"},
    "embedded": {"type": "embedded"},
}
"""In the order in which `auto` tries them: a model for code first, the one that needs no server last."""


def _default_providers() -> dict[str, ProviderSettings]:
    return {name: ProviderSettings(name=name, **settings) for name, settings in DEFAULT_PROVIDERS.items()}


class Config(_Section):
    """All settings. `Config()` holds the defaults, and the shipped config.yaml says the same."""

    agent_providers: AgentProviders = AgentProviders()
    """Which of `providers` each agent asks."""
    quality_threshold: float = Field(default=8.0, gt=0, le=10, allow_inf_nan=False)
    """Score from which on a build is finished, 0-10."""
    max_iterations: int = Field(default=10, ge=1, le=1_000)
    """Rounds of Engineer and Verifier before the best one is put back and the project ends as exhausted."""
    workspace: Path = Field(default=Path("projects"), strict=False)
    """The folder with one folder per project; relative to the file that says so."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is said."""
    notify: list[str] = []
    """A program and its arguments, run without a shell when a project is completed, failed or exhausted. It finds
    `TUMBLER_PROJECT`, `TUMBLER_STATUS`, `TUMBLER_SCORE`, `TUMBLER_ITERATION`, `TUMBLER_ZIP` and `TUMBLER_ERROR` in its
    environment."""
    providers: dict[str, ProviderSettings] = Field(default_factory=_default_providers, min_length=1)
    """What may be asked, each under a name of its own."""
    limits: Limits = Limits()
    """What may be spent."""
    watch: Watch = Watch()
    """How changes in the project folders are noticed."""
    verification: VerificationSettings = VerificationSettings()
    """How generated code is built, tested and kept in."""
    architect: ArchitectSettings = ArchitectSettings()
    """What the Architect writes down beside the plan."""
    engineer: EngineerSettings = EngineerSettings()
    """How the Engineer is asked."""

    @field_validator("providers")
    @classmethod
    def _named_by_their_keys(cls, providers: dict[str, ProviderSettings]) -> dict[str, ProviderSettings]:
        for key, settings in providers.items():
            if not _PROVIDER_NAME.fullmatch(key) or key == AUTO:
                raise ValueError(
                    f"cannot hold the name {key!r}; use letters, digits, `_`, `-` and `.`, but not `{AUTO}`"
                )
            if settings.name not in ("", key):
                raise ValueError(f"has a `name` in {key}; the key above it is the name")
        return {key: settings.model_copy(update={"name": key}) for key, settings in providers.items()}

    def candidates(self, agent: str) -> tuple[str, ...]:
        """Names of the providers that `agent` (architect, engineer, verifier) may use, best first."""
        name: str = getattr(self.agent_providers, agent)
        return tuple(self.providers) if name == AUTO else (name,)


class Overrides(_Section):
    """What a project's tumbler.yaml may change."""

    agent_providers: AgentProviders
    quality_threshold: float = Field(gt=0, le=10, allow_inf_nan=False, examples=[8.0])
    max_iterations: int = Field(ge=1, le=1_000, examples=[10])
    limits: ProjectLimits
    verification: VerificationSettings
