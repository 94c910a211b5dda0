"""docs/CONFIGURATION.md is what the models say, and its examples are settings that load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from agents.verification.settings import VerificationSettings
from orchestrator.config import (
    AgentProviders,
    ArchitectSettings,
    Config,
    DailyLimits,
    EngineerSettings,
    Limits,
    Overrides,
    Watch,
)
from orchestrator.config_file import load
from orchestrator.reference import keys, render
from orchestrator.reference_examples import EXAMPLES
from providers.settings import Prices, ProviderSettings

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "CONFIGURATION.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_models_say() -> None:
    again = "python -m orchestrator.reference > docs/CONFIGURATION.md"
    assert render() == TEXT, f"out of date; run: {again}"


def test_the_module_prints_the_page() -> None:
    command = [sys.executable, "-m", "orchestrator.reference"]
    printed = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, timeout=50, check=True)
    assert printed.stdout == TEXT


SECTIONS: dict[str, type[BaseModel]] = {
    "": Config,
    "agent_providers": AgentProviders,
    "providers.NAME": ProviderSettings,
    "providers.NAME.prices": Prices,
    "limits": Limits,
    "limits.daily": DailyLimits,
    "watch": Watch,
    "verification": VerificationSettings,
    "architect": ArchitectSettings,
    "engineer": EngineerSettings,
}


def models(annotation: Any) -> set[type[BaseModel]]:
    """Every model of settings that is annotated at `annotation` or below it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}.union(*(models(field.annotation) for field in annotation.model_fields.values()))
    return set[type[BaseModel]]().union(*map(models, get_args(annotation)))


def test_every_model_of_settings_has_a_section_with_an_example() -> None:
    assert set(SECTIONS.values()) == models(Config)
    assert set(SECTIONS) == set(EXAMPLES)
    assert {f"## {path or 'config.yaml'}" for path in SECTIONS} <= set(TEXT.splitlines())


@pytest.mark.parametrize("path", SECTIONS)
def test_every_key_of_a_section_has_a_row_with_a_meaning_and_stands_in_the_example(path: str) -> None:
    section = TEXT.split(f"\n## {path or 'config.yaml'}\n")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    told = {row[0].strip("| `") for row in rows if row[1].strip()}
    assert told == set(keys(SECTIONS[path]))
    assert told <= written(yaml.safe_load(EXAMPLES[path]))


def written(value: Any) -> set[str]:
    """Every key in a YAML document, at any depth."""
    if not isinstance(value, dict):
        return set()
    return {str(key) for key in value}.union(*(written(inner) for inner in value.values()))


@pytest.mark.parametrize("section", EXAMPLES)
def test_each_example_loads(section: str, tmp_path: Path) -> None:
    text = EXAMPLES[section]
    if section == "agent_providers":
        text += EXAMPLES["providers.NAME"]
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    assert load(path) != Config()


def test_what_a_project_may_override_is_named() -> None:
    last = TEXT.split("## tumbler.yaml")[1]
    assert all(f"`{name}`" in last for name in Overrides.model_fields)
    assert "`daily`" not in last
