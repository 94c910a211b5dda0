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


def test_script(tree: Tree) -> str:
    """What `npm test` runs; empty when there is nothing."""
    scripts = (package(tree) or {}).get("scripts")
    script = scripts.get("test") if isinstance(scripts, dict) else None
    return script.strip() if isinstance(script, str) else ""


def own_command(tree: Tree) -> list[str] | None:
    """`npm test` when the project has a runner of its own."""
    script = test_script(tree)
    return ["npm", "test"] if script and not _OWN_RUNNER.search(script) else None


def is_known_runner(script: str) -> bool:
    """Whether its exit code can only be that of a runner, or of the test file itself."""
    return len(script) <= _LONGEST and bool(_KNOWN_RUNNER.match(script))
