"""What broken code does when it is called: it raises, or it goes on without doing anything and gives back rubbish.

A test that passes with right code and with all of these says nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RAISE = "raise"
EMPTY = "empty"
"""Every result is the same thing: false, empty, zero and equal to itself alone."""
FULL = "full"
"""Every result is true, of some length, and equal to everything."""
MODES = (EMPTY, FULL, RAISE)
"""In this order: an honest test fails at once in the first."""
FAIL = "fail"
"""The code does its work, but the first assertion of each test fails: a test that passes then is not heard."""


class Broken(BaseException):
    """Raised by every function of the code under test while it is to raise."""


class Thing:
    """Takes everything that is done to it, and gives itself back."""

    def __init__(self, full: bool) -> None:
        vars(self)["_full"] = full

    def __bool__(self) -> bool:
        return bool(self._full)

    def __len__(self) -> int:
        return len(_ITEMS) if self._full else 0

    def __iter__(self) -> Iterator[Thing]:
        return iter(_ITEMS if self._full else ())

    def __str__(self) -> str:
        return "rubbish" if self._full else ""

    def __repr__(self) -> str:
        return str(self)

    def __format__(self, _: str) -> str:
        return str(self)

    def __int__(self) -> int:
        return int(self._full)

    def __float__(self) -> float:
        return float(self._full)

    def __eq__(self, other: object) -> bool:
        return bool(self._full) or self is other

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return 1

    def __getattr__(self, name: str) -> Thing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, *_: object) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _itself(self: Thing, *_: object, **__: object) -> Thing:
    return self


def _truth(self: Thing, _: object) -> bool:
    return bool(self)


for _name in ("lt", "le", "gt", "ge", "contains"):
    setattr(Thing, f"__{_name}__", _truth)
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"):
    setattr(Thing, f"__{_name}__", _itself)
    setattr(Thing, f"__r{_name}__", _itself)
for _name in ("call", "getitem", "setitem", "delitem", "enter", "neg", "pos", "abs", "round", "invert"):
    setattr(Thing, f"__{_name}__", _itself)
_ITEMS = (Thing(False), Thing(True))
"""One of each, so that a loop which checks every item meets one that does not hold."""
_NOTHING = _ITEMS[0]


class Breaking:
    """Answers all broken functions of this process. `mark` is the file that tells other processes to end well.

    `whole`: no code is broken, only the tests ask.
    """

    last = FAIL

    def __init__(self, mark: Path, *, whole: bool = False) -> None:
        self.modes = () if whole else MODES
        self.mode = RAISE
        self.reached: list[bool] = []
        self._mark = mark
        self._importing = 0
        self._collecting = True

    def begin(self, mode: str) -> None:
        """From now on, broken code does what `mode` says."""
        self.mode = mode
        self._collecting = False
        self.settle()
        self.reached.clear()
        if self.is_quiet(mode):
            self._mark.touch()
        else:
            self._mark.unlink(missing_ok=True)

    @staticmethod
    def is_quiet(mode: str) -> bool:
        """Whether broken code goes on as if nothing had happened."""
        return mode in (EMPTY, FULL)

    def settle(self) -> None:
        """No module is being imported: one that failed in the middle did not say so."""
        self._importing = 0

    def ask(self, kind: str) -> tuple[object] | None:
        """None: do your work. Modules do theirs while they are imported, so that there is something to test."""
        if kind in ("enter", "leave"):
            self._importing = max(0, self._importing + (1 if kind == "enter" else -1))
        elif kind == "fail" and self.mode == FAIL:
            self._reach()
            return (True,)
        if kind in ("enter", "leave", "fail") or self.mode == FAIL:
            return None
        if self._collecting if kind == "statement" else self._importing:
            return None
        if self.mode != RAISE:
            return None if kind == "work" else (self._rubbish(kind),)
        self._reach()
        raise Broken("broken by the Verifier")

    def _reach(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self.reached.append(True)

    def _rubbish(self, kind: str) -> object:
        full = self.mode == FULL
        made: dict[str, Callable[[], Any]] = {
            "nothing": lambda: None,
            "text": lambda: str(Thing(full)),
            "number": lambda: int(full),
            "fraction": lambda: float(full),
            "truth": lambda: full,
            "iterator": lambda: iter(Thing(full)),
            "items": lambda: tuple(Thing(full)),
            "one": lambda: (Thing(full) if full else _NOTHING,),
            "end": _stop,
            "end of all": _stop_all,
        }
        return made.get(kind, lambda: Thing(full) if full else _NOTHING)()


def _stop() -> object:
    raise StopIteration


def _stop_all() -> object:
    raise StopAsyncIteration
