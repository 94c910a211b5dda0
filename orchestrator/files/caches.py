"""Which names are caches and installed packages: never staged, verified, zipped or swept."""

from __future__ import annotations

from .change import is_temporary

CACHES = frozenset(
    {
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
        ".tox",
        ".nox",
        ".venv",
        "venv",
        "node_modules",
        ".git",
        ".coverage",
        ".DS_Store",
        "Thumbs.db",
    }
)


def is_cache(name: str) -> bool:
    """Whether a file or directory of this bare name is left out."""
    return name in CACHES or name.endswith((".pyc", ".pyo")) or is_temporary(name)
