"""Drives a health check over HTTP: small requests, one answer each, no second try."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx

from .failures import Failed, Failure, Kind, classify
from .format import Ask, Steps
from .stream import first_bytes, network_failure, unreadable
from .wire import Health

LARGEST = 4 * 1024 * 1024
"""Bytes of one answer; hosted services list thousands of models."""
_REFUSALS = (400, 403, 404, 405, 501)
"""Statuses of servers that lack a path which is not needed."""


async def ask(
    http: httpx.AsyncClient, steps: Steps, *, root: str, headers: Mapping[str, str], seconds: float
) -> Health:
    """The verdict of `steps`; each answer may take `seconds`.

    Raises Failed, and whatever ProviderError the format raises when it sees what is wrong.
    """
    answer: Any = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Failed(Failure(Kind.BAD_BODY, f"the health check got an unknown answer: {error!r}")) from error
        answer = await _answer(http, step, root, headers, seconds)


async def _answer(http: httpx.AsyncClient, step: Ask, root: str, headers: Mapping[str, str], seconds: float) -> Any:
    """The decoded answer; None when the body is empty, and when the answer is not needed and was refused."""
    method = "GET" if step.json is None else "POST"
    url = root + step.path
    try:
        async with asyncio.timeout(seconds), http.stream(method, url, json=step.json, headers=headers) as response:
            body = await first_bytes(response, most=LARGEST)
    except TimeoutError as error:
        raise Failed(Failure(Kind.TIMEOUT, f"{url} did not answer within {seconds:g} s")) from error
    except httpx.HTTPError as error:
        raise Failed(network_failure(error)) from error
    if response.status_code != 200:
        if not step.needed and response.status_code in _REFUSALS:
            return None
        raise Failed(classify(response.status_code, response.headers, body))
    try:
        return json.loads(body) if body.strip() else None
    except ValueError as error:
        raise Failed(replace(unreadable(body, page=True), text=f"{url} answered with {body[:60]!r}")) from error
