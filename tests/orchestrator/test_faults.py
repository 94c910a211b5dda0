"""What a provider's troubles do to projects: the daemon, real HTTP on loopback, agents that take whatever they get."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agents.base import Agent
from orchestrator import crew as crew_module
from orchestrator.config import AgentProviders, Limits
from orchestrator.daemon import Orchestrator
from orchestrator.machine import Action
from orchestrator.view import Level
from providers import Gates, Provider, ProviderSettings, open_provider
from providers.failures import Kind
from providers.retries import RETRIES
from tests.fakes.asking import Asking, crew, in_turn
from tests.fakes.daemon import Heard, delete, drop, settings, state, until, until_status
from tests.fakes.llm import Answer, Asked, FakeLLM
from tests.fakes.loopback import (
    IMPATIENT,
    PATIENT,
    assert_all_is_booked,
    daemon,
    journal,
    no_waiting,
    provider,
    usage,
    working,
)

Trio = tuple[Agent, Agent, Agent]
LONG = "All work and no play makes for a long answer, number by number. " * 5
SOON = timedelta(seconds=0.1)


@pytest.fixture
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is down is looked at again after a moment instead of half a minute."""
    monkeypatch.setattr("orchestrator.trouble.SOON", SOON)
    monkeypatch.setattr("orchestrator.crew.FAILED_FOR", 0.05)
    monkeypatch.setattr("providers.breaker.PROBE", 0.05)


@dataclass(frozen=True)
class Trouble:
    """What a server does to the Engineer's calls, and how the project takes it."""

    answer: Answer
    status: str
    """While the trouble lasts."""
    says: str
    requests: int
    """The failed ones, until the project comes to rest."""


TROUBLES = {
    "server error": Trouble(
        Answer(status=500, body={"error": "engine died"}), "waiting", "engine died", RETRIES[Kind.SERVER].tries
    ),
    "too many requests": Trouble(
        Answer(status=429, body={"error": "slow down"}, headers={"Retry-After": "30"}),
        "waiting",
        "too many requests",
        RETRIES[Kind.RATE].tries,
    ),
    "overloaded": Trouble(
        Answer(status=503, body={"error": "busy"}), "waiting", "server busy", RETRIES[Kind.BUSY].tries
    ),
    "stall": Trouble(
        Answer(LONG, stall_after=60), "waiting", "in the middle of the answer", RETRIES[Kind.TIMEOUT].tries
    ),
    "silence": Trouble(Answer(LONG, stall_after=0), "waiting", "no first token", RETRIES[Kind.TIMEOUT].tries),
    "dropped": Trouble(Answer(LONG, cut_after=60), "waiting", "connection dropped", RETRIES[Kind.DROPPED].tries),
    "no finish reason": Trouble(
        Answer(LONG, finish=None), "failed", "without a finish reason", RETRIES[Kind.TRUNCATED].tries
    ),
    "a page": Trouble(
        Answer(body="<html><p>Please log in"), "waiting", "points at a server of type", RETRIES[Kind.PAGE].tries
    ),
    "repetition": Trouble(Answer("again and " * 2000, piece=200), "failed", "turned into noise", 2),
    "only thinking": Trouble(Answer("", reasoning="Hmm. ", finish="length"), "failed", "turned into noise", 2),
    "quota": Trouble(Answer(status=402, body={"error": "pay"}), "waiting", "add credit", 1),
    "key": Trouble(Answer(status=401, body={"error": "who?"}), "waiting", "refused the key", 1),
    "no model": Trouble(
        Answer(status=404, body={"error": "model 'fake' not found"}), "waiting", "model 'fake' not found", 1
    ),
    "rejected": Trouble(Answer(status=400, body={"error": "bad roles"}), "failed", "bad roles", 1),
    "quota by another code": Trouble(
        Answer(status=429, body={"error": {"code": "insufficient_quota", "message": "pay"}}), "waiting", "add credit", 1
    ),
    "context": Trouble(
        Answer(status=400, body={"error": {"message": "This model's maximum context length is small."}}),
        "failed",
        "raise context_length",
        1,
    ),
    "blank": Trouble(Answer("   "), "failed", "the answer is blank", RETRIES[Kind.BAD_BODY].tries),
    "error in the middle": Trouble(
        Answer(LONG, error_after=60, error="engine died"), "waiting", "engine died", RETRIES[Kind.SERVER].tries
    ),
    "error instead of an answer": Trouble(
        Answer(LONG, error_after=0, error={"message": "out of order", "code": 503}),
        "waiting",
        "out of order",
        RETRIES[Kind.BUSY].tries,
    ),
    "no JSON in the middle": Trouble(
        Answer(LONG, garbage="data: {oops"), "failed", "unreadable", RETRIES[Kind.BAD_BODY].tries
    ),
    "moved": Trouble(Answer(status=302, body="", headers={"Location": "/elsewhere"}), "failed", "302", 1),
    "orderly close": Trouble(
        Answer(LONG, cut_after=60, cut="close"), "waiting", "connection dropped", RETRIES[Kind.DROPPED].tries
    ),
    "white space for ever": Trouble(Answer("x" + "\n" * 5000, piece=200), "failed", "turned into noise", 2),
}


