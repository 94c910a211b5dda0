"""The agents' standing orders, as Markdown."""

from __future__ import annotations

from importlib.resources import files


def prompt(name: str) -> str:
    """The text of `NAME.md` in this folder."""
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()
