"""Providers that share a server share its gate: real calls on loopback, and what cancelling leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest

from providers import Gates, Message, Provider, ProviderSettings, Request, open_provider
from providers.gate import Gate
from tests.fakes.llm import Answer, FakeLLM
from tests.providers.conftest import HELLO, Notes

Pair = Callable[..., tuple[Provider, Provider]]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """pair(llm, "ollama") opens two providers with a model each on that server."""
    opened: list[Provider] = []

    def make(llm: FakeLLM, type_: str, **settings: object) -> tuple[Provider, Provider]:
        gates = Gates()
        for model in ("planner", "coder"):
            entry = {"name": model, "type": type_, "base_url": llm.url, "model": model, **settings}
            opened.append(open_provider(ProviderSettings.model_validate(entry), gates=gates, sleep=_at_once))
        return opened[0], opened[1]

    yield make
    for provider in opened:
        await provider.aclose()


async def _at_once(seconds: float) -> None:
    await asyncio.sleep(0)


def models(llm: FakeLLM) -> list[str]:
    return [asked.body["model"] for asked in llm.requests]


def changes(llm: FakeLLM) -> int:
    asked = models(llm)
    return sum(one != other for one, other in pairwise(asked))


async def cycle(planner: Provider, coder: Provider) -> None:
    """One project's calls: plan, build, verify, build, verify."""
    for provider in (planner, coder, planner, coder, planner):
        await provider.complete(HELLO)


async def test_ten_projects_of_five_calls_change_the_model_less_often_than_there_are_projects(pair: Pair) -> None:
    async with FakeLLM(models=["planner", "coder"]) as llm:
        planner, coder = pair(llm, "ollama")
        await asyncio.gather(*(cycle(planner, coder) for _ in range(10)))
        assert len(llm.requests) == 50
        assert 4 <= changes(llm) < 10


async def test_servers_with_a_model_each_or_many_at_once_are_not_held_back(pair: Pair) -> None:
    async with FakeLLM(Answer("ok", delay=0.1), models=["planner", "coder"]) as llm:
        planner, coder = pair(llm, "openai", max_concurrency=1)
        await asyncio.gather(*(provider.complete(HELLO) for provider in (planner, coder)))
        assert llm.requests[1].at - llm.requests[0].at < 0.09


async def test_two_models_on_one_ollama_are_never_asked_at_the_same_time(pair: Pair) -> None:
    running: set[str] = set()
    together: list[set[str]] = []

    async with FakeLLM(Answer("ok", delay=0.02), models=["planner", "coder"]) as llm:

        async def ask(provider: Provider) -> None:
            class Watch(Notes):
                def progress(self, progress: object) -> None:
                    if "READING" in repr(progress):
                        running.add(provider.name)
                        together.append(set(running))

            await provider.complete(HELLO, Watch())
            running.discard(provider.name)

        planner, coder = pair(llm, "ollama", max_concurrency=2)
        await asyncio.gather(*(ask(provider) for provider in (planner, coder) * 6))
        assert len(llm.requests) == 12
    assert {frozenset(names) for names in together} == {frozenset({"planner"}), frozenset({"coder"})}


async def test_a_call_that_waits_to_try_again_lets_the_others_go_first(pair: Pair) -> None:
    def reply(asked: object) -> Answer:
        return Answer("", finish=None, done=False) if "trouble" in repr(asked) else Answer("fine")

    async with FakeLLM(reply, models=["planner", "coder"]) as llm:
        planner, _ = pair(llm, "ollama")
        troubled = asyncio.create_task(planner.complete(Request((Message("user", "trouble"),))))
        await asyncio.gather(*(planner.complete(HELLO) for _ in range(3)))
        with pytest.raises(Exception, match="finish reason"):
            await troubled
        order = ["trouble" in asked.text for asked in llm.requests]
    assert order[:4] == [True, False, False, False]
    assert order.count(True) == 4


async def test_the_names_of_this_machine_and_paths_are_one_server() -> None:
    gates = Gates()
    one = gates.at("http://localhost:11434")
    assert one is gates.at("http://127.0.0.1:11434/v1") is gates.at("http://[::1]:11434")
    assert gates.at("https://example.org") is gates.at("https://example.org:443/v1")
    assert one is not gates.at("http://localhost:8000")


class Played:
    """A gate and calls that are ended by hand."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.inside: list[str] = []
        self.queued: list[str] = []
        self.ahead: dict[str, list[int]] = {}

    def call(self, name: str, model: str = "a", at_once: int = 1) -> asyncio.Task[None]:
        def told(ahead: int) -> None:
            if name not in self.queued:
                self.queued.append(name)
            self.ahead.setdefault(name, []).append(ahead)

        async def hold() -> None:
            async with self.gate.turn(model, at_once, told):
                self.inside.append(name)
                try:
                    await asyncio.Event().wait()
                finally:
                    self.inside.remove(name)

        return asyncio.create_task(hold())


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await settle()


async def test_only_a_call_that_has_to_wait_is_told_so() -> None:
    played = Played()
    first, second = played.call("first"), played.call("second")
    await settle()
    assert (played.inside, played.queued) == (["first"], ["second"])
    await end(first)
    assert played.inside == ["second"]
    await end(second)


async def test_a_call_hears_each_time_that_fewer_others_begin_before_it() -> None:
    played = Played()
    first, second, third, fourth = (played.call(name) for name in ("first", "second", "third", "fourth"))
    await settle()
    await end(first)
    await end(third)
    assert played.ahead == {"second": [0], "third": [1, 0], "fourth": [2, 1, 0]}
    await end(second, fourth)


async def test_a_cancelled_call_leaves_the_queue_and_gives_back_its_place() -> None:
    played = Played()
    first, second, third = (played.call(name) for name in ("first", "second", "third"))
    await settle()
    await end(second)
    assert played.inside == ["first"]
    await end(first)
    assert played.inside == ["third"]
    await end(third)


async def test_a_call_cancelled_at_the_moment_it_is_let_in_gives_its_place_on() -> None:
    played = Played()
    first, second, third = (played.call(name) for name in ("first", "second", "third"))
    await settle()
    first.cancel()
    await asyncio.wait({first})  # the second one is let in, but has not run yet
    await end(second)
    assert played.inside == ["third"]
    await end(third)


async def test_a_call_cancelled_in_the_moment_in_which_a_place_becomes_free_gets_none() -> None:
    played = Played()
    first, second, third = (played.call(name) for name in ("first", "second", "third"))
    await settle()
    first.cancel()
    second.cancel()  # it still stands in the queue when the first one leaves
    await asyncio.wait({first, second})
    assert first.cancelled()
    assert second.cancelled()
    await settle()
    assert played.inside == ["third"]
    await end(third)


async def test_those_behind_a_call_that_wanted_the_server_alone_go_on_when_it_gives_up() -> None:
    played = Played()
    first, alone, other = played.call("first", at_once=2), played.call("alone"), played.call("other", at_once=2)
    await settle()
    assert played.inside == ["first"]
    await end(alone)
    assert played.inside == ["first", "other"]
    await end(first, other)


async def test_an_idle_server_changes_models_after_lingering() -> None:
    played = Played()
    first = played.call("first")
    await settle()
    await end(first)
    second = played.call("second", model="b")
    await settle()
    assert played.inside == []
    async with asyncio.timeout(60):
        while not played.inside:
            await asyncio.sleep(0.01)
    await end(second)
