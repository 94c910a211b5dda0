"""Where requests go. A hosted or local server is just an address; `embedded` starts its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from .errors import AuthenticationFailed
from .settings import ProviderSettings
from .wire import Health


@dataclass(frozen=True)
class Endpoint:
    """A server's address and key."""

    base_url: str
    key: SecretStr | None = None


_KEY = re.compile(r"[!-~]+")
"""What can stand in a header."""


class Host(Protocol):
    """Gives the endpoint, and may have to start it first."""

    @property
    def base_url(self) -> str:
        """Where requests go, as far as known before the start; for messages."""

    async def endpoint(self, note: Callable[[str], None]) -> Endpoint:
        """The running server; `note` hears what is taking so long. Raises ProviderError."""

    async def health(self) -> Health | None:
        """The verdict where asking over HTTP would start a server; None to ask over HTTP."""

    def lost(self) -> None:
        """The connection was refused or dropped: look whether the server is still there before the next call."""

    async def aclose(self) -> None: ...


class Remote:
    """A server that somebody else runs."""

    def __init__(self, settings: ProviderSettings, base_url: str) -> None:
        self._settings = settings
        self.base_url = base_url

    async def endpoint(self, note: Callable[[str], None]) -> Endpoint:  # noqa: ARG002
        key = self._settings.api_key()
        if self._settings.api_key_env and key is None:
            raise AuthenticationFailed(
                f"{self._settings.name}: the environment variable {self._settings.api_key_env} is not set; "
                f"put the key into it and start again"
            )
        if key and not _KEY.fullmatch(key.get_secret_value()):
            raise AuthenticationFailed(
                f"{self._settings.name}: the environment variable {self._settings.api_key_env} holds what no key has, "
                "such as a blank or a typographic quote; put the key alone into it and start again"
            )
        return Endpoint(self.base_url, key)

    async def health(self) -> Health | None:
        return None

    def lost(self) -> None: ...

    async def aclose(self) -> None: ...
