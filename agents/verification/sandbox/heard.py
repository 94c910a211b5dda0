"""What a run has said so far, on each of its pipes, and whether that is more than it may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.verification.box import Ended, Limits
from agents.verification.sandbox.capture import Capture

_STATUS_CAP = 1 << 16


@dataclass
class Heard:
    """Takes the pieces as they come; what is over a limit is counted and not kept."""

    limits: Limits
    tell: Callable[[bytes], None]
    """Hears all that came on the status pipe, whenever there is more."""
    output: Capture = field(default_factory=Capture)
    stdout: Capture = field(default_factory=Capture)
    report: bytearray = field(default_factory=bytearray)
    status: bytearray = field(default_factory=bytearray)
    started: bool = False
    """Something was said on the `started` pipe. Code under test may reach that one; the status pipe it may not."""

    def on_stdout(self, piece: bytes) -> None:
        self.stdout.add(piece)
        self.output.add(piece)

    def on_stderr(self, piece: bytes) -> None:
        self.output.add(piece)

    def on_report(self, piece: bytes) -> None:
        self.report += piece[: max(0, self.limits.report + 1 - len(self.report))]

    def on_status(self, piece: bytes) -> None:
        self.status += piece[: max(0, _STATUS_CAP - len(self.status))]
        self.tell(bytes(self.status))

    def on_started(self, _: bytes) -> None:
        self.started = True

    def overflow(self) -> Ended | None:
        if self.output.total > self.limits.output:
            return Ended.OUTPUT
        return Ended.REPORT if len(self.report) > self.limits.report else None
