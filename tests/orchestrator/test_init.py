"""The first config.yaml: what is found on this machine, what is proposed, and what is written."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orchestrator.cli import cli
from orchestrator.config import Config
from orchestrator.config_file import load
from orchestrator.first_config import propose, render
from orchestrator.local_servers import Offer, Server, billions, find, require_here
from tests.fakes.llm import FakeLLM

GB = 1 << 30


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def init(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ("init", *arguments), catch_exceptions=False)


def server(*offers: Offer, name: str = "ollama") -> Server:
    return Server(name, "ollama", "http://localhost:11434", offers)


@pytest.fixture
def listed() -> Iterator[str]:
    """A server that knows only /v1/models, as vLLM and LM Studio do."""
    reply = b'{"object": "list", "data": [{"id": "Qwen2.5-Coder-32B-Instruct", "owned_by": "vllm"}, 5, {}]}'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        status, body = (b"200 OK", reply) if path == b"/v1/models" else (b"404 Not Found", b"{}")
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        await writer.drain()
        writer.close()

    loop = asyncio.new_event_loop()
    serving = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.sockets[0].getsockname()[1]}"
    loop.call_soon_threadsafe(serving.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("qwen2.5-coder:7b", 7),
        ("Qwen3-30B-A3B-Instruct", 30),
        ("llama3.1:8b-instruct-q4_K_M", 8),
        ("7.6B", 7.6),
        ("gemma3:270m", None),
        ("gpt-oss", None),
        ("phi-3.5-mini", None),
        ("mixtral-8x7b", None),
    ],
)
def test_a_name_tells_the_size(name: str, expected: float | None) -> None:
    assert billions(name) == expected


@pytest.mark.parametrize(
    ("offers", "engineer", "others"),
    [
        ([Offer("qwen2.5-coder:7b", 7), Offer("llama3.1:8b", 8)], "qwen2.5-coder:7b", "llama3.1:8b"),
        ([Offer("qwen2.5-coder:14b", 14), Offer("llama3.1:8b", 8)], "qwen2.5-coder:14b", "qwen2.5-coder:14b"),
        ([Offer("llama3.1:8b", 8), Offer("llama3:70b", 70)], "llama3:70b", "llama3:70b"),
        ([Offer("coder:7b", 7), Offer("coder:32b", 32, 20 * GB)], "coder:7b", "coder:7b"),
        ([Offer("nomic-embed-text", None), Offer("bge-m3", None), Offer("llama3.2", None)], "llama3.2", "llama3.2"),
        ([Offer("qwen2.5-coder:7b-base", 7), Offer("qwen2.5-coder:3b", 3)], "qwen2.5-coder:3b", "qwen2.5-coder:3b"),
    ],
)
def test_each_agent_gets_the_model_that_suits_it(offers: list[Offer], engineer: str, others: str) -> None:
    choices = propose([server(*offers)], memory=16 * GB)
    assert {agent: choice.offer.name for agent, choice in choices.items()} == {
        "architect": others,
        "engineer": engineer,
        "verifier": others,
    }


def test_without_a_model_that_can_chat_nothing_is_proposed() -> None:
    assert propose([], None) == propose([server(Offer("nomic-embed-text", None))], None) == {}
    assert render({}) == render(propose([], None))


def test_what_is_written_loads_with_every_comment_and_default_in_it(tmp_path: Path) -> None:
    hostile = 'odd: "name" # {x} \\1 \\g<0>'
    choices = propose([server(Offer("qwen2.5-coder:7b", 7)), server(Offer(hostile, 9), name="vllm")], None)
    (tmp_path / "config.yaml").write_text(render(choices), encoding="utf-8")
    config = load(tmp_path / "config.yaml")
    assert dict(config.agent_providers) == {
        "architect": "vllm_local",
        "engineer": "ollama_coder",
        "verifier": "vllm_local",
    }
    assert config.providers["vllm_local"].model == hostile
    assert list(config.providers) == ["vllm_local", "ollama_coder", "embedded"]
    assert config.limits == Config().limits
    assert all(kept in render(choices) for kept in ("# writes code", "  embedded:", "api_key_env: OPENAI_API_KEY"))


def test_a_server_is_known_by_what_it_answers(listed: str) -> None:
    with FakeLLM(models=("qwen2.5-coder:7b", "llama3.1:8b")) as llm:
        found = find([("a", llm.url), ("b", listed), ("c", f"http://127.0.0.1:{_free_port()}")])
    assert [(each.name, each.type, [offer.name for offer in each.offers]) for each in found] == [
        ("ollama", "ollama", ["qwen2.5-coder:7b", "llama3.1:8b"]),
        ("vllm", "vllm", ["Qwen2.5-Coder-32B-Instruct"]),
    ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com:80",
        "https://localhost:1",
        "http://10.0.0.1",
        "http://localhost.evil.com",
        "x",
        "http://[",
        "http://localhost:x",
    ],
)
def test_no_other_machine_is_asked(url: str) -> None:
    with pytest.raises(ValueError, match="is not on this machine"):
        require_here(url)


def test_init_writes_a_file_that_names_what_was_found(tmp_path: Path) -> None:
    with FakeLLM(models=("zz-coder:900b",)) as llm:
        told = init("--yes", "--server", llm.url)
    assert told.exit_code == 0
    assert f"engineer: zz-coder:900b on {llm.url}" in told.output
    assert told.output.endswith("config.yaml is written. Next: code-tumbler doctor\n")
    assert load(tmp_path / "config.yaml").providers["ollama_local"].model == "zz-coder:900b"


def test_init_writes_the_file_that_was_named_before_the_command_too(tmp_path: Path) -> None:
    told = CliRunner().invoke(cli, ("--config", "mine.yaml", "init", "--yes"), catch_exceptions=False)
    assert told.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_init_overwrites_nothing_unless_it_is_forced(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine", encoding="utf-8")
    told = init("--yes")
    assert told.exit_code == 1
    assert "is there already" in told.stderr
    assert (tmp_path / "config.yaml").read_text(encoding="utf-8") == "mine"
    assert init("--yes", "--force").exit_code == 0
    assert load(tmp_path / "config.yaml").quality_threshold == 8.0


def test_init_refuses_an_address_elsewhere(tmp_path: Path) -> None:
    assert init("--yes", "--server", "http://example.com").exit_code == 2
    assert not (tmp_path / "config.yaml").exists()
