"""A provider's entry in config.yaml: what is accepted, and what a person is told otherwise."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from providers import ProviderSettings, RequestRejected, available, open_provider


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("context_length", 0),
        ("context_length", -1),
        ("max_output_tokens", 0),
        ("temperature", -0.1),
        ("temperature", 3),
        ("thinking", 0),
        ("thinking", "sometimes"),
        ("first_token_timeout", 0),
        ("silence_timeout", -5),
        ("connect_timeout", float("inf")),
        ("connect_timeout", float("nan")),
        ("max_concurrency", 0),
        ("prices", {"input": -1, "output": 1}),
        ("prices", {"input": 1}),
        ("model", ""),
        ("token_param", "tokens"),
        ("api_key_env", "MY KEY"),
        ("threads", 0),
        ("tempreature", 0.5),
    ],
)
def test_a_senseless_value_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        ProviderSettings.model_validate({"type": "ollama", field: value})
    assert caught.value.errors()[0]["loc"][0] == field


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost:11434", "must start with http:// or https://"),
        ("ftp://host", "must start with http:// or https://"),
        ("http://", "name a host"),
        ("http://me:secret@host", "must not hold a user name or password"),
    ],
)
def test_an_address_that_is_none_is_refused_with_an_example(url: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ProviderSettings(type="ollama", base_url=url)


def test_a_key_in_place_of_its_variables_name_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError, match="must be the name of an environment variable") as caught:
        ProviderSettings(type="openai", api_key_env="sk_live_1234")
    assert "sk_live_1234" not in str(caught.value)


@pytest.mark.parametrize(("written", "meant"), [(False, "off"), (True, "on"), ("off", "off"), (2000, 2000)])
def test_yamls_booleans_mean_off_and_on(written: Any, meant: Any) -> None:
    assert ProviderSettings.model_validate({"type": "ollama", "thinking": written}).thinking == meant


def test_every_key_is_described_for_the_documentation() -> None:
    assert all(field.description for field in ProviderSettings.model_fields.values())


def test_an_unknown_type_names_those_that_exist() -> None:
    with pytest.raises(RequestRejected, match="x: unknown type 'olama'; there are embedded, ollama, openai, vllm"):
        open_provider(ProviderSettings(name="x", type="olama"))


def test_a_type_is_a_module_with_a_format() -> None:
    assert available() == ["embedded", "ollama", "openai", "vllm"]


def test_settings_are_imported_without_the_network_library() -> None:
    heavy = "{'httpx', 'genai_prices', 'huggingface_hub', 'xllamacpp'}"
    code = f"import sys, providers; sys.exit(bool({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
