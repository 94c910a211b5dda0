"""How long ago something began: `90m`, `12h`, `3d`, or a date."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(\d{1,6}(?:\.\d+)?)\s*([mhdw])", re.IGNORECASE)


def moment(text: str, now: datetime) -> datetime:
    """The time that `text` means, seen from `now`, with its zone. Raises ValueError with a sentence."""
    found = _SPAN.fullmatch(text.strip())
    try:
        if found:
            return now - timedelta(**{_UNITS[found[2].lower()]: float(found[1])})
        return datetime.fromisoformat(text.strip()).astimezone(None)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time; write 90m, 12h, 3d or 2026-01-31") from error
