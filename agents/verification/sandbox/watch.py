"""Runs one prepared command to its end, within its limits, and collects what it says. Knows no kind of sandbox.

Everything here blocks, and happens in one thread made for the run: bubblewrap's --die-with-parent is bound to the
thread that started it, so that thread must stay until the end.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Protocol

from agents.verification.box import Ended, Limits, Ran, SandboxUnavailable
from agents.verification.sandbox.feed import Feed
from agents.verification.sandbox.heard import Heard
from agents.verification.sandbox.memory import memory_watch
from agents.verification.sandbox.pipes import Pipes
from agents.verification.sandbox.thread import Stop, StoppedError

_PIECE = 1 << 16
_MEMORY_INTERVAL = 0.1
_POLL_WITHOUT_PIDFD = 0.01


@dataclass(frozen=True)
class Launch:
    """A command ready to start. Its descriptors are inherited and then closed here."""

    argv: tuple[str, ...]
    variables: Mapping[str, str]
    descriptors: tuple[int, ...] = ()
    directory: str = "/"


class Keeper(Protocol):
    """What a kind of sandbox knows about its running command."""

    def heard(self, status: bytes) -> None:
        """All that the sandbox's own processes have said on the status pipe so far."""

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill every process of the run, and return when all are dead. Also called after an ordinary end."""


@dataclass(frozen=True)
class Watched:
    """A run as seen from outside, before its kind of sandbox has said what the exit code means."""

    ended: Ended
    return_code: int
    seconds: float
    heard: Heard
    peak_memory: int

    @property
    def started(self) -> bool:
        return self.heard.started

    @property
    def status(self) -> bytes:
        """What the sandbox's own processes said."""
        return bytes(self.heard.status)

    @property
    def said(self) -> str:
        """All output, as text."""
        return self.heard.output.kept().decode("utf-8", "replace").strip()

    def ran(self, exit_code: int) -> Ran:
        heard = self.heard
        return Ran(
            ended=self.ended,
            exit_code=exit_code,
            seconds=self.seconds,
            output=heard.output.kept(),
            output_bytes=heard.output.total,
            stdout=heard.stdout.kept(),
            report=bytes(heard.report[: heard.limits.report]),
            peak_memory=self.peak_memory,
        )


@dataclass
class _Run:
    """The loop around one process."""

    process: subprocess.Popen[bytes]
    pipes: Pipes
    limits: Limits
    keeper: Keeper
    stop: Stop
    stdin: bytes
    started: float = field(default_factory=time.monotonic)
    stopped: bool = False
    exited: bool = False

    def __post_init__(self) -> None:
        self._heard = Heard(self.limits, self.keeper.heard)
        self._selector = selectors.DefaultSelector()
        self._pidfd = -1
        self._memory = memory_watch(self.process.pid, self.limits)

    def watched(self) -> Watched:
        try:
            self._listen()
            self._feed()
            ended = self._loop()
            self.keeper.end(self.process)
            seconds = time.monotonic() - self.started
            self._drain()
        finally:
            self.keeper.end(self.process)
            self._close()
        if self.stopped:
            raise StoppedError
        ended = self._heard.overflow() or ended
        return Watched(ended, self.process.returncode, seconds, self._heard, self._memory.peak)

    def _listen(self) -> None:
        """To all that the run says, to its end, and to whoever stops it."""
        for source, take in (
            (self.process.stdout, self._heard.on_stdout),
            (self.process.stderr, self._heard.on_stderr),
            (self.pipes.report, self._heard.on_report),
            (self.pipes.status, self._heard.on_status),
            (self.pipes.started, self._on_started),
        ):
            descriptor = source if isinstance(source, int) else _number(source)
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, take)
        self._selector.register(self.stop.descriptor, selectors.EVENT_READ, "stop")
        if hasattr(os, "pidfd_open"):
            self._pidfd = os.pidfd_open(self.process.pid)
            self._selector.register(self._pidfd, selectors.EVENT_READ, "exit")

    def _feed(self) -> None:
        """What the run is told: its input, and the secret as far as the pipe did not take it at once."""
        if self.process.stdin:
            self._begin(Feed(self.process.stdin.fileno(), self.stdin, self.process.stdin.close))
        if self.pipes.unsent and not self.pipes.late:
            self._begin(self.pipes.unsent)

    def _on_started(self, piece: bytes) -> None:
        if self.pipes.unsent and self.pipes.late and not self._heard.started:
            self._begin(self.pipes.unsent)
        self._heard.on_started(piece)

    def _begin(self, feed: Feed) -> None:
        self._selector.register(feed.descriptor, selectors.EVENT_WRITE, feed)

    def _loop(self) -> Ended:
        deadline = self.started + self.limits.wall
        look = self.started + _MEMORY_INTERVAL
        while True:
            self._turn(max(0.0, min(look, deadline) - time.monotonic()))
            now = time.monotonic()
            if self.stopped or self.exited:
                return Ended.EXITED
            if overflow := self._heard.overflow():
                return overflow
            if now >= deadline:
                return Ended.TIMEOUT
            if now >= look:
                if self._memory.exceeded():
                    return Ended.MEMORY
                look = time.monotonic() + _MEMORY_INTERVAL

    def _turn(self, wait: float) -> None:
        """Handle what is ready within `wait` seconds."""
        for key, _ in self._selector.select(wait if self._pidfd >= 0 else min(wait, _POLL_WITHOUT_PIDFD)):
            match key.data:
                case "stop":
                    self.stopped = True
                case "exit":
                    self.exited = True
                case Feed() as feed:
                    self._write(feed)
                case take:
                    self._read(key.fd, take)
        if self._pidfd < 0 and self.process.poll() is not None:
            self.exited = True

    def _read(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        with contextlib.suppress(BlockingIOError):
            if piece := os.read(descriptor, _PIECE):
                take(piece)
            else:
                self._selector.unregister(descriptor)

    def _write(self, feed: Feed) -> None:
        if feed.go_on():
            self._selector.unregister(feed.descriptor)
            feed.close()

    def _drain(self) -> None:
        """Take what still lies in the pipes. All writers are dead, so it is little; nothing is waited for."""
        for key in list(self._selector.get_map().values()):
            if key.data in ("stop", "exit") or isinstance(key.data, Feed):
                self._selector.unregister(key.fd)
        while self._selector.get_map() and not self._heard.overflow() and self._selector.select(0):
            self._turn(0)

    def _close(self) -> None:
        self._selector.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


def _number(stream: IO[bytes] | None) -> int:
    assert stream
    return stream.fileno()


def watch(launch: Launch, pipes: Pipes, *, limits: Limits, keeper: Keeper, stop: Stop, stdin: bytes = b"") -> Watched:
    """Start and wait. Raises StoppedError after `stop`, SandboxUnavailable when it cannot be started."""
    try:
        process = subprocess.Popen(
            launch.argv,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=launch.descriptors,
            cwd=launch.directory,
            env=dict(launch.variables),
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise SandboxUnavailable(f"{launch.argv[0]} could not be started: {error}") from error
    pipes.close(*launch.descriptors)
    return _Run(process, pipes, limits, keeper, stop, stdin).watched()
