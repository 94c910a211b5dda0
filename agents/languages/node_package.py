"""What package.json says: what is to be installed, and what `npm test` runs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from agents.verification.tree import Tree

_OWN_RUNNER = re.compile(r"\bnode\b(?:(?!\bnode\b|--test\b).)*+--test\b|no test specified")
_KNOWN_RUNNER = re.compile(
    r"^\s*(?:npx\s+)?(?:(?:c8|nyc|cross-env)\s+(?:\w+=\S+\s+)*)?(?:jest|vitest|mocha|ava|tap|node(?:\s+-\S+)*\s+\S*test\S*)\b[^;|&]*$"
)
_LONGEST = 300
"""Characters of a script that can be a plain call."""


def package(tree: Tree) -> Mapping[str, Any] | None:
    """package.json; an empty object when there is none, None when it is broken."""
    try:
        content = json.loads(tree.texts.get("package.json", "{}").removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def script(tree: Tree, name: str = "test") -> str:
    """What `npm run` does under this name; empty when there is nothing."""
    scripts = (package(tree) or {}).get("scripts")
    found = scripts.get(name) if isinstance(scripts, dict) else None
    return found.strip() if isinstance(found, str) else ""


def own_commands(tree: Tree) -> list[list[str]]:
    """What stands for `npm test` where the project has its own runner: one for each script, so that we look between."""
    text = script(tree)
    if not text or _OWN_RUNNER.search(text):
        return []
    return [["npm", "run", name, "--ignore-scripts"] for name in ("pretest", "test") if script(tree, name)]


def is_known_runner(text: str) -> bool:
    """Whether its exit code can only be that of a runner, or of the test file itself."""
    return len(text) <= _LONGEST and bool(_KNOWN_RUNNER.match(text))