def only_for(name: str, answer: Answer) -> Callable[[Asked], Answer]:
    """`answer` to the Engineer of the project `name`; all others are served."""
    return lambda asked: answer if name in asked.text and "Engineer" in asked.system else Answer("fine")


def clocks(answer: Answer) -> Mapping[str, Any]:
    """Short ones for an answer that must run into them: a busy machine runs into these with any other too."""
    return PATIENT if answer.stall_after is None else IMPATIENT


class Hasty(Heard):
    """A person who touches a file as soon as the daemon says that it watches."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def say(self, text: str, *, project: str | None = None, level: Level = Level.INFO) -> None:
        super().say(text, project=project, level=level)
        if "watching" in text:
            self.path.touch()


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_trouble_holds_its_project_alone_costs_no_iteration_and_is_booked(
    tmp_path: Path, trouble: Trouble
) -> None:
    heard = Heard()
    async with FakeLLM(only_for("troubled", trouble.answer)) as llm:
        async with working(daemon(tmp_path, crew(provider(llm.url, **clocks(trouble.answer))), heard)):
            drop(tmp_path, "troubled", "troubled\n")
            await until_status(tmp_path, "troubled", "waiting", "failed")
            drop(tmp_path, "other", "other\n")
            await until_status(tmp_path, "other", "completed")
        held = state(tmp_path, "troubled")
        assert (held["status"], held["iteration"], held["current_phase"]) == (trouble.status, 1, "engineering")
        assert trouble.says in held["error"], heard.text()
        assert held["hint"] or "touch" in held["error"]
        engineer = [asked for asked in llm.requests if "troubled" in asked.text and "Engineer" in asked.system]
        assert len(engineer) == trouble.requests
        assert_all_is_booked(tmp_path, "troubled", llm)

        llm.reply, heard = "fine", Hasty(tmp_path / "troubled/02_plan/PLAN.md")
        async with working(daemon(tmp_path, crew(provider(llm.url)), heard)):
            await until_status(tmp_path, "troubled", "completed")
        assert state(tmp_path, "troubled")["iteration"] == 1
        assert_all_is_booked(tmp_path, "troubled", llm)
        assert usage(tmp_path, "troubled")["by_agent"]["architect"]["calls"] == 1


PASSING = {
    "server errors": Answer(status=500, body={"error": "engine died"}),
    "drops": Answer(LONG, cut_after=60),
    "stalls": Answer(LONG, stall_after=60),
    "pages": Answer(body="<html>502"),
    "no finish reason": Answer(LONG, finish=None),
    "done is false": Answer(LONG, done=False, finish=None),
    "errors in the middle": Answer(LONG, error_after=60, error="engine died"),
    "orderly closes": Answer(LONG, cut_after=60, cut="close"),
    "too many requests": Answer(status=429, body={"error": "slow down"}, headers={"Retry-After": "1"}),
    "overload": Answer(status=503, body={"error": "busy"}),
    "blank": Answer(" "),
}


@pytest.mark.parametrize("type_", ["openai", "ollama"])
@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
async def test_trouble_that_passes_is_never_noticed_but_in_the_books(
    tmp_path: Path, answer: Answer, type_: str
) -> None:
    heard = Heard()

    def every_second_time(asked: Asked) -> Answer:
        return answer if asked.number % 2 else Answer("fine")

    async with FakeLLM(every_second_time) as llm:
        agents = crew(provider(llm.url, type_, **clocks(answer)), score=in_turn((4.0, 9.0)))
        drop(tmp_path, "x", "x\n")
        assert await daemon(tmp_path, agents, heard).run(until_idle=True) == 0
        assert len(llm.requests) == 10
        assert_all_is_booked(tmp_path, "x", llm)
    assert state(tmp_path, "x")["iteration"] == 2
    assert [entry["outcome"] for entry in journal(tmp_path, "x")] == ["failed", "ok"] * 5


async def test_an_answer_that_only_drips_is_waited_for(tmp_path: Path) -> None:
    async with FakeLLM(Answer("x" * 60, piece=3, pause=0.07)) as llm:
        drop(tmp_path, "x", "x\n")
        agents = crew(provider(llm.url, first_token_timeout=1.0, silence_timeout=1.0))
        assert await daemon(tmp_path, agents, Heard()).run(until_idle=True) == 0
        assert len(llm.requests) == 3
    assert journal(tmp_path, "x")[0]["seconds"] > 1.0


async def test_a_moment_that_the_server_asked_for_is_waited_and_is_no_time_of_work(tmp_path: Path) -> None:
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)
        await asyncio.sleep(0)

    soon = Answer(status=429, body={"error": "soon"}, headers={"Retry-After": "7"})
    async with FakeLLM(lambda asked: soon if asked.number == 2 else Answer("fine")) as llm:
        entry = {"name": "local", "type": "openai", "base_url": llm.url, "model": "fake"}
        drop(tmp_path, "x", "x\n")
        agents = crew(open_provider(ProviderSettings.model_validate(entry), sleep=pause))
        assert await daemon(tmp_path, agents, Heard()).run(until_idle=True) == 0
        assert_all_is_booked(tmp_path, "x", llm)
    assert sum(waited) >= 7
    assert state(tmp_path, "x")["iteration"] == 1


@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_an_answer_that_was_cut_or_censored_is_the_agents_business_and_booked_once(
    tmp_path: Path, finish: str
) -> None:
    async with FakeLLM(Answer("half an ans", finish=finish)) as llm:
        drop(tmp_path, "x", "x\n")
        assert await daemon(tmp_path, crew(provider(llm.url)), Heard()).run(until_idle=True) == 0
        assert_all_is_booked(tmp_path, "x", llm)
    assert [entry["finish"] for entry in journal(tmp_path, "x")] == [finish] * 3


async def test_an_hour_that_the_server_asked_for_is_kept_in_the_state_and_no_request_is_made(tmp_path: Path) -> None:
    later = Answer(status=429, body={"error": "later"}, headers={"Retry-After": "3600"})
    async with FakeLLM(later) as llm:
        async with working(daemon(tmp_path, crew(provider(llm.url)), Heard())):
            drop(tmp_path, "x", "x\n")
            await until_status(tmp_path, "x", "waiting")
            drop(tmp_path, "y", "y\n")
            await until_status(tmp_path, "y", "waiting")
            await asyncio.sleep(0.5)  # several rescans
        assert len(llm.requests) == 1
        for name in ("x", "y"):
            left = datetime.fromisoformat(state(tmp_path, name)["not_before"]) - datetime.now(UTC)
            assert timedelta(minutes=59) < left <= timedelta(hours=1)


@pytest.mark.parametrize("wait", ["1e15", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_a_wait_that_is_nonsense_is_an_hour(tmp_path: Path, wait: str) -> None:
    later = Answer(status=429, body={"error": "later"}, headers={"Retry-After": wait})
    async with FakeLLM(later) as llm:
        drop(tmp_path, "x", "x\n")
        assert await daemon(tmp_path, crew(provider(llm.url)), Heard()).run(until_idle=True) == 1
    held = state(tmp_path, "x")
    assert held["status"] == "waiting", held["error"]
    assert datetime.fromisoformat(held["not_before"]) - datetime.now(UTC) <= timedelta(hours=1)


# --- down and back


@pytest.mark.usefixtures("_in_a_hurry")
async def test_twenty_minutes_without_a_server_cost_nothing(tmp_path: Path) -> None:
    """40 tries, one every tenth of a second instead of every half minute."""
    heard = Heard()
    llm = FakeLLM("fine")
    await llm.start()
    port = int(llm.url.rpartition(":")[2])
    agents = crew(provider(llm.url), score=in_turn((4.0, 9.0)))
    async with working(daemon(tmp_path, agents, heard)):
        drop(tmp_path, "first", "first\n")
        await until_status(tmp_path, "first", "completed")
        await llm.stop()
        for name in ("a", "b", "c"):
            drop(tmp_path, name, f"{name}\n")
        for name in ("a", "b", "c"):
            await until_status(tmp_path, name, "waiting")
        looks = len(works(agents))
        await until(lambda: len(works(agents)) >= looks + 40)
        for name in ("a", "b", "c"):
            held = state(tmp_path, name)
            assert (held["status"] in ("waiting", "planning"), held["iteration"]) == (True, 0)
            assert len(list((tmp_path / name).glob(".tumbler/journal/*.json"))) <= 1
        llm = FakeLLM("fine")
        await llm.start(port)
        for name in ("a", "b", "c"):
            await until_status(tmp_path, name, "completed")
    await llm.stop()
    for name in ("a", "b", "c"):
        assert state(tmp_path, name)["iteration"] == 2
        assert usage(tmp_path, name)["by_agent"]["architect"]["calls"] <= 2


def works(agents: Trio) -> list[Any]:
    return [work for agent in agents if isinstance(agent, Asking) for work in agent.works]


@pytest.mark.usefixtures("_in_a_hurry")
async def test_a_server_that_dies_in_the_middle_of_an_answer_is_waited_for(tmp_path: Path) -> None:
    llm = FakeLLM(lambda asked: Answer(LONG, stall_after=60) if "Verifier" in asked.system else Answer("fine"))
    await llm.start()
    port = int(llm.url.rpartition(":")[2])
    async with working(daemon(tmp_path, crew(provider(llm.url)), Heard())):
        drop(tmp_path, "x", "x\n")
        await until(lambda: len(llm.requests) == 3)
        await llm.stop()
        await until_status(tmp_path, "x", "waiting")
        llm = FakeLLM("fine")
        await llm.start(port)
        await until_status(tmp_path, "x", "completed")
    await llm.stop()
    outcomes = [entry["outcome"] for entry in journal(tmp_path, "x")]
    assert outcomes.count("ok") == 3
    assert set(outcomes[3:]) <= {"failed", "ok"}
    assert state(tmp_path, "x")["iteration"] == 1


# --- one project's trouble is not another's


async def test_calls_that_say_nothing_for_ever_do_not_hold_up_other_projects(tmp_path: Path) -> None:
    async with FakeLLM(only_for("silent", Answer(LONG, stall_after=0))) as llm:
        patient = provider(llm.url, max_concurrency=4)
        async with working(daemon(tmp_path, crew(patient), Heard())):
            for number in range(3):
                drop(tmp_path, f"silent{number}", "silent\n")
            await until(lambda: len(llm.requests) == 6)
            for number in range(5):
                drop(tmp_path, f"other{number}", "other\n")
            for number in range(5):
                await until_status(tmp_path, f"other{number}", "completed")
            assert all(state(tmp_path, f"silent{number}")["status"] == "engineering" for number in range(3))


async def test_a_project_that_keeps_trying_again_leaves_its_place_to_others_meanwhile(tmp_path: Path) -> None:
    """One call at a time, as with Ollama; its pauses are what others use."""
    pausing, go_on = asyncio.Event(), asyncio.Event()

    async def pause(seconds: float) -> None:
        pausing.set()
        await go_on.wait()

    async with FakeLLM(only_for("troubled", Answer(LONG, cut_after=60))) as llm:
        entry = {"name": "local", "type": "ollama", "base_url": llm.url, "model": "fake"}
        slow = open_provider(ProviderSettings.model_validate(entry), sleep=pause)
        async with working(daemon(tmp_path, crew(slow), Heard())):
            drop(tmp_path, "troubled", "troubled\n")
            await asyncio.wait_for(pausing.wait(), 60)
            drop(tmp_path, "other", "other\n")
            await until_status(tmp_path, "other", "completed")
            assert state(tmp_path, "troubled")["status"] == "engineering"
            go_on.set()
            await until_status(tmp_path, "troubled", "waiting")


async def test_a_project_deleted_during_a_call_ends_without_a_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    async with FakeLLM(only_for("gone", Answer(LONG, stall_after=60))) as llm:
        async with working(daemon(tmp_path, crew(provider(llm.url)), heard)):
            drop(tmp_path, "gone", "gone\n")
            await until(lambda: len(llm.requests) == 2)
            delete(tmp_path / "gone")
            await until(lambda: llm.hung_up == 1)
            drop(tmp_path, "other", "other\n")
            await until_status(tmp_path, "other", "completed")
        gc.collect()
    assert not (tmp_path / "gone").exists()
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


# --- several providers, as config.yaml says


@pytest.fixture
def _scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon opens the providers of its configuration; only the agents over them are scripted."""
    roles = {Action.PLAN: "Architect", Action.BUILD: "Engineer", Action.VERIFY: "Verifier"}

    def make(action: Action, provider: Provider, *_: object) -> Agent:
        return Asking(provider, roles[action])

    def opened(settings: ProviderSettings, gates: Gates) -> Provider:
        return open_provider(settings, gates=gates, sleep=no_waiting)

    monkeypatch.setattr(crew_module, "_make", make)
    monkeypatch.setattr(crew_module, "open_provider", opened)


