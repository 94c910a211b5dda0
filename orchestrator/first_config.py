"""Proposes a model for each agent from what local servers offer, and writes it into the shipped config.yaml."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .local_servers import Offer, Server
from .shipped import config_yaml

AGENTS = ("architect", "engineer", "verifier")
_UNTOLD = 3.0
"""Billions of parameters that a model is taken to have when nobody tells."""


@dataclass(frozen=True)
class Choice:
    """A model on a server, under the name that config.yaml will give it."""

    name: str
    server: Server
    offer: Offer


def propose(servers: Sequence[Server], memory: int | None) -> dict[str, Choice]:
    """Agent -> choice; empty when no server offers a model that can chat and fits into `memory` bytes.

    The Engineer gets the largest model made for code. The others get the largest general one when it is no smaller;
    otherwise the Engineer's, since a small model plans worse than a large one made for code, and two take turns.
    """
    fitting = [(server, offer) for server, offer in _each(servers) if memory is None or (offer.bytes or 0) < memory]
    code = max((pair for pair in fitting if pair[1].codes), key=_size, default=None)
    general = max((pair for pair in fitting if not pair[1].codes), key=_size, default=None)
    writes, plans = code or general, general
    if writes is None:
        return {}
    if plans is None or _size(plans) < _size(writes):
        plans = writes
    if plans is writes:
        return dict.fromkeys(AGENTS, Choice(f"{writes[0].name}_local", *writes))
    planner = Choice(f"{plans[0].name}_local", *plans)
    return {"architect": planner, "engineer": Choice(f"{writes[0].name}_coder", *writes), "verifier": planner}


def render(choices: dict[str, Choice]) -> str:
    """config.yaml as it is shipped, all comments and defaults in it, with the choices in their places."""
    text = config_yaml()
    if not choices:
        return text
    for agent, choice in choices.items():
        text = re.sub(rf"(?m)^  {agent}: auto( *)(?=#|$)", lambda _, c=choice, a=agent: _aligned(a, c.name), text)  # type: ignore[misc]
    providers = {choice.name: choice for choice in choices.values()}
    block = "providers:\n" + "".join(map(_provider, providers.values()))
    return re.sub(r"(?ms)^providers:\n.*?(?=^  embedded:)", lambda _: block, text, count=1)


def memory_bytes() -> int | None:
    """The machine's memory; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _each(servers: Sequence[Server]) -> Iterator[tuple[Server, Offer]]:
    return ((server, offer) for server in servers for offer in server.offers if offer.chats)


def _size(pair: tuple[Server, Offer]) -> float:
    return pair[1].billions or _UNTOLD


def _aligned(agent: str, name: str) -> str:
    return f"  {agent}: {name}".ljust(31) + " "


def _provider(choice: Choice) -> str:
    """A JSON string is a YAML string."""
    rows = (
        ("type", choice.server.type),
        ("base_url", choice.server.base_url),
        ("model", json.dumps(choice.offer.name)),
    )
    return f"  {choice.name}:\n" + "".join(f"    {key}: {value}\n" for key, value in rows)
