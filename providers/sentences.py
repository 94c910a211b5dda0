"""What a person reads when a provider fails: which one, what, and what to do next."""

from __future__ import annotations

from urllib.parse import urlsplit

from .failures import Failure, Kind
from .format import Format
from .settings import ProviderSettings

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def sentence(settings: ProviderSettings, format_: Format, base_url: str, model: str, failure: Failure) -> str:
    """One sentence that starts with the provider's name."""
    said = " ".join(failure.text.split())[:400].removesuffix(".")
    status = f" ({failure.status})" if failure.status else ""
    match failure.kind:
        case Kind.CONNECT:
            what = f"nothing answers at {base_url}; {_start_hint(format_, base_url)}"
        case Kind.AUTH:
            what = f"the server refused the key{status}: {said}; {_key_hint(settings)}"
        case Kind.NOT_FOUND:
            what = f"model {model!r} not found; {format_.pull_hint.format(model=model)}"
        case Kind.NO_PATH:
            what = (
                f"nothing lies at this address under {base_url}{status}: {said}; check type and base_url in config.yaml"
            )
        case Kind.QUOTA:
            what = (
                f"the account's quota is used up{status}: {said}; add credit, or choose another provider in config.yaml"
            )
        case Kind.RATE:
            what = f"too many requests{status}: {said}; {_wait_hint(failure)}"
        case Kind.CONTEXT | Kind.ROOM:
            what = f"{said}; raise context_length, lower max_output_tokens, or shorten the requirements"
        case Kind.TIMEOUT:
            what = f"{said}; if the model is only slow, raise first_token_timeout or silence_timeout in config.yaml"
        case Kind.CRASHED:
            what = f"{said}; lower context_length, or choose a smaller model"
        case Kind.DEGENERATE:
            what = f"the answer was ended: {said}; try again, or choose another model"
        case Kind.TRUNCATED:
            what = f"{said}, so the answer may be cut; look at the server's log"
        case Kind.BAD_BODY if failure.status is None:
            what = f"{said}; look at the chat template that the server uses, or choose another model"
        case Kind.BAD_BODY:
            what = f"{failure.kind}{status}: {said}; check that base_url points at a server of type {settings.type}"
        case Kind.PAGE:
            what = (
                f"{failure.kind}{status}: {said}; check that base_url points at a server of type {settings.type}, "
                "and that a proxy in between can reach it"
            )
        case Kind.REJECTED | Kind.PARAMETER:
            what = f"the server rejected the request{status}: {said}; change the setting that it names in config.yaml"
        case _:
            what = f"{failure.kind}{status} at {base_url}: {said}; look at the server's log"
    return f"{settings.name}: {what}"


def _start_hint(format_: Format, base_url: str) -> str:
    host = urlsplit(base_url).hostname
    there = "" if host in _THIS_MACHINE else f" on {host}"
    return format_.start_hint.replace("start it with", f"start it{there} with")


def _key_hint(settings: ProviderSettings) -> str:
    if settings.api_key_env:
        return f"check the environment variable {settings.api_key_env}"
    return "set api_key_env in config.yaml to the environment variable that holds the key"


def _wait_hint(failure: Failure) -> str:
    if failure.retry_after is None:
        return "wait, or lower max_concurrency"
    return f"the server asks to wait {failure.retry_after:.0f} s"