def entry(url: str, type_: str = "openai", model: str = "fake") -> ProviderSettings:
    return ProviderSettings(type=type_, base_url=url, model=model, first_token_timeout=5.0)


def choosing(name: str) -> str:
    return f"agent_providers: {{architect: {name}, engineer: {name}, verifier: {name}}}\n"


@pytest.mark.usefixtures("_scripted", "_in_a_hurry")
async def test_while_one_provider_is_down_the_projects_of_the_other_go_on(tmp_path: Path) -> None:
    heard = Heard()
    async with FakeLLM("fine") as up:
        down = FakeLLM("fine")
        await down.start()
        port = int(down.url.rpartition(":")[2])
        await down.stop()
        config = settings(rescan_seconds=0.1, providers={"up": entry(up.url), "down": entry(down.url)})
        async with working(Orchestrator(tmp_path, config=config, view=heard)):
            for name in ("down1", "up1", "down2", "up2"):
                drop(tmp_path, name, f"{name}\n")
                (tmp_path / name / "tumbler.yaml").write_text(choosing(name[:-1]))
            for name in ("up1", "up2"):
                await until_status(tmp_path, name, "completed")
            for name in ("down1", "down2"):
                await until_status(tmp_path, name, "waiting")
                held = state(tmp_path, name)
                assert held["error"].startswith("Provider health check failed: down: nothing answers")
                assert held["iteration"] == 0
            drop(tmp_path, "up3", "up3\n")
            (tmp_path / "up3" / "tumbler.yaml").write_text(choosing("up"))
            await until_status(tmp_path, "up3", "completed")
            back = FakeLLM("fine")
            await back.start(port)
            for name in ("down1", "down2"):
                await until_status(tmp_path, name, "completed")
            await back.stop()
    for name in ("down1", "down2"):
        assert [entry["outcome"] for entry in journal(tmp_path, name)] == ["ok"] * 3
    waits = [text for project, text, _ in heard.lines if project == "down1" and "waiting" in text]
    assert len(waits) == 1, "it is said once, however long it lasts"


