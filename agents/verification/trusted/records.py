"""An authenticated way out of the sandbox: JSON lines under a chained HMAC, read by agents/verification/channel.py."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable
from json import encoder
from typing import Any

try:
    from _hashlib import hmac_digest
except ImportError:
    hmac_digest = hmac.digest  # type: ignore[assignment, unused-ignore]


class Channel:
    """Writes records to the report pipe; children that were forked off stay silent."""

    def __init__(self, descriptor: int, key: bytes) -> None:
        self._out = os.dup(descriptor)
        os.close(descriptor)
        self._key = key
        self._chain = hashlib.sha256(key).digest()
        self._lock = threading.Lock()
        self._write, self._dumps, self._mac, self._process = os.write, _encoder(), hmac_digest, os.getpid
        self._own = os.getpid()

    def emit(self, kind: str, **fields: Any) -> None:
        if self._process() != self._own:
            return
        with self._lock:
            body = self._dumps({"t": kind, **fields}).encode("ascii")
            self._chain = self._mac(self._key, self._chain + body, "sha256")
            rest = memoryview(body + b"\t" + self._chain.hex().encode() + b"\n")
            while rest:
                rest = rest[self._write(self._out, rest) :]


def _encoder() -> Callable[[Any], str]:
    """`json.dumps` in C from end to end: the classes of the module can be patched by whoever imports it."""
    make = getattr(encoder, "c_make_encoder", None)
    if make is None:
        return json.JSONEncoder(separators=(",", ":")).encode
    encode = make(None, _refuse, encoder.encode_basestring_ascii, None, ":", ",", False, False, True)
    join = "".join
    return lambda value: join(encode(value, 0))


def _refuse(value: object) -> object:
    raise TypeError(f"no JSON: {type(value).__name__}")
