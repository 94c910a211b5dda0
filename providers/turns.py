"""Whose call a server takes next, so that it seldom changes models and nobody starves: pure, time is passed in.

A server that holds one model at a time needs seconds to minutes to load another. So calls for the model in memory go
first, but only for a while: then the model that has been waited for longest gets its turn. Within a model calls keep
the order in which they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

CALLS = 16
"""Calls of one turn while another model is waited for."""
SECONDS = 300.0
"""Seconds of one turn while another model is waited for; where calls take that long, a change weighs little."""
LINGER = 0.25
"""Seconds before an idle server changes models: the answer just given often leads to another question at once."""


@dataclass(frozen=True)
class Waiting:
    """A call that wants to begin."""

    number: int
    """Order of arrival."""
    model: str
    """What the server must have in memory for it."""
    at_once: int
    """It begins when the server works on fewer calls than this."""


@dataclass(frozen=True)
class Turn:
    """What the server has in memory, as far as we made it."""

    model: str | None = None
    """None before the first call."""
    calls: int = 0
    """Begun in this turn, the ended ones included."""
    running: int = 0
    began: float = 0.0
    """Monotonic seconds, as are the others."""
    ended: float = float("-inf")
    """When the last call ended."""


def choose(turn: Turn, queue: Sequence[Waiting], now: float) -> Waiting | None:
    """The call of `queue`, which is in order of arrival, that may begin now."""
    same = next((waiting for waiting in queue if waiting.model == turn.model), None)
    other = next((waiting for waiting in queue if waiting.model != turn.model), None)
    if same is not None and (other is None or not _used_up(turn, now)):
        return same if turn.running < same.at_once else None
    if other is None or turn.running or (same is None and now < change_at(turn)):
        return None
    return other


def change_at(turn: Turn) -> float:
    """From when on an idle server may change models although nothing else ends the turn."""
    return float("-inf") if turn.model is None else turn.ended + LINGER


def begun(turn: Turn, call: Waiting, now: float) -> Turn:
    """`turn` once `call` runs."""
    if call.model != turn.model:
        return Turn(call.model, calls=1, running=1, began=now)
    return replace(turn, calls=turn.calls + 1, running=turn.running + 1)


def ended(turn: Turn, now: float) -> Turn:
    """`turn` once one of its calls is over."""
    return replace(turn, running=turn.running - 1, ended=now)


def order(turn: Turn, queue: Sequence[Waiting], now: float) -> list[Waiting]:
    """`queue` as its calls will begin one after the other, if none joins them and none takes long."""
    turn, left, coming = replace(turn, running=0), list(queue), []
    while left:
        now = max(now, change_at(turn))
        call = choose(turn, left, now)
        assert call is not None  # the server is idle, and has been for long enough to change models
        left.remove(call)
        coming.append(call)
        turn = ended(begun(turn, call, now), now)
    return coming


def _used_up(turn: Turn, now: float) -> bool:
    return turn.calls >= CALLS or now - turn.began >= SECONDS
