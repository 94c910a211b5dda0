"""What `doctor` says about settings, machine and providers, and what mends what is missing."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from orchestrator.config import AgentProviders, Config
from orchestrator.doctor import Check, Checkup, Verdict, examine
from orchestrator.doctor_machine import disk_check, events_checks, sandbox_check, watches_check, workspace_check
from orchestrator.doctor_profiles import Chosen
from orchestrator.doctor_providers import provider_checks
from orchestrator.tables import checkup_table
from providers import (
    Blocked,
    Completion,
    FinishReason,
    Health,
    Listener,
    ModelNotFound,
    ProviderError,
    Request,
    Silent,
    Unavailable,
    Usage,
)
from providers.settings import ProviderSettings

OK, WARNING, FAILED = Verdict.OK, Verdict.WARNING, Verdict.FAILED


class Fake:
    """A provider that is as well as it is told to be."""

    def __init__(self, name: str, health: Health | ProviderError, answer: ProviderError | None = None) -> None:
        self.name = name
        self.model = "m"
        self.context_tokens = 4096
        self.max_output_tokens = 1000
        self.profile = "auto"
        self.calls: list[Request] = []
        self.closed = False
        self._health = health
        self._answer = answer

    async def health(self) -> Health:
        if isinstance(self._health, ProviderError):
            raise self._health
        return self._health

    async def complete(self, request: Request, listener: Listener = Silent()) -> Completion:  # noqa: B008
        self.calls.append(request)
        if self._answer:
            raise self._answer
        return Completion("one two", FinishReason.STOP, Usage(9, 40), self.name, self.model, seconds=2.0)

    async def aclose(self) -> None:
        self.closed = True


def configured(*names: str, **agents: str) -> Config:
    providers = {name: ProviderSettings(type="ollama", model="m") for name in names}
    return Config(providers=providers, agent_providers=AgentProviders(**agents))


async def examined(config: Config, fakes: Mapping[str, Fake], *, call: bool = True) -> dict[str, Check]:
    checks = await provider_checks(config, call=call, note=lambda _: None, opener=lambda s: fakes[s.name])
    return {check.subject: check for check in checks}


WELL = Health("llama3.1:8b", context_tokens=32768)
DOWN = Unavailable("a: nothing answers at http://localhost:11434; start it with: ollama serve")


async def test_a_healthy_provider_shows_its_model_context_and_speed() -> None:
    checks = await examined(configured("a"), {"a": Fake("a", WELL)})
    assert checks["provider a"] == Check("provider a", OK, "llama3.1:8b, profile M, context 32,768 tokens")
    assert checks["engineer"] == Check("engineer", OK, "asks a")
    assert checks["speed of a"] == Check("speed of a", OK, "20 tokens/s; 40 tokens in 2.0 s")


async def test_the_documented_message_names_a_provider_that_does_not_answer() -> None:
    checks = await examined(configured("a", engineer="a"), {"a": Fake("a", DOWN)})
    assert checks["provider a"].verdict is FAILED
    assert checks["provider a"].text == "Provider health check failed: nothing answers at http://localhost:11434"
    assert checks["provider a"].mend == "ollama serve"
    assert checks["engineer"] == Check("engineer", FAILED, "has no healthy provider (a)", "ollama serve")
    assert "speed of a" not in checks


async def test_with_auto_the_first_healthy_one_is_used_and_the_others_are_warnings() -> None:
    fakes = {"a": Fake("a", DOWN), "b": Fake("b", WELL), "c": Fake("c", WELL)}
    checks = await examined(configured("a", "b", "c"), fakes)
    assert [checks[f"provider {name}"].verdict for name in "abc"] == [WARNING, OK, OK]
    assert {checks[agent].text for agent in ("architect", "engineer", "verifier")} == {"asks b"}
    assert [len(fakes[name].calls) for name in "abc"] == [0, 1, 0]


async def test_without_any_healthy_provider_every_agent_fails() -> None:
    checks = await examined(configured("a", "b"), {"a": Fake("a", DOWN), "b": Fake("b", ModelNotFound("b: no model"))})
    assert all(checks[agent].verdict is FAILED for agent in ("architect", "engineer", "verifier"))
    assert checks["engineer"].mend == "ollama serve"


async def test_the_next_command_is_one_whose_program_is_on_this_machine() -> None:
    here = Blocked("b: the engine cannot be loaded, for want of libx.so; install it with: sh install libx")
    missing = Unavailable("a: nothing answers; start it with: no-such-server serve")
    checks = await examined(configured("a", "b"), {"a": Fake("a", missing), "b": Fake("b", here)})
    assert checks["provider b"].text.endswith("for want of libx.so")
    assert {checks[agent].mend for agent in ("architect", "engineer", "verifier")} == {"sh install libx"}


async def test_what_is_said_of_all_agents_takes_one_line() -> None:
    config = configured("a")
    checks = await provider_checks(config, call=False, note=lambda _: None, opener=lambda s: Fake("a", WELL))
    console = Console(width=80, file=io.StringIO())
    with console.capture() as capture:
        console.print(checkup_table(Checkup(tuple(checks))))
    assert "architect, engineer, verifier  asks a" in capture.get()


async def test_no_call_asks_no_model() -> None:
    fake = Fake("a", WELL)
    checks = await examined(configured("a"), {"a": fake}, call=False)
    assert fake.calls == []
    assert "speed of a" not in checks


async def test_a_call_that_fails_is_a_failure() -> None:
    fake = Fake("a", WELL, Unavailable("a: the stream broke"))
    assert (await examined(configured("a"), {"a": fake}))["speed of a"] == Check(
        "speed of a", FAILED, "the stream broke"
    )


@pytest.mark.parametrize(
    ("health", "text"),
    [
        (Health("m", context_tokens=4096), "m, profile M, context 4,096 tokens: too small for more than toys"),
        (
            Health("m", context_tokens=32768, warnings=("it is quantised",)),
            "m, profile M, context 32,768 tokens; it is quantised",
        ),
        (Health("m"), "m, profile M, context 4,096 tokens: too small for more than toys"),
        (
            Health("m", context_tokens=32768, billions=1.54),
            "m, profile M though it has 1.5 billion parameters, context 32,768 tokens",
        ),
    ],
)
async def test_what_is_odd_about_a_healthy_provider_is_a_warning(health: Health, text: str) -> None:
    check = (await examined(configured("a"), {"a": Fake("a", health)}))["provider a"]
    assert (check.verdict, check.text) == (WARNING, text)


@pytest.mark.parametrize(
    ("setting", "health", "chosen", "better"),
    [
        ("auto", Health("coder:7b"), "M", "M"),
        ("auto", Health("coder:7b", billions=7.6), "M", "M"),
        ("auto", Health("coder:4b", billions=4.3), "S", "S"),
        ("auto", Health("coder:2b", billions=2.6), "XS", "XS"),
        ("auto", Health("coder:7b", billions=32.8), "M", "L"),
        ("auto", Health("coder:latest", billions=4.3), "M", "S"),
        ("auto", Health("coder:latest", billions=1.5), "M", "XS"),
        ("auto", Health("coder:latest", billions=32.8), "M", "L"),
        ("S", Health("coder:latest", billions=32.8), "S", "S"),
    ],
)
def test_a_profile_goes_by_the_setting_then_the_name_and_the_server_may_know_better(
    setting: str, health: Health, chosen: str, better: str
) -> None:
    found = Chosen.of(setting, health)
    assert (found.tier, found.better) == (chosen, better)


async def test_every_provider_is_closed(tmp_path: Path) -> None:
    fakes = {"a": Fake("a", DOWN), "b": Fake("b", WELL)}
    await examined(configured("a", "b"), fakes)
    assert all(fake.closed for fake in fakes.values())


async def test_an_embedded_model_that_is_not_there_yet_is_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fake = Fake("e", WELL)
    config = Config(providers={"e": ProviderSettings(type="embedded")})
    assert "fetched at the first call" in (await examined(config, {"e": fake}))["speed of e"].text
    assert fake.calls == []


async def test_wrong_settings_are_reported_and_the_machine_is_looked_at_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("max_iterations: 0", encoding="utf-8")
    checkup = await examine(path, (), workspace=tmp_path / "ws", call=False)
    assert not checkup.healthy
    assert checkup.checks[0].verdict is FAILED
    assert "line 1, column 1: max_iterations must be" in checkup.checks[0].text
    assert checkup.next.startswith("correct that line, then: ")
    subjects = {check.subject for check in checkup.checks}
    assert {"sandbox", "workspace", "disk", "uv", "node"} <= subjects
    assert not any(subject.startswith("provider") for subject in subjects)
    assert not (tmp_path / "ws").exists()


def test_a_checkup_ends_with_a_sentence_and_the_next_command() -> None:
    ok, warned = Check("a", OK, "x"), Check("b", WARNING, "y", "do y")
    failed, other = Check("c", FAILED, "z", "do z"), Check("d", FAILED, "z")
    assert Checkup((ok,)).summary == "Ready to work."
    assert Checkup((ok,)).next.endswith(" run")
    assert Checkup((ok, warned)).summary == "Ready to work, with 1 warning."
    assert Checkup((ok, warned, failed, other)).summary == "Not ready; to be mended first: c, d."
    assert Checkup((ok, warned, failed)).next == "do z"
    assert Checkup((other,)).next.startswith("mend d, then: ")


def test_the_document_is_json() -> None:
    told = json.loads(json.dumps(Checkup((Check("c", FAILED, "z", "do z"),)).document()))
    assert told["schema_version"] == 1
    assert told["healthy"] is False
    assert told["checks"] == [{"subject": "c", "verdict": "failed", "text": "z", "mend": "do z"}]


@pytest.mark.parametrize(("free", "verdict"), [(10 << 30, OK), (900 << 20, WARNING), (50 << 20, FAILED)])
def test_a_full_disk_is_noticed(free: int, verdict: Verdict) -> None:
    check = disk_check(Path("projects"), free)
    assert check.verdict is verdict
    assert bool(check.mend) == (verdict is not OK)


def test_a_workspace_that_is_missing_will_be_made_and_is_not_made_now(tmp_path: Path) -> None:
    check = workspace_check(tmp_path / "a" / "b")
    assert (check.verdict, check.text) == (OK, f"{tmp_path / 'a' / 'b'} will be made")
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_that_is_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "ws").touch()
    assert workspace_check(tmp_path / "ws").verdict is FAILED


def test_a_workspace_that_cannot_be_written_to_fails() -> None:
    check = workspace_check(Path("/proc/self"))
    assert check.verdict is FAILED
    assert "cannot be written to" in check.text
    assert check.mend


@pytest.mark.parametrize(
    ("watches", "instances", "projects", "verdict", "mend"),
    [
        (100_000, 128, 1000, OK, ""),
        (8_000, 128, 1000, WARNING, "sudo sysctl fs.inotify.max_user_watches=524288"),
        (100_000, 2, 10, WARNING, "sudo sysctl fs.inotify.max_user_instances=256"),
    ],
)
def test_inotify_limits_that_are_too_low_come_with_the_command(
    tmp_path: Path, watches: int, instances: int, projects: int, verdict: Verdict, mend: str
) -> None:
    (tmp_path / "max_user_watches").write_text(f"{watches}\n", encoding="ascii")
    (tmp_path / "max_user_instances").write_text(f"{instances}\n", encoding="ascii")
    check = watches_check(tmp_path, projects)
    assert (check.verdict, check.mend) == (verdict, mend)


def test_unknown_inotify_limits_are_a_warning(tmp_path: Path) -> None:
    assert watches_check(tmp_path, 1).verdict is WARNING


def test_with_polling_always_the_limits_do_not_matter(tmp_path: Path) -> None:
    config = Config().model_copy(update={"workspace": tmp_path})
    polling = config.model_copy(update={"watch": config.watch.model_copy(update={"polling": "always"})})
    (check,) = events_checks(polling, inotify=tmp_path)
    assert check.verdict is OK


def test_no_sandbox_is_never_passed_in_silence() -> None:
    check = sandbox_check("none")
    assert check.verdict is WARNING
    assert "auto" in check.mend
