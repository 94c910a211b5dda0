"""Reads what a trusted runner wrote to the report pipe: JSON lines under a chained HMAC."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """The key of one run, and a name for its canary tests that nobody can guess."""

    key: bytes
    canary: str

    @classmethod
    def fresh(cls) -> Secret:
        return cls(secrets.token_bytes(32), "canary_" + secrets.token_hex(6))

    def message(self, options: Mapping[str, Any]) -> bytes:
        """What the runner reads from its one-shot pipe."""
        return json.dumps({"key": self.key.hex(), "canary": self.canary, **options}).encode()


def read_records(report: bytes, key: bytes, *, whole: bool) -> tuple[list[Record], str]:
    """The records up to the first that is not authentic, and what is wrong with that one (empty: nothing).

    `whole` says that the runner ended by itself; otherwise a last line without its end is no offence.
    """
    chain = hashlib.sha256(key).digest()
    records: list[Record] = []
    lines = report.split(b"\n")
    rest = lines.pop()
    for line in lines:
        body, _, mac = line.rpartition(b"\t")
        chain = hmac.new(key, chain + body, hashlib.sha256).digest()
        if not hmac.compare_digest(chain.hex().encode(), mac):
            return records, "something other than the runner wrote to the report channel"
        records.append(json.loads(body))
    if rest and whole:
        return records, "the report channel ends in the middle of a record"
    return records, ""
