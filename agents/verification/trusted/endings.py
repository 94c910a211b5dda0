"""Ends a test that would not end, or would end the runner with it."""

from __future__ import annotations

import signal


class TestTookTooLong(BaseException):
    """Raised inside a test that runs over its time; not an Exception, so that code under test does not swallow it."""


class Alarm:
    """Ends one test that runs too long, where the platform has interval timers."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds if hasattr(signal, "setitimer") else 0.0
        if self.seconds:
            signal.signal(signal.SIGALRM, self._ring)

    def _ring(self, *_: object) -> None:
        raise TestTookTooLong(f"the test took more than {self.seconds:g} s")

    def __enter__(self) -> None:
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_: object) -> None:
        if self.seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)


class Signalled(BaseException):
    """Raised inside a test of broken code by a signal that the whole code would have taken care of."""


def outlive_signals() -> None:
    """A signal that a test sends to its own process ends the test, and not the runner."""

    def ring(number: int, _: object) -> None:
        raise Signalled(f"signal {number}")

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), ring)
