"""JSON as models are asked for it, and as they send it."""

from __future__ import annotations

from typing import Any


def closed_object(**properties: Any) -> dict[str, Any]:
    """The JSON schema of an object with exactly these properties."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strings(value: Any) -> list[str]:
    """The texts and numbers in a list, as texts; a text by itself is a list of one."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    return [str(item) for item in value if isinstance(item, str | int | float)] if isinstance(value, list) else []


def verbatim(value: Any) -> str:
    """A text as it is; empty for anything else."""
    return value if isinstance(value, str) else ""


def trimmed(value: Any) -> str:
    """A text without the space around it; empty for anything else."""
    return verbatim(value).strip()


def one_line(value: Any) -> str:
    """A text with single spaces only; empty for anything else."""
    return " ".join(verbatim(value).split())


def whole_number(value: Any) -> int:
    """0 for anything else, `true` too."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
