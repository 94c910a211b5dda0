"""A model's calls in the journal: off the event loop, in their order, and on disk before the call is over."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.budget import Budget, BudgetExceeded
from orchestrator.calls import JournaledModel
from orchestrator.config import Limits
from orchestrator.files import DiskFull, Folder
from orchestrator.files.directory import DescriptorDirectory
from orchestrator.ledger import Ledger
from orchestrator.state import State
from orchestrator.usage import Today
from providers import Activity, Attempt, Completion, FinishReason, Listener, Message, Progress, Request, Silent, Usage
from tests.fakes.agents import ScriptedProvider

DESCRIPTORS = pytest.mark.skipif(os.name == "nt", reason="the disk is played at the level of descriptors")
SLOW = 0.2
"""Seconds that a slow disk takes to keep an entry."""


class Disk(DescriptorDirectory):
    """Is told when an entry of the journal gets its name; may take its time, or fail."""

    before_an_entry: Callable[[], None] = staticmethod(lambda: None)

    def _entry(self, name: str) -> None:
        if name.endswith(("-ok.json", "-failed.json", "-aborted.json")):
            Disk.before_an_entry()

    def link(self, old: str, new: str) -> None:
        self._entry(new)
        super().link(old, new)

    def rename(self, old: str, new: str) -> None:
        self._entry(new)
        super().rename(old, new)


@pytest.fixture(autouse=True)
def _disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("orchestrator.files.folder.DescriptorDirectory", Disk)
    yield
    Disk.before_an_entry = staticmethod(lambda: None)


class Failing(ScriptedProvider):
    """Fails `failures` times in each call before it answers; `between` is told of each try."""

    def __init__(self, failures: int, between: Callable[[], None] = lambda: None, tokens: int = 10) -> None:
        super().__init__()
        self.failures = failures
        self.between = between
        self.tokens = tokens

    async def complete(self, request: Request, listener: Listener | None = None) -> Completion:
        heard = listener or Silent()
        for number in range(self.failures):
            self.requests.append(request)
            heard.attempted(self._attempt(f"failure {number}"))
            heard.progress(Progress(Activity.RETRYING))
            await asyncio.sleep(0.01)
            self.between()
        return await super().complete(request, listener)

    def _attempt(self, error: str) -> Attempt:
        usage = Usage(self.tokens, 0, estimated=True)
        return Attempt("failed", self.name, self.model, datetime.now(UTC), 0.1, usage, 0.0, error)


@contextmanager
def project(root: Path, provider: ScriptedProvider, **caps: Any) -> Iterator[JournaledModel]:
    """An Architect's model in the project `root`."""
    root.mkdir()
    with Folder.open(root) as folder:
        today = Today()
        ledger = Ledger.open(folder, today)
        budget = Budget(Limits(**caps), ledger.spent, today)
        yield JournaledModel(provider, "architect", State(name="x", turn=1), ledger, budget, lambda _: None)


def outcomes(root: Path) -> list[str]:
    return [path.stem.rsplit("-", 1)[1] for path in sorted((root / ".tumbler/journal").glob("*.json"))]


ASKED = [Message("user", "plan")]


@DESCRIPTORS
async def test_a_slow_disk_holds_up_nobody_else(tmp_path: Path) -> None:
    on_the_loop: list[bool] = []
    here = threading.get_ident()
    Disk.before_an_entry = staticmethod(lambda: on_the_loop.append(threading.get_ident() == here))
    with project(tmp_path / "x", Failing(3)) as model:
        assert (await model.complete(ASKED)).text == "ok"
    assert on_the_loop == [False] * 4


@DESCRIPTORS
async def test_failed_tries_stand_in_the_journal_before_the_answer_and_in_their_order(tmp_path: Path) -> None:
    Disk.before_an_entry = staticmethod(lambda: time.sleep(SLOW))
    with project(tmp_path / "x", Failing(3)) as model:
        await model.complete(ASKED)
    entries = [json.loads(path.read_text()) for path in sorted((tmp_path / "x/.tumbler/journal").iterdir())]
    assert [entry["id"] for entry in entries] == [1, 2, 3, 4]
    assert [entry["error"] for entry in entries] == ["failure 0", "failure 1", "failure 2", None]
    spent = json.loads((tmp_path / "x/.tumbler/usage.json").read_text())
    assert [row["id"] for row in spent["history"]] == [1, 2, 3, 4]
    assert spent["total_tokens"] == 3 * 10 + 110


