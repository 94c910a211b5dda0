"""What a user may set about verification: the `verification:` section of config.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SandboxChoice = Literal["auto", "bwrap", "landlock", "docker", "podman", "seatbelt", "none"]


class VerificationSettings(BaseModel):
    """How generated code is built, tested and kept in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sandbox: SandboxChoice = Field(
        default="auto", description="How hostile code is kept in; auto takes the best that works here, never none."
    )
    test_timeout: float = Field(default=120.0, gt=0, le=7200, description="Seconds for the whole test suite.")
    each_test_timeout: float = Field(
        default=20.0, gt=0, le=7200, description="Seconds for one test; then it counts as failed."
    )
    example_timeout: float = Field(
        default=10.0, gt=0, le=600, description="Seconds for one black-box example of the plan."
    )
    install_timeout: float = Field(default=600.0, gt=0, le=7200, description="Seconds for installing dependencies.")
    memory_mb: int = Field(default=1024, ge=64, description="MiB for the whole process tree of one run.")
    processes: int = Field(default=128, ge=8, description="Processes and threads that one run may have.")
    coverage: bool = Field(default=True, description="Measure line coverage while the tests run.")
    lint: bool = Field(default=True, description="Run the linter and count its findings.")
    vacuity: bool = Field(
        default=True, description="Run the tests once more with all code broken, to name the tests that cannot fail."
    )
    python: str | None = Field(
        default=None,
        description="Interpreter for Python projects, a path or a version such as 3.12; null: the daemon's own.",
    )
    exclude_newer_days: int = Field(
        default=7, ge=0, description="Ignore packages uploaded within so many days, against fresh malware; 0 takes all."
    )
    cache_dir: Path | None = Field(
        default=None, description="Where prepared environments are kept; null: the user's cache folder."
    )
