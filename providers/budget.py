"""How long prompt and answer may be: pure, decided before each call so that no server has to cut anything."""

from __future__ import annotations

from .errors import ContextExceeded
from .format import Call, Format
from .learned import Learned
from .settings import ProviderSettings
from .wire import Request, estimate_tokens

ANSWER = 8192
"""Tokens of the longest answer unless configured; half the context window where that is less."""
LEAST = 512
"""Tokens that must remain for an answer, and a quarter of what was asked for."""
FRAME = 8
"""Tokens around each message: role and separators."""


def prompt_tokens(request: Request) -> int:
    """Our estimate of the prompt, an upper bound for English and code."""
    return sum(estimate_tokens(message.content) + FRAME for message in request.messages)


def context_tokens(settings: ProviderSettings, format_: Format, learned: Learned) -> int:
    """The smallest of what the server, its error messages and the configuration say."""
    said = learned.health.context_tokens if learned.health else None
    known = [value for value in (said, learned.context_tokens, settings.context_length) if value]
    return min(known) if known else format_.context_tokens


def answer_tokens(settings: ProviderSettings, context: int) -> int:
    return min(settings.max_output_tokens or ANSWER, context // 2 if settings.max_output_tokens is None else context)


def plan(settings: ProviderSettings, format_: Format, learned: Learned, request: Request, retry: int = 0) -> Call:
    """Every choice of one request made. `retry` counts earlier tries: another seed may break a loop.

    Raises ContextExceeded when fewer than LEAST tokens, or a quarter of what was asked for, are left for the answer.
    """
    context = context_tokens(settings, format_, learned)
    thinks = thinking(settings, learned, request)
    asked = request.max_output_tokens or answer_tokens(settings, context)
    if thinks and isinstance(settings.thinking, int):
        asked += settings.thinking
    prompt = int(prompt_tokens(request) * max(1.0, learned.scale))
    room = context - prompt
    if room < min(asked, max(LEAST, asked // 4)):
        raise ContextExceeded(
            f"{settings.name}: the prompt of about {prompt} tokens and an answer of {asked} do not fit the context of "
            f"{context}; raise context_length, lower max_output_tokens, or shorten the requirements"
        )
    seed = settings.seed if request.seed is None else request.seed
    return Call(
        model=learned.health.model if learned.health else settings.model,
        messages=request.messages,
        context_tokens=context,
        max_output_tokens=min(asked, room),
        thinking=thinks,
        temperature=settings.temperature if request.temperature is None else request.temperature,
        seed=None if seed is None else seed + retry,
        schema=request.schema,
        stop=request.stop,
        refused=learned.refused,
    )


def thinking(settings: ProviderSettings, learned: Learned, request: Request) -> bool:
    """Whether to think: as asked, unless the model cannot."""
    wanted = settings.thinking != "off" if request.thinking is None else request.thinking
    able = learned.health.capabilities if learned.health else None
    return wanted and (able is None or "thinking" in able)


def reasoning_tokens(settings: ProviderSettings, call: Call) -> int:
    """Tokens of thinking after which the call is ended: the configured budget, else half of the answer, or LEAST."""
    if call.thinking and isinstance(settings.thinking, int):
        return settings.thinking
    return max(LEAST, call.max_output_tokens // 2)
