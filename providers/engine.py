"""The embedded engine's life: fetched, started at the first call, started again after a crash, ended with us."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from pydantic import SecretStr

from .engine_trouble import trouble
from .errors import Blocked, RequestRejected, Unavailable
from .host import Endpoint
from .memory import available_memory
from .settings import ProviderSettings
from .weights import ModelState, ensure_model, model_state
from .wire import Health

log = logging.getLogger(__name__)

START_SECONDS = 300.0
"""Longest time to load a model."""
NOTE_SECONDS = 0.25
"""Between two notes on how far a download has come."""
CACHE_BYTES_PER_TOKEN = 32_768
"""Memory for one token of context: 28 kB in the default model, more in larger ones."""

_SERVER = Path(__file__).with_name("embedded_server.py")
_INHERITED = ("PATH", "HOME", "TMPDIR", "TEMP", "SYSTEMROOT", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_INHERITED_PREFIXES = ("CUDA_", "GGML_", "LLAMA_", "OMP_", "GOMP_")
_WAITING = {"GOMP_SPINCOUNT": "10000"} if sys.platform == "linux" else {"OMP_WAIT_POLICY": "PASSIVE"}
"""How often libgomp's threads look for one another before they sleep, when the user has not said how they wait.

Measured on two cores: without any of it a third fewer tokens a second; with as much as libgomp does by itself, a
process beside the engine gets a seventh less of its core; with this much, neither. Other libraries were not measured.
"""

Note = Callable[[str], None]


class Engine:
    """A Host whose server is our child process."""

    base_url = "http://127.0.0.1"

    def __init__(self, settings: ProviderSettings, context_tokens: int, *, server: Path = _SERVER) -> None:
        self._settings = settings
        self._context_tokens = context_tokens
        self._server = server
        self._process: asyncio.subprocess.Process | None = None
        self._endpoint: Endpoint | None = None
        self._lost = False
        self._loads = False
        """The engine was seen to be loadable."""
        self._starting = asyncio.Lock()

    async def endpoint(self, note: Note) -> Endpoint:
        async with self._starting:
            if self._lost:
                await self._notice_exit()
            if self._endpoint is None:
                self._endpoint = await self._start(note)
            return self._endpoint

    async def health(self) -> Health | None:
        """Before the first call: whether a start would succeed, without starting."""
        if self._endpoint is not None:
            return None
        await self._require_engine()
        state = model_state(self._settings.model)
        if not state.ready and not state.fetched:
            raise RequestRejected(
                f"{self._settings.name}: there is no file {state.path}; correct model in config.yaml, or set it to auto"
            )
        self._require_memory(state)
        alias = _alias(state.path)
        return Health(alias, (alias,), self._context_tokens, warnings=() if state.ready else (self._to_fetch(state),))

    def lost(self) -> None:
        self._lost = True

    async def aclose(self) -> None:
        process, self._process, self._endpoint = self._process, None, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _notice_exit(self) -> None:
        """A dropped connection is often the first sign of a crash; the exit code follows."""
        self._lost = False
        if self._process is None:
            return
        try:
            async with asyncio.timeout(0.5):
                code = await self._process.wait()
        except TimeoutError:
            return
        log.warning("%s: the engine ended with exit code %s; starting it again", self._settings.name, code)
        self._process, self._endpoint = None, None

    async def _start(self, note: Note) -> Endpoint:
        await self._require_engine()
        path = await self._fetched(note)
        self._require_memory(model_state(str(path)))
        note(f"loading {path.name}")
        key = secrets.token_urlsafe(24)
        order = {
            "model": str(path),
            "alias": _alias(path),
            "context_tokens": self._context_tokens,
            "threads": self._settings.threads or os.cpu_count() or 2,
            "key": key,
        }
        with tempfile.TemporaryFile() as last_words:
            return Endpoint(await self._spawned(order, last_words), SecretStr(key))

    async def _spawned(self, order: dict[str, Any], last_words: IO[bytes]) -> str:
        """The address of the server that runs now. Raises Unavailable; leaves no process behind then."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(self._server),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=last_words,
            env=_environment(),
            start_new_session=True,  # Ctrl+C is for us; we end the engine ourselves
        )
        try:
            url = await self._answer(process, order)
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        if url is None:
            await process.wait()
            last_words.seek(0)
            said = " ".join(last_words.read().decode("utf-8", "replace").split())[-300:]
            raise Unavailable(f"{self._settings.name}: the engine did not start: {said or process.returncode}")
        self._process = process
        return url

    async def _answer(self, process: asyncio.subprocess.Process, order: dict[str, Any]) -> str | None:
        """The child's one line; None when it ended without it."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order).encode() + b"\n")
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await process.stdout.readline()
        except TimeoutError as error:
            raise Unavailable(
                f"{self._settings.name}: the engine did not start within {START_SECONDS:.0f} s"
            ) from error
        if not line:
            return None
        answer = json.loads(line)
        if "url" in answer:
            return str(answer["url"])
        raise RequestRejected(
            f"{self._settings.name}: {order['model']} cannot be loaded: {answer['error']}; choose another GGUF file"
        )

    async def _fetched(self, note: Note) -> Path:
        """The model file. The thread that fetches it ends soon after we are cancelled."""
        loop, stop, told = asyncio.get_running_loop(), threading.Event(), 0.0

        def progress(doing: str, done: int, total: int | None) -> None:
            nonlocal told
            if stop.is_set():
                raise InterruptedError
            if time.monotonic() - told < NOTE_SECONDS:
                return
            told = time.monotonic()
            share = f"{100 * done // total} % of {total / 1e9:.1f} GB" if total else f"{done / 1e9:.2f} GB"
            loop.call_soon_threadsafe(note, f"{doing}: {share}")

        try:
            return await asyncio.to_thread(ensure_model, self._settings.model, progress)
        finally:
            stop.set()

    async def _require_engine(self) -> None:
        """Raises Blocked when it is not installed, or a library that it needs is missing."""
        if not self._loads:
            problem = await asyncio.to_thread(trouble, _environment())
            if problem:
                raise Blocked(f"{self._settings.name}: {problem}")
            self._loads = True

    def _require_memory(self, state: ModelState) -> None:
        free = available_memory()
        needed = (state.size or 0) * 1.3 + self._context_tokens * CACHE_BYTES_PER_TOKEN
        if free is not None and free < needed:
            raise Unavailable(
                f"{self._settings.name}: {state.path.name} needs {needed / 1e9:.1f} GB of memory and "
                f"{free / 1e9:.1f} are free; close other programs, lower context_length, or choose a smaller model"
            )

    def _to_fetch(self, state: ModelState) -> str:
        size = f"{state.size / 1e9:.1f} GB" if state.size else "the model"
        return f"{self._settings.name}: {size} will be fetched to {state.path} at the first call"


def _alias(path: Path) -> str:
    return path.stem


def _environment() -> dict[str, str]:
    """Nothing that could hold a key."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _INHERITED or name.upper().startswith(_INHERITED_PREFIXES)
    }
    return inherited if "OMP_WAIT_POLICY" in inherited else {**_WAITING, **inherited}
