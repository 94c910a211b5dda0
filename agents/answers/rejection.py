"""Why a reply was not taken, in words for a program (`Reason`) and in words for the model (`Rejected.sentence`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Reason(StrEnum):
    """One code for each kind of refusal; they stand in reports and in the output of `python -m agents.answers`."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TRUNCATED = "truncated"
    TRUNCATED_THINKING = "truncated_thinking"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    NO_FILES = "no_files"
    NO_PATH = "no_path"
    NO_JSON = "no_json"
    MALFORMED = "malformed"
    SCHEMA = "schema"
    AMBIGUOUS = "ambiguous"
    SEVERAL_ANSWERS = "several_answers"
    DUPLICATE_PATH = "duplicate_path"
    PATH_CONFLICT = "path_conflict"
    UNSAFE_PATH = "unsafe_path"
    NOT_TEXT = "not_text"
    PLACEHOLDER = "placeholder"
    DIFF_UNSUPPORTED = "diff_unsupported"
    DOUBLE_ESCAPED = "double_escaped"
    DEGENERATE = "degenerate"


class Rejected(Exception):
    """The reply cannot be taken without guessing."""

    def __init__(
        self,
        reason: Reason,
        sentence: str,
        salvage: Mapping[str, str] | None = None,
        missing: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{reason}: {sentence}")
        self.reason = reason
        self.sentence = sentence
        """What was received and what is wanted; goes back to the model verbatim."""
        self.salvage: Mapping[str, str] = dict(salvage or {})
        """Files that are complete beyond doubt; only the others need to be asked for again."""
        self.missing = missing
        """Paths that the reply names, but whose content could not be taken."""

    @property
    def received(self) -> str:
        """What was wrong, for a person: without what is asked of the model."""
        wrong = re.split(r"[.;] ", self.sentence, maxsplit=1)[0].rstrip(".")
        return wrong[:1].lower() + wrong[1:]

    def with_salvage(self, files: Mapping[str, str]) -> Rejected:
        return Rejected(self.reason, self.sentence, files, tuple(path for path in self.missing if path not in files))


def reask(rejected: Rejected) -> str:
    """The user message that asks again: what was wrong, what is already there, what to send now."""
    lines = [f"Your last answer could not be used. {rejected.sentence}"]
    if rejected.salvage:
        lines.append(f"These files arrived whole and are kept, do not repeat them: {_listed(tuple(rejected.salvage))}.")
    if rejected.missing:
        lines.append(f"Send again, whole: {_listed(rejected.missing)}.")
    elif rejected.salvage:
        lines.append("Send only the files that are still missing, each of them whole.")
    else:
        lines.append("Send all files again, each of them whole.")
    return "\n".join(lines)


def _listed(paths: tuple[str, ...], most: int = 30) -> str:
    shown = ", ".join(repr(path) for path in paths[:most])
    return shown if len(paths) <= most else f"{shown} and {len(paths) - most} more"