@asynccontextmanager
async def mute(port: int) -> AsyncIterator[None]:
    """A server that takes every connection and never says a word."""
    taken: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: taken.append(writer), "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for writer in taken:
            writer.transport.abort()


@pytest.mark.usefixtures("_scripted", "_in_a_hurry")
async def test_projects_whose_server_hangs_when_asked_how_it_is_keep_nobody_from_being_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.shell.LOOKED_AT_AT_ONCE", 2)
    async with FakeLLM("fine") as up, FakeLLM("fine") as lost:
        port = int(lost.url.rpartition(":")[2])
        await lost.stop()
        hung = entry(lost.url).model_copy(update={"connect_timeout": 60.0})
        config = settings(rescan_seconds=0.1, providers={"up": entry(up.url), "hung": hung})
        async with working(Orchestrator(tmp_path, config=config, view=Heard())):
            for name in ("hung1", "hung2", "hung3"):
                drop(tmp_path, name, f"{name}\n")
                (tmp_path / name / "tumbler.yaml").write_text(choosing("hung"))
            for name in ("hung1", "hung2", "hung3"):
                await until_status(tmp_path, name, "waiting")
            async with mute(port):
                await asyncio.sleep(0.5)  # several rescans, in which all of them ask
                drop(tmp_path, "up", "up\n")
                (tmp_path / "up" / "tumbler.yaml").write_text(choosing("up"))
                await until_status(tmp_path, "up", "completed")


