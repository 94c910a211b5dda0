"""Whether each provider answers, has its model, how large its context is and how fast it writes; and who uses it."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from providers import Health, Message, Progress, Provider, ProviderError, Request, open_provider
from providers.settings import ProviderSettings
from providers.weights import model_state

from .config import Config
from .doctor import Check, Note, Verdict, demoted
from .doctor_profiles import Chosen

AGENTS = ("architect", "engineer", "verifier")
SMALL_CONTEXT = 8192
"""Tokens below which plan, code and report of more than a toy do not fit together."""
LONGEST_CALL = 300.0
"""Seconds for the tiny call; a large model takes minutes to load."""
_TINY = Request(
    (Message("user", "Count from one to twenty in words."),), max_output_tokens=64, temperature=0.0, thinking=False
)

_COMMAND = re.compile(r"(?:(?:start|install|fetch) it(?: anew)? with|run): (.+)")

Opener = Callable[[ProviderSettings], Provider]


@dataclass(frozen=True)
class Seen:
    """A provider after its health check."""

    provider: Provider | None
    health: Health | None
    problem: str = ""


async def provider_checks(config: Config, *, call: bool, note: Note, opener: Opener = open_provider) -> list[Check]:
    """A check for each provider and each agent; one tiny call for each provider that an agent would use."""
    note("asking the providers")
    asked = await asyncio.gather(*(_ask(settings, opener) for settings in config.providers.values()))
    seen = dict(zip(config.providers, asked, strict=True))
    try:
        chosen = {agent: _first_healthy(config.candidates(agent), seen) for agent in AGENTS}
        checks = [_checked(name, found, needed=_named(name, config)) for name, found in seen.items()]
        mends = {name: check.mend for name, check in zip(seen, checks, strict=True)}
        checks += [_agent(agent, name, config.candidates(agent), mends) for agent, name in chosen.items()]
        if call:
            checks += [await _speed(config.providers[name], seen[name], note) for name in _each(chosen, config)]
        return checks
    finally:
        await asyncio.gather(*(found.provider.aclose() for found in seen.values() if found.provider))


async def _ask(settings: ProviderSettings, opener: Opener) -> Seen:
    provider: Provider | None = None
    try:
        provider = opener(settings)
        return Seen(provider, await provider.health())
    except ProviderError as error:
        return Seen(provider, None, str(error))


def _named(name: str, config: Config) -> bool:
    """Whether an agent asks this one and no other."""
    return name in {chosen for _, chosen in config.agent_providers}


def _first_healthy(names: tuple[str, ...], seen: Mapping[str, Seen]) -> str | None:
    return next((name for name in names if seen[name].health), None)


def _checked(name: str, seen: Seen, *, needed: bool) -> Check:
    """One that no agent depends on may be down."""
    subject = f"provider {name}"
    if seen.health is None or seen.provider is None:
        text, mend = _parted(seen.problem.removeprefix(f"{name}: "))
        check = Check(subject, Verdict.FAILED, f"Provider health check failed: {text}", mend)
        return check if needed else demoted(check)
    context = seen.health.context_tokens or seen.provider.context_tokens
    chosen = Chosen.of(seen.provider.profile, seen.health)
    text = f"{seen.health.model}, {chosen}, context {context:,} tokens"
    if seen.health.warnings:
        return Check(subject, Verdict.WARNING, f"{text}; {'; '.join(seen.health.warnings)}")
    if context < SMALL_CONTEXT:
        mend = f"raise context_length of {name} in config.yaml to 16384"
        return Check(subject, Verdict.WARNING, f"{text}: too small for more than toys", mend)
    if chosen.better is not chosen.tier:
        return Check(subject, Verdict.WARNING, text, f"set profile of {name} in config.yaml to {chosen.better}")
    return Check(subject, Verdict.OK, text)


def _parted(problem: str) -> tuple[str, str]:
    """A provider's sentence as what is wrong, and the command or the edit that mends it."""
    text, _, hint = problem.rpartition("; ")
    command = _COMMAND.match(hint)
    return (text, command[1] if command else hint) if text else (problem, "")


def _agent(agent: str, name: str | None, wanted: Sequence[str], mends: Mapping[str, str]) -> Check:
    """Without a healthy provider, what mends the first one whose program is on this machine at all."""
    if name is not None:
        return Check(agent, Verdict.OK, f"asks {name}")
    known = [mends[each] for each in wanted if mends[each]]
    mend = next((each for each in known if shutil.which(each.split()[0])), known[0] if known else "")
    return Check(agent, Verdict.FAILED, f"has no healthy provider ({', '.join(wanted)})", mend)


def _each(chosen: Mapping[str, str | None], config: Config) -> list[str]:
    """The providers in use, once each, in the order of the file."""
    return [name for name in config.providers if name in chosen.values()]


class _Meter:
    """Remembers the speed of writing that a call reports."""

    def __init__(self) -> None:
        self.tokens_per_second: float | None = None

    def progress(self, progress: Progress) -> None:
        self.tokens_per_second = progress.tokens_per_second or self.tokens_per_second

    def attempted(self, attempt: object) -> None: ...


async def _speed(settings: ProviderSettings, seen: Seen, note: Note) -> Check:
    subject = f"speed of {settings.name}"
    assert seen.provider is not None
    if settings.type == "embedded" and not model_state(settings.model).ready:
        return Check(subject, Verdict.OK, "not measured: the model is fetched at the first call")
    note(f"asking {settings.name} for a few words")
    meter = _Meter()
    try:
        async with asyncio.timeout(LONGEST_CALL):
            answer = await seen.provider.complete(_TINY, meter)
    except ProviderError as error:
        text, mend = _parted(str(error).removeprefix(f"{settings.name}: "))
        return Check(subject, Verdict.FAILED, text, mend)
    except TimeoutError:
        mend = "look at the server's load, or choose a smaller model"
        return Check(subject, Verdict.FAILED, f"no answer within {LONGEST_CALL:g} seconds", mend)
    tokens = answer.usage.output_tokens or 0
    rate = meter.tokens_per_second or (tokens / answer.seconds if answer.seconds else 0.0)
    return Check(subject, Verdict.OK, f"{rate:.0f} tokens/s; {tokens} tokens in {answer.seconds:.1f} s")
