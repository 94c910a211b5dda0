"""Where a function that somebody writes about is to be found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from agents.plan import PlannedFile, is_test
from agents.verification.examples import CALLABLE


class Homes:
    """Which file defines a function: by its signatures, the requirement's own words, or because there is one."""

    def __init__(self, files: Sequence[PlannedFile], *, signed_only: bool) -> None:
        """`signed_only`: the name may be that of a method, so that only a signature tells that it is none."""
        self._code = [file for file in files if file.path.endswith(CALLABLE) and not is_test(file.path)]
        self._signed_only = signed_only

    def of(self, name: str, text: str) -> str:
        """Path of the file for the function `name`, which `text` speaks of; empty when it could be several."""
        signed = [file.path for file in self._code if any(_defines(line, name) for line in file.signatures)]
        named = [file.path for file in self._code if PurePosixPath(file.path).name in text]
        every = [file.path for file in self._code]
        for candidates in (signed,) if self._signed_only else (signed, named, every):
            if len(candidates) == 1:
                return candidates[0]
        return ""


def _defines(signature: str, name: str) -> bool:
    """Whether the line is of a function `name` that is no method."""
    begins = rf"^(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:def|function|const|let|class)?\s*{name}\s*[(=:]"
    return bool(re.search(begins, signature)) and not re.search(r"\((?:self|cls)\b", signature)
