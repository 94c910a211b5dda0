"""What one failure or answer adds to what is known of a server."""

from __future__ import annotations

import pytest

from providers.failures import Failure, Kind
from providers.learned import Learned
from providers.wire import Health

KNOWN = Learned(health=Health("m"), refused=frozenset({"seed"}))


def test_a_refused_parameter_is_remembered_beside_the_others() -> None:
    learned = KNOWN.after(Failure(Kind.PARAMETER, "no", parameter="think"), 10)
    assert learned is not None
    assert learned.refused == {"seed", "think"}


def test_a_parameter_that_is_refused_though_it_was_left_out_ends_the_tries() -> None:
    assert KNOWN.after(Failure(Kind.PARAMETER, "no", parameter="seed"), 10) is None


def test_the_numbers_of_an_error_message_are_taken() -> None:
    said = "the maximum context length is 4096 tokens, but your prompt contains 3000 tokens"
    learned = KNOWN.after(Failure(Kind.ROOM, said, body=said), 2000)
    assert learned is not None
    assert (learned.context_tokens, learned.scale) == (4096, 1.5)


def test_a_server_that_cannot_be_reached_is_asked_again_how_it_is() -> None:
    learned = KNOWN.after(Failure(Kind.CONNECT, "refused"), 10)
    assert learned is not None
    assert learned.health is None


@pytest.mark.parametrize("kind", [Kind.TIMEOUT, Kind.RATE, Kind.SERVER, Kind.DEGENERATE])
def test_other_failures_teach_nothing(kind: Kind) -> None:
    assert KNOWN.after(Failure(kind, "no"), 10) == KNOWN


@pytest.mark.parametrize(
    ("tokens", "estimate", "scale"),
    [(300, 200, 1.5), (100, 200, 0.5), (300, 199, 1.0), (None, 200, 1.0), (0, 200, 1.0)],
)
def test_how_a_server_counts_is_learned_from_prompts_of_some_length(
    tokens: int | None, estimate: int, scale: float
) -> None:
    assert KNOWN.having_counted(tokens, estimate).scale == scale
