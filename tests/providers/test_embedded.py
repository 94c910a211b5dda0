"""The embedded engine is a child process: started late, started again, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from providers import Activity, Message, ProviderSettings, Request, RequestRejected, Unavailable, open_provider
from providers.client import Client
from providers.embedded import FORMAT
from providers.engine import Engine
from providers.memory import available_memory
from providers.weights import model_state
from tests.providers.conftest import HELLO, Notes, Waits

pytest.importorskip("xllamacpp", reason="needs the extra `embedded`")

SERVER = Path(__file__).parents[1] / "fakes" / "engine_server.py"
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

Start = Callable[[str], tuple[Client, Engine]]


@pytest.fixture
async def start(tmp_path: Path, waits: Waits) -> AsyncIterator[Start]:
    """start(reply) gives a provider whose engine, once started, answers with `reply`."""
    async with AsyncExitStack() as stack:

        def started(reply: str) -> tuple[Client, Engine]:
            model = tmp_path / "toy.gguf"
            model.write_text(reply, encoding="utf-8")
            settings = ProviderSettings(name="embedded", type="embedded", model=str(model))
            engine = Engine(settings, 8192, server=SERVER)
            client = Client(settings, FORMAT, engine, random=lambda: 0.5, sleep=waits)
            stack.push_async_callback(client.aclose)
            return client, engine

        yield started


async def test_the_engine_starts_at_the_first_call_and_serves_all(start: Start, notes: Notes) -> None:
    provider, engine = start("hello")
    assert _pid(engine) is None
    assert (await provider.complete(HELLO, notes)).text == "hello"
    first = _pid(engine)
    assert (await provider.complete(HELLO)).cost == 0.0
    assert _pid(engine) == first
    assert "loading toy.gguf" in [p.note for p in notes.seen]


@needs_proc
@pytest.mark.parametrize(
    ("said", "spins"), [({}, "10000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)]
)
async def test_its_threads_spin_briefly_unless_the_user_says_how_they_wait(
    start: Start, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], spins: str | None
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    provider, engine = start("hello")
    await provider.complete(HELLO)
    words = Path(f"/proc/{_pid(engine)}/environ").read_text(encoding="utf-8").split("\0")
    assert dict(word.split("=", 1) for word in words if word).get("GOMP_SPINCOUNT") == spins


async def test_health_does_not_start_it(start: Start) -> None:
    provider, engine = start("hello")
    health = await provider.health()
    assert (health.model, health.context_tokens, health.warnings) == ("toy", 8192, ())
    assert _pid(engine) is None


async def test_health_asks_it_once_it_runs(start: Start) -> None:
    provider, _ = start("hello")
    await provider.complete(HELLO)
    assert (await provider.health()).models == ("toy",)


async def test_a_crash_between_calls_is_not_noticed(start: Start, notes: Notes) -> None:
    provider, engine = start("hello")
    await provider.complete(HELLO)
    await _crash(engine)
    assert (await provider.complete(HELLO, notes)).text == "hello"


async def test_a_crash_in_a_call_starts_it_again_and_the_call_goes_on(start: Start, notes: Notes) -> None:
    provider, engine = start("a long answer " * 40)
    call = asyncio.create_task(provider.complete(HELLO, notes))
    async with asyncio.timeout(60):
        while Activity.WRITING not in [p.activity for p in notes.seen]:
            await asyncio.sleep(0.005)
    await _crash(engine)
    assert (await call).text.startswith("a long answer")
    assert notes.attempts[0].partial.startswith("a long")


@needs_proc
async def test_closing_ends_it(start: Start) -> None:
    provider, engine = start("hello")
    await provider.complete(HELLO)
    pid = _pid(engine)
    await provider.aclose()
    assert pid is not None
    assert not _runs(pid)


async def test_cancelling_while_it_starts_leaves_nothing_behind(start: Start) -> None:
    provider, engine = start("hello")
    call = asyncio.create_task(provider.complete(HELLO))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert _pid(engine) is None
    assert _children() == set()


async def test_a_file_that_cannot_be_loaded_is_said(start: Start) -> None:
    provider, _ = start("broken")
    with pytest.raises(RequestRejected, match=r"toy\.gguf cannot be loaded: RuntimeError.*choose another GGUF file"):
        await provider.complete(HELLO)


async def test_a_missing_file_is_said_by_the_health_check(tmp_path: Path) -> None:
    provider = open_provider(ProviderSettings(name="e", type="embedded", model=str(tmp_path / "none.gguf")))
    with pytest.raises(RequestRejected, match=r"^e: there is no file"):
        await provider.health()
    await provider.aclose()


async def test_too_little_memory_is_said_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "toy.gguf").touch()
    settings = ProviderSettings(name="e", type="embedded", model=str(tmp_path / "toy.gguf"), context_length=10**9)
    provider = open_provider(settings)
    with pytest.raises(Unavailable, match="close other programs, lower context_length, or choose a smaller model"):
        await provider.health()
    await provider.aclose()


@needs_proc
async def test_the_engine_gets_no_keys(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    provider, engine = start("hello")
    await provider.complete(HELLO)
    assert b"sk-very-secret" not in Path(f"/proc/{_pid(engine)}/environ").read_bytes()


@needs_proc
def test_a_killed_daemon_leaves_no_engine(tmp_path: Path) -> None:
    (tmp_path / "toy.gguf").write_text("hello", encoding="utf-8")
    code = f"""
import asyncio, pathlib, sys
sys.path.insert(0, {str(SERVER.parents[2])!r})
from providers import ProviderSettings
from providers.engine import Engine
async def main():
    settings = ProviderSettings(name="e", type="embedded", model={str(tmp_path / "toy.gguf")!r})
    engine = Engine(settings, 8192, server=pathlib.Path({str(SERVER)!r}))
    await engine.endpoint(lambda note: None)
    print(engine._process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout
        engine = int(daemon.stdout.readline())
        assert _runs(engine)
        daemon.kill()
    give_up = time.monotonic() + 60
    while _runs(engine) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert not _runs(engine)


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   2000 kB\n", encoding="ascii")
    assert available_memory(tmp_path, tmp_path) == 2000 * 1024
    (tmp_path / "memory.max").write_text("1000000\n", encoding="ascii")
    (tmp_path / "memory.stat").write_text("anon 400000\nfile 500000\n", encoding="ascii")
    assert available_memory(tmp_path, tmp_path) == 600_000
    assert available_memory(tmp_path / "none", tmp_path) is None


@pytest.mark.embedded
async def test_the_real_engine_writes_python() -> None:
    if os.environ.get("CODE_TUMBLER_EMBEDDED_TESTS") != "1" or not model_state("auto").ready:
        pytest.skip("needs the model in the cache and CODE_TUMBLER_EMBEDDED_TESTS=1")
    provider = open_provider(ProviderSettings(name="embedded", type="embedded", context_length=2048))
    try:
        question = Message("user", "Write a Python function add(a, b) that returns the sum. Only code.")
        done = await provider.complete(Request((question,), max_output_tokens=60, seed=1))
    finally:
        await provider.aclose()
    assert "def add(a, b)" in done.text
    assert done.usage.input_tokens
    assert not done.usage.estimated


def _pid(engine: Engine) -> int | None:
    return engine._process.pid if engine._process else None


async def _crash(engine: Engine) -> None:
    assert engine._process
    os.kill(engine._process.pid, signal.SIGKILL)
    await asyncio.sleep(0)


def _runs(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    return False


def _children() -> set[int]:
    found = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "pid=,args="], capture_output=True, text=True)
    return {int(line.split()[0]) for line in found.stdout.splitlines() if SERVER.name in line}
