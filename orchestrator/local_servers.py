"""Model servers on this machine, found by asking the ports they usually listen on; nobody else is asked."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

USUAL = (
    ("ollama", "http://localhost:11434"),
    ("vllm", "http://localhost:8000"),
    ("lmstudio", "http://localhost:1234"),
    ("llamacpp", "http://localhost:8080"),
)
"""Name and address. What answers there tells its kind, and Ollama and vLLM are named after it."""
PATIENCE = 2.0
"""Seconds for one question."""
LARGEST = 4 << 20
_BILLIONS = re.compile(r"(?<![\d.a-z])(\d+(?:\.\d+)?)\s*[bB](?![a-z])")
_CODE = re.compile(r"code|coder|codestral|devstral|starcoder", re.IGNORECASE)
_NO_CHAT = re.compile(r"embed|rerank|bge|minilm|whisper|clip|tts|(?<![a-z])base(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Offer:
    """A model that a server has."""

    name: str
    billions: float | None
    """Parameters; None when neither the server nor the name tells."""
    bytes: int | None = None

    @property
    def codes(self) -> bool:
        """Trained for code, by its name."""
        return bool(_CODE.search(self.name))

    @property
    def chats(self) -> bool:
        """Not made for embedding, ranking or speech, and not left without instruction."""
        return not _NO_CHAT.search(self.name)


@dataclass(frozen=True)
class Server:
    """One that answered."""

    name: str
    type: str
    """As in config.yaml."""
    base_url: str
    offers: tuple[Offer, ...]


def find(places: Iterable[tuple[str, str]] = USUAL) -> list[Server]:
    """The servers that answer at `places` (name, address), in that order. An address elsewhere is refused."""
    places = list(places)
    for _, url in places:
        require_here(url)
    with ThreadPoolExecutor(max_workers=len(places) or 1) as pool:
        found = pool.map(lambda place: _server(*place), places)
        return [server for server in found if server is not None]


def require_here(url: str) -> None:
    """Raises ValueError when `url` is not on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        here, parts = False, urlsplit("")
    if not here or parts.scheme != "http":
        raise ValueError(f"{url}: is not on this machine; write such a server into config.yaml yourself")


def _server(name: str, url: str) -> Server | None:
    version, tags = _ask(url, "/api/version"), _ask(url, "/api/tags")
    if "version" in version and "models" in tags:
        return Server("ollama", "ollama", url, tuple(_pulled(entry) for entry in _entries(tags, "models")))
    listed = _ask(url, "/v1/models")
    if "data" not in listed:
        return None
    entries = _entries(listed, "data")
    kind = "vllm" if any(entry.get("owned_by") == "vllm" for entry in entries) else "openai"
    offers = tuple(Offer(str(entry["id"]), billions(str(entry["id"]))) for entry in entries if entry.get("id"))
    return Server("vllm" if kind == "vllm" else name, kind, url if kind == "vllm" else f"{url.rstrip('/')}/v1", offers)


def _pulled(entry: dict[str, Any]) -> Offer:
    name, size = str(entry.get("name") or entry.get("model")), entry.get("size")
    details = entry.get("details")
    told = str(details.get("parameter_size", "")) if isinstance(details, dict) else ""
    return Offer(name, billions(told) or billions(name), size if isinstance(size, int) else None)


def billions(text: str) -> float | None:
    """The parameters that a name tells: 7 for `qwen2.5-coder:7b`, 30 for `Qwen3-30B-A3B`."""
    found = _BILLIONS.search(text.lower())
    return float(found[1]) if found else None


def _entries(document: dict[str, Any], key: str) -> Sequence[dict[str, Any]]:
    entries = document.get(key)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _ask(url: str, path: str) -> dict[str, Any]:
    """The JSON object at `path`, empty when there is none. Follows no redirect and uses no proxy."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "localhost", parts.port or 80, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        data = reply.read(LARGEST + 1)
        document = json.loads(data) if reply.status == 200 and len(data) <= LARGEST else {}
    except (OSError, HTTPException, ValueError, RecursionError):
        return {}
    finally:
        connection.close()
    return document if isinstance(document, dict) else {}