@pytest.mark.usefixtures("_scripted", "_in_a_hurry")
async def test_auto_goes_on_with_the_next_provider_when_the_first_one_dies(tmp_path: Path) -> None:
    async with FakeLLM("fine") as second:
        first = FakeLLM(lambda asked: Answer(LONG, stall_after=0) if "Engineer" in asked.system else Answer("fine"))
        await first.start()
        config = settings(rescan_seconds=0.1, providers={"first": entry(first.url), "second": entry(second.url)})
        async with working(Orchestrator(tmp_path, config=config, view=Heard())):
            drop(tmp_path, "x", "x\n")
            await until(lambda: len(first.requests) == 2)
            await first.stop()
            await until_status(tmp_path, "x", "completed")
    assert {row["agent"]: row["provider"] for row in usage(tmp_path, "x")["history"] if row["outcome"] == "ok"} == {
        "architect": "first",
        "engineer": "second",
        "verifier": "second",
    }
    assert state(tmp_path, "x")["iteration"] == 1


@pytest.mark.usefixtures("_scripted")
async def test_ten_projects_on_two_models_of_one_ollama_change_the_model_less_than_ten_times(tmp_path: Path) -> None:
    """Three calls of a project, one after the other, would change it twenty times."""
    async with FakeLLM(Answer("fine", delay=0.02), models=["planner", "coder"]) as llm:
        providers = {name: entry(llm.url, "ollama", name) for name in ("planner", "coder")}
        config = settings(
            providers=providers,
            agent_providers=AgentProviders(architect="planner", engineer="coder", verifier="planner"),
            limits=Limits(max_concurrent_projects=16),
        )
        for number in range(10):
            drop(tmp_path, f"p{number}", f"p{number}\n")
        heard = Heard()
        assert await Orchestrator(tmp_path, config=config, view=heard).run(until_idle=True) == 0, heard.text()
        models = [asked.body["model"] for asked in llm.requests]
    assert len(models) == 30
    assert sum(one != other for one, other in pairwise(models)) < 10


@pytest.mark.usefixtures("_scripted")
async def test_a_server_with_another_model_than_configured_holds_its_projects_until_it_has_it(tmp_path: Path) -> None:
    async with FakeLLM("fine", models=["another"]) as llm:
        config = settings(rescan_seconds=0.1, providers={"local": replace_model(entry(llm.url, "ollama"), "wanted")})
        orchestrator = Orchestrator(tmp_path, config=config, view=Heard())
        drop(tmp_path, "x", "x\n")
        assert await orchestrator.run(until_idle=True) == 1
        held = state(tmp_path, "x")
        assert held["status"] == "waiting"
        assert "ollama pull wanted" in held["error"]
        assert llm.requests == []
        llm.models.append("wanted")
        heard = Heard()
        assert await Orchestrator(tmp_path, config=config, view=heard).run(until_idle=True) == 0, heard.text()


def replace_model(settings: ProviderSettings, model: str) -> ProviderSettings:
    return settings.model_copy(update={"model": model})