@DESCRIPTORS
async def test_usage_never_names_a_call_that_is_not_yet_in_the_journal(tmp_path: Path) -> None:
    root, ahead = tmp_path / "x", []

    def compare() -> None:
        usage = root / ".tumbler/usage.json"
        rows = len(json.loads(usage.read_text())["history"]) if usage.exists() else 0
        ahead.append(rows - len(outcomes(root)))
        time.sleep(SLOW)

    Disk.before_an_entry = staticmethod(compare)
    with project(root, Failing(3)) as model:
        await model.complete(ASKED)
    assert ahead == [0, 0, 0, 0]


@DESCRIPTORS
async def test_what_a_failed_try_cost_counts_before_it_is_on_disk(tmp_path: Path) -> None:
    Disk.before_an_entry = staticmethod(lambda: time.sleep(SLOW))
    provider = Failing(9)
    with project(tmp_path / "x", provider, max_calls=2) as model, pytest.raises(BudgetExceeded, match="max_calls"):
        await model.complete(ASKED)
    assert len(provider.requests) == 2
    assert outcomes(tmp_path / "x") == ["failed"] * 2


@DESCRIPTORS
async def test_no_further_try_is_made_when_one_cannot_be_kept(tmp_path: Path) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    Disk.before_an_entry = staticmethod(full)
    provider = Failing(9, between=lambda: time.sleep(0.05))
    with project(tmp_path / "x", provider) as model, pytest.raises(DiskFull):
        await model.complete(ASKED)
    assert len(provider.requests) < 9


@DESCRIPTORS
async def test_a_call_that_is_cancelled_ends_when_its_tries_are_on_disk(tmp_path: Path) -> None:
    Disk.before_an_entry = staticmethod(lambda: time.sleep(SLOW))
    tried = asyncio.Event()
    with project(tmp_path / "x", Failing(99, between=tried.set)) as model:
        call = asyncio.create_task(model.complete(ASKED))
        await tried.wait()
        call.cancel()
        await asyncio.wait({call})
        assert call.cancelled()
        assert len(outcomes(tmp_path / "x")) >= 1
        kept = outcomes(tmp_path / "x")
        await asyncio.sleep(2 * SLOW)
        assert outcomes(tmp_path / "x") == kept, "something was still written when the call had ended"


async def test_a_completed_call_is_taken_from_the_journal_the_next_time(tmp_path: Path) -> None:
    provider = Failing(1)
    with project(tmp_path / "x", provider) as model:
        first = await model.complete(ASKED)
    assert first.finish is FinishReason.STOP
    with Folder.open(tmp_path / "x") as folder:
        ledger = Ledger.open(folder, Today())
        again = JournaledModel(
            provider,
            "architect",
            State(name="x", turn=1),
            ledger,
            Budget(Limits(), ledger.spent, Today()),
            lambda _: None,
        )
        assert (await again.complete(ASKED)).text == first.text
    assert len(provider.requests) == 2


# --- what is taken from the journal


async def replies(root: Path, *asked: tuple[str, str]) -> int:
    """How many requests two lives make, the first of which asks the first of (purpose, text), the second the second."""
    provider = ScriptedProvider()
    with project(root, provider) as model:
        await model.complete([Message("user", asked[0][1])], purpose=asked[0][0])
    with Folder.open(root) as folder:
        today = Today()
        ledger = Ledger.open(folder, today)
        again = JournaledModel(
            provider,
            "architect",
            State(name="x", turn=1),
            ledger,
            Budget(Limits(), ledger.spent, today),
            lambda _: None,
        )
        await again.complete([Message("user", asked[1][1])], purpose=asked[1][0])
    return len(provider.requests)


@pytest.mark.parametrize(
    "second",
    [
        ("trial", "What does fib(5) give?"),
        ("review", "What does fib(7) give?"),
        ("review", "What does fib(5) give, and why?"),
    ],
)
async def test_an_answer_to_another_question_is_not_taken_from_the_journal(
    tmp_path: Path, second: tuple[str, str]
) -> None:
    assert await replies(tmp_path / "x", ("review", "What does fib(5) give?"), second) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("- passed: test_a (0.03 s)", "- passed: test_a (12.41 s)"),
        ("2 failed in 0.12s", "2 failed in 0.09s"),
        ("<function f at 0x7f59973ddf80>", "<function f at 0x7f509eca9980>"),
        ("open('/tmp/pytest-of-me/pytest-3/test_a0/x')", "open('/tmp/pytest-of-me/pytest-11/test_a0/x')"),
    ],
)
async def test_what_differs_from_run_to_run_makes_it_no_other_question(tmp_path: Path, first: str, second: str) -> None:
    assert await replies(tmp_path / "x", ("review", first), ("review", second)) == 1
