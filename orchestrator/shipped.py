"""The config.yaml that comes with the program, from a checkout or from an installed wheel."""

from __future__ import annotations

import sys
from pathlib import Path


def config_yaml() -> str:
    """Its text. Raises FileNotFoundError when neither place has it."""
    places = (Path(__file__).parents[1] / "config.yaml", Path(sys.prefix) / "share" / "code-tumbler" / "config.yaml")
    for place in places:
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise FileNotFoundError(" or ".join(str(place) for place in places))
