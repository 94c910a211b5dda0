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
from agents.verification.sandbox.capture import Capture
from agents.verification.sandbox.memory import memory_watch
from agents.verification.sandbox.pipes import Pipes
from agents.verification.sandbox.thread import Stop, StoppedError

_PIECE = 1 << 16
_MEMORY_INTERVAL = 0.1
_POLL_WITHOUT_PIDFD = 0.01
_STATUS_CAP = 1 << 16


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
    output: Capture
    stdout: Capture
    report: bytes
    status: bytes
    started: bool
    """Something was said on the `started` pipe. Code under test may reach that one; the status pipe it may not."""
    peak_memory: int

    def ran(self, exit_code: int) -> Ran:
        return Ran(
            ended=self.ended,
            exit_code=exit_code,
            seconds=self.seconds,
            output=self.output.kept(),
            output_bytes=self.output.total,
            stdout=self.stdout.kept(),
            report=self.report,
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
    output: Capture = field(default_factory=Capture)
    stdout: Capture = field(default_factory=Capture)
    report: bytearray = field(default_factory=bytearray)
    status: bytearray = field(default_factory=bytearray)
    marked: bool = False
    stopped: bool = False
    exited: bool = False

    def __post_init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._pidfd = -1
        self._memory = memory_watch(self.process.pid, self.limits)

    def watched(self) -> Watched:
        try:
            self._register()
            ended = self._loop()
            self.keeper.end(self.process)
            seconds = time.monotonic() - self.started
            self._drain()
        finally:
            self.keeper.end(self.process)
            self._close()
        if self.stopped:
            raise StoppedError
        return Watched(
            ended=self._overflow() or ended,
            return_code=self.process.returncode,
            seconds=seconds,
            output=self.output,
            stdout=self.stdout,
            report=bytes(self.report[: self.limits.report]),
            status=bytes(self.status),
            started=self.marked,
            peak_memory=self._memory.peak,
        )

    def _register(self) -> None:
        for source, take in (
            (self.process.stdout, self._take_stdout),
            (self.process.stderr, self.output.add),
            (self.pipes.report, self._take_report),
            (self.pipes.status, self._take_status),
            (self.pipes.started, self._take_started),
        ):
            descriptor = source if isinstance(source, int) else _number(source)
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, take)
        self._selector.register(self.stop.descriptor, selectors.EVENT_READ, "stop")
        if hasattr(os, "pidfd_open"):
            self._pidfd = os.pidfd_open(self.process.pid)
            self._selector.register(self._pidfd, selectors.EVENT_READ, "exit")
        if self.process.stdin:
            os.set_blocking(self.process.stdin.fileno(), False)
            self._selector.register(self.process.stdin.fileno(), selectors.EVENT_WRITE, "stdin")

    def _loop(self) -> Ended:
        deadline = self.started + self.limits.wall
        look = self.started + _MEMORY_INTERVAL
        while True:
            self._turn(max(0.0, min(look, deadline) - time.monotonic()))
            now = time.monotonic()
            if self.stopped or self.exited:
                return Ended.EXITED
            if overflow := self._overflow():
                return overflow
            if now >= deadline:
                return Ended.TIMEOUT
            if now >= look:
                if self._memory.exceeded():
                    return Ended.MEMORY
                look = time.monotonic() + _MEMORY_INTERVAL

    def _overflow(self) -> Ended | None:
        if self.output.total > self.limits.output:
            return Ended.OUTPUT
        return Ended.REPORT if len(self.report) > self.limits.report else None

    def _turn(self, wait: float) -> bool:
        """Handle what is ready within `wait` seconds; whether anything was."""
        events = self._selector.select(wait if self._pidfd >= 0 else min(wait, _POLL_WITHOUT_PIDFD))
        for key, _ in events:
            match key.data:
                case "stop":
                    self.stopped = True
                case "exit":
                    self.exited = True
                case "stdin":
                    self._feed()
                case take:
                    self._read(key.fd, take)
        if self._pidfd < 0 and self.process.poll() is not None:
            self.exited = True
        return bool(events)

    def _read(self, descriptor: int, take: Callable[[bytes], None]) -> None:
        with contextlib.suppress(BlockingIOError):
            if piece := os.read(descriptor, _PIECE):
                take(piece)
            else:
                self._selector.unregister(descriptor)

    def _feed(self) -> None:
        assert self.process.stdin
        descriptor = self.process.stdin.fileno()
        try:
            self.stdin = self.stdin[os.write(descriptor, self.stdin[:_PIECE]) :]
        except BrokenPipeError:
            self.stdin = b""
        if not self.stdin:
            self._selector.unregister(descriptor)
            self.process.stdin.close()
            self.process.stdin = None

    def _take_stdout(self, piece: bytes) -> None:
        self.stdout.add(piece)
        self.output.add(piece)

    def _take_report(self, piece: bytes) -> None:
        self.report += piece[: max(0, self.limits.report + 1 - len(self.report))]

    def _take_status(self, piece: bytes) -> None:
        self.status += piece[: max(0, _STATUS_CAP - len(self.status))]
        self.keeper.heard(bytes(self.status))

    def _take_started(self, _: bytes) -> None:
        self.marked = True

    def _drain(self) -> None:
        """Take what still lies in the pipes. All writers are dead, so it is little; nothing is waited for."""
        for key in list(self._selector.get_map().values()):
            if key.data in ("stop", "exit", "stdin"):
                self._selector.unregister(key.fd)
        while self._selector.get_map() and not self._overflow() and self._selector.select(0):
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
