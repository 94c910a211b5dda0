"""Settings: the defaults, config.yaml, tumbler.yaml, and what is said about wrong ones."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from agents.verification.settings import VerificationSettings
from orchestrator.config import Config, Limits, ProjectLimits
from orchestrator.config_error import ConfigError
from orchestrator.config_file import find, for_project, load
from providers.settings import Prices, ProviderSettings

SHIPPED = Path(__file__).parents[2] / "config.yaml"

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes) -> Path:
        path = tmp_path / "config.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def complaint(path: Path) -> str:
    with pytest.raises(ConfigError) as raised:
        load(path)
    return str(raised.value)


def test_the_shipped_file_says_exactly_the_defaults() -> None:
    shipped = load(SHIPPED)
    assert shipped.model_copy(update={"workspace": Path("projects")}) == Config()


def test_the_shipped_file_writes_out_every_value_but_those_of_the_providers() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    for section in ("agent_providers", "limits", "watch", "verification", "architect", "engineer"):
        values = getattr(Config(), section)
        for name, value in values.model_dump().items():
            written = "" if isinstance(value, dict) else str(value if value is not None else "null")
            assert re.search(rf"(?im)^  +{name}: *{re.escape(written.removesuffix('.0'))}", text), name


def test_the_shipped_file_mentions_every_key() -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    models: tuple[type[BaseModel], ...] = (Config, Limits, VerificationSettings, ProviderSettings, Prices)
    missing = [f"{m.__name__}.{name}" for m in models for name in m.model_fields if not re.search(rf"\b{name}\b", text)]
    assert missing == []


def test_the_order_of_the_providers_is_that_of_the_file() -> None:
    assert list(load(SHIPPED).providers) == list(Config().providers)
    assert list(Config().providers)[-1] == "embedded"


def test_providers_know_their_names() -> None:
    assert all(settings.name == name for name, settings in Config().providers.items())


def test_an_empty_file_means_the_defaults(write: Write) -> None:
    assert load(write("# nothing\n")).model_copy(update={"workspace": Path("projects")}) == Config()


def test_the_workspace_is_relative_to_the_file(write: Write, tmp_path: Path) -> None:
    assert load(write("workspace: elsewhere")).workspace == tmp_path / "elsewhere"
    assert load(write(f"workspace: {tmp_path}/x")).workspace == tmp_path / "x"


def test_without_a_file_the_workspace_is_projects_in_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find() is None
    assert load(None).workspace == tmp_path / "projects"


def test_the_current_directory_comes_before_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    monkeypatch.chdir(here)
    (home / "config.yaml").touch()
    assert find(None, home) == home / "config.yaml"
    (here / "config.yaml").touch()
    assert find(None, home) == here / "config.yaml"
    assert find(tmp_path / "named.yaml", home) == tmp_path / "named.yaml"


def test_unlimited_is_a_word_and_means_infinity(write: Write) -> None:
    limits = load(write("limits: {max_tokens: unlimited, max_cost: 2, daily: {max_calls: unlimited}}")).limits
    assert (limits.max_tokens, limits.max_cost, limits.daily.max_calls) == (math.inf, 2, math.inf)


def test_limits_left_out_are_finite_but_for_the_minutes_of_a_day() -> None:
    assert all(value < math.inf for _, value in ProjectLimits())


@pytest.mark.parametrize("value", ["0", "-1", "", "null", ".inf", ".nan", "true", "'5'", "endless", "[]"])
@pytest.mark.parametrize("key", ["max_tokens", "max_cost", "max_minutes", "max_calls"])
def test_no_other_value_means_endless(write: Write, key: str, value: str) -> None:
    text = complaint(write(f"limits:\n  {key}: {value}\n"))
    assert f"line 2, column 3: limits.{key} must be a number above 0 or the word `unlimited`" in text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("quality_treshold: 8", "column 1: quality_treshold is not a known key; did you mean `quality_threshold`?"),
        ("quality_threshold: -3", "must be greater than 0, not -3; for example `quality_threshold: 8.0`"),
        ("quality_threshold: 11", "must be less than or equal to 10, not 11"),
        ("quality_threshold: .nan", "must be a finite number"),
        ("quality_threshold: yes", "must be a valid number, not 'yes'"),
        ("quality_threshold: true", "must be a valid number, not True"),
        ("max_iterations: 0", "must be greater than or equal to 1, not 0; for example `max_iterations: 10`"),
        ("max_iterations: 5.5", "must be a valid integer, not 5.5"),
        ("max_iterations:", "must be a valid integer, but is empty"),
        ("\n\nwatch: {polling: of}", "line 3, column 9: watch.polling must be 'auto', 'always' or 'never', not 'of'"),
        ("watch: 3", "watch must be a list of `key: value` lines, indented below it"),
        ("limits:\n  max_tokns: 1", "column 3: limits.max_tokns is not a known key; did you mean `max_tokens`?"),
        ("watch: {xyzzy: 1}", "known here: debounce_seconds, rescan_seconds, polling"),
        ("agent_providers: {engineer: ollama_codr}", "`ollama_codr` is none of the providers"),
        ("agent_providers: {engineer: ollama_codr}", "did you mean `ollama_coder`?"),
        ("providers: {a: {type: ollama, modle: x}}", "providers.a.modle is not a known key; did you mean `model`?"),
        ("providers: {a: {type: olama}}", "`olama` is none of the types: embedded, ollama, openai, vllm; did you mean"),
        ("providers: {a: {model: x}}", "line 1, column 13: providers.a.type is missing"),
        ("providers: {a: {type: ollama, model: 1.5}}", "must be text; put 1.5 in quotes"),
        ("providers: {a: {type: ollama, base_url: localhost:1}}", "must start with http:// or https://"),
        ("providers: {auto: {type: ollama}}", "cannot hold the name 'auto'"),
        ("providers: {a: {type: ollama, name: b}}", "the key above it is the name"),
        ("providers: {}", "providers needs at least one entry"),
        ("workspace: [a]", "workspace must be a path; for example `workspace: projects`"),
        ("limits:\n\tmax_calls: 1", "line 2, column 1: is indented with a tab; YAML wants spaces"),
        ("max_iterations: 1\nmax_iterations: 2", "line 2, column 1: `max_iterations` is there twice, first in line 1"),
        ("- a\n- b", "must be a list of `key: value` lines"),
        ("just words", "must be a list of `key: value` lines"),
        ("1: 2", "a key must be text; put it in quotes"),
        ("log_level: 'info", "is not valid YAML: "),
        ("log_level: *gone", "is not valid YAML: found undefined alias"),
        ("!!python/object/apply:os.system [true]", "is not valid YAML: could not determine a constructor"),
        ("a: &a [*a]", "has an alias inside the value it stands for"),
        ("a: " + "[" * 1000, "is nested too deeply"),
        ("a: 1\nb: \x07", "line 2, column 4: holds a control character; delete it"),
        (b"a: 1\nb: \xff\n", "line 2, column 4: is not UTF-8 text"),
        (b"#" * (1 << 21), "is 2,097,152 bytes long"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place_and_the_way_out(
    write: Write, content: str | bytes, expected: str
) -> None:
    path = write(content)
    assert str(path) in complaint(path)
    assert expected in complaint(path)


def test_the_line_is_shown_with_a_mark_below_the_place(write: Write) -> None:
    assert complaint(write("watch:\n  pollin: auto\n")).splitlines()[1:] == [
        "       2 |   pollin: auto",
        "         |   ^",
    ]


def test_all_problems_are_listed_in_the_order_of_the_file(write: Write) -> None:
    lines = complaint(write("max_iterations: 0\nnonsense: 1\nquality_threshold: 99\n")).splitlines()
    assert [line.split(": ")[0].split(", ", 1)[1] for line in lines if "column" in line] == [
        "line 1, column 1",
        "line 2, column 1",
        "line 3, column 1",
    ]


def test_a_bomb_of_aliases_is_refused_at_once(write: Write) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "more than 10,000 values once its aliases are written out" in complaint(write("\n".join(levels)))


def test_aliases_and_merge_keys_work(write: Write) -> None:
    config = load(write("providers:\n  a: &base {type: ollama, model: x}\n  b: {<<: *base, model: y}\n"))
    assert [(p.type, p.model) for p in config.providers.values()] == [("ollama", "x"), ("ollama", "y")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [("thinking: off", "off"), ("thinking: 2000", 2000), ("thinking: on", "on")],
)
def test_off_and_on_are_words(write: Write, content: str, expected: object) -> None:
    assert load(write(f"providers: {{a: {{type: ollama, {content}}}}}")).providers["a"].thinking == expected


def test_numbers_may_be_written_with_an_exponent_or_underscores(write: Write) -> None:
    limits = load(write("limits: {max_tokens: 1e6, max_calls: 1_000}")).limits
    assert (limits.max_tokens, limits.max_calls) == (1_000_000, 1_000)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_does_no_harm(write: Write, encoding: str) -> None:
    assert load(write("max_iterations: 3".encode(encoding))).max_iterations == 3


@pytest.mark.parametrize("line", ["api_key: sk-12345", "api_key_env: sk_12345", "password: hunter2"])
def test_a_key_written_into_the_file_is_not_repeated(write: Write, line: str) -> None:
    text = complaint(write(f"providers:\n  a:\n    type: openai\n    {line}\n"))
    assert "line 4" in text
    assert "12345" not in text
    assert "hunter2" not in text


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    text = complaint(tmp_path / "missing.yaml")
    assert "there is no such file" in text
    assert f"config > {tmp_path / 'missing.yaml'}" in text


def test_a_directory_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read" in complaint(tmp_path)


def test_auto_tries_all_providers_in_order_and_a_name_only_itself(write: Write) -> None:
    config = load(write("agent_providers: {engineer: embedded}"))
    assert config.candidates("engineer") == ("embedded",)
    assert config.candidates("architect") == tuple(config.providers)


def test_a_project_lays_its_own_settings_over_those_of_the_daemon(write: Write) -> None:
    config = load(write("limits: {max_cost: 1, max_calls: 7}\nverification: {lint: false}\n"))
    own = for_project(
        config,
        "max_iterations: 3\nlimits: {max_cost: unlimited}\nagent_providers: {verifier: embedded}\n"
        "verification: {coverage: false}\n",
    )
    assert own.max_iterations == 3
    assert own.quality_threshold == config.quality_threshold
    assert (own.limits.max_cost, own.limits.max_calls) == (math.inf, 7)
    assert own.limits.daily == config.limits.daily
    assert (own.agent_providers.verifier, own.agent_providers.engineer) == ("embedded", "auto")
    assert (own.verification.coverage, own.verification.lint) == (False, False)
    assert own.providers == config.providers


def test_an_empty_tumbler_yaml_changes_nothing() -> None:
    assert for_project(Config(), "") == Config()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("watch: {polling: never}", "watch is not a known key; known here: agent_providers, quality_threshold"),
        ("limits: {daily: {max_cost: 1}}", "limits.daily is not a known key"),
        ("limits: {max_cost: 0}", "line 1, column 10: limits.max_cost must be a number above 0"),
        ("agent_providers: {engineer: embeded}", "did you mean `embedded`?"),
        ("limits: 5", "limits must be a list of `key: value` lines"),
        ("a:\n\tb: 1", "tumbler.yaml, line 2, column 1: is indented with a tab"),
    ],
)
def test_a_projects_settings_are_checked_alike(content: str, expected: str) -> None:
    with pytest.raises(ConfigError) as raised:
        for_project(Config(), content)
    assert expected in str(raised.value)
    assert str(raised.value).startswith("tumbler.yaml, line ")


def test_a_log_gets_all_problems_in_one_line_without_the_lines_of_the_file() -> None:
    with pytest.raises(ConfigError) as raised:
        for_project(Config(), "limits: {max_cost: 0}\nmax_iteratons: 3\n")
    assert raised.value.brief == (
        "tumbler.yaml, line 1, column 10: limits.max_cost must be a number above 0 or the word `unlimited`, "
        "not 0; for example `max_cost: 5.0`; "
        "tumbler.yaml, line 2, column 1: max_iteratons is not a known key; did you mean `max_iterations`?"
    )
