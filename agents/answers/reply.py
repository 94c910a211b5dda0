"""Reading a model's reply as files: lossless or rejected, never guessed.

A reply that is strict JSON as a whole is taken untouched, because file contents may hold anything, thinking tags too.
Otherwise thinking is taken off, and the format that begins first in the text is the reply's: what begins later may lie
inside a file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.answers import strict_json
from agents.answers.blocks import files_in_blocks
from agents.answers.checks import Check
from agents.answers.contents import is_python
from agents.answers.deletions import deleted_in
from agents.answers.documents import files_in_document
from agents.answers.fences import Document, read_document, unwrapped
from agents.answers.formats import first_format
from agents.answers.json_scan import Found, scan
from agents.answers.leftovers import holds_file
from agents.answers.patches import is_patch, unsupported
from agents.answers.python_literal import python_value
from agents.answers.rejection import Reason, Rejected
from agents.answers.salvage import complete_files
from agents.answers.second_answer import Span, refuse_second_answer
from agents.answers.shapes import Pairs, files_in
from agents.answers.tags import read_tags
from agents.answers.thinking import without_thinking
from agents.answers.tolerant_json import Unreadable
from agents.answers.underescaped import read_underescaped

LONGEST_REPLY = 8_000_000
"""Characters. More is refused unread; no model writes that much in one answer."""

_REFUSAL = re.compile(
    r"\W*(?:i(?:.?m| am) (?:(?:very |so )?sorry|unable|not able)|sorry[,.]|i apologi[sz]e|i can(?:no|.)t|"
    r"i won.t|as an ai\b|unfortunately,? i(?:.?m| am| can(?:no|.)t)\b|i (?:must|have to|need to) (?:decline|refuse))",
    re.IGNORECASE,
)
_SECOND_THOUGHT = re.compile(
    r"\b(?:draft|attempt|thought process|wait|actually|instead|corrected|correction|revised|better|sorry|mistake)\b",
    re.IGNORECASE,
)
_WANTED = "Wanted is, for each file, a line `### FILE: path` and the whole file in a fenced code block."


@dataclass(frozen=True)
class Answer:
    """What the model wants changed."""

    files: Mapping[str, str]
    """Path -> whole content. Paths are safe, relative and in plain form."""
    deleted: frozenset[str]
    """Paths the model asked to delete, at most 50, none of them in `files`."""
    dialect: str
    """The format that was read: json, nearly json, python, fences, tags, document."""


def read_reply(text: str, *, finish: str = "stop", project: str = "", known: Collection[str] = ()) -> Answer:
    """The files of a reply.

    `finish` is the finish reason the provider saw. `project` is the folder that models put in front of all paths; it is
    taken off unless one of the `known` paths (staged or planned) lies in a folder of that name.

    Raises Rejected, with what is complete beyond doubt as `salvage`. Anything but `stop` is never an answer.
    """
    check = Check(project, known)
    _check_ending(text, finish, check)
    text = text.removeprefix("\ufeff")
    try:
        return _whole_json(text, check) or _other(_alone(text), check)
    except Rejected as rejected:
        raise _with_salvage(rejected, text, check) from None


def _alone(text: str) -> str:
    """The answer without thinking before it and without a fence around all of it."""
    return unwrapped(without_thinking(text))


def _check_ending(text: str, finish: str, check: Check) -> None:
    if finish == "content_filter":
        raise Rejected(Reason.CONTENT_FILTER, "The provider's content filter ended the answer.")
    if finish == "refusal":
        raise Rejected(Reason.REFUSAL, f"Received a refusal. {_WANTED}")
    if len(text) > LONGEST_REPLY:
        raise Rejected(
            Reason.TOO_LARGE, f"Received {len(text)} characters; at most {LONGEST_REPLY} are read. Send fewer files."
        )
    if finish != "stop":
        answer = _alone(text)
        sentence = f"The answer was cut off (finish reason '{finish}'). Send fewer or shorter files at a time."
        raise Rejected(Reason.TRUNCATED, sentence, complete_files(answer, check))
    if not text.strip("\ufeff \t\r\n"):
        raise Rejected(Reason.EMPTY, f"Received an empty answer. {_WANTED}")


def _with_salvage(rejected: Rejected, text: str, check: Check) -> Rejected:
    if rejected.salvage or rejected.reason in (Reason.TRUNCATED_THINKING, Reason.REFUSAL, Reason.EMPTY):
        return rejected
    if rejected.reason in (Reason.TRUNCATED, Reason.AMBIGUOUS, Reason.MALFORMED, Reason.SCHEMA):
        return rejected.with_salvage(complete_files(_alone(text), check))
    return rejected


def _whole_json(text: str, check: Check) -> Answer | None:
    try:
        value = strict_json.loads(text)
    except ValueError:
        return None
    pairs = files_in(value) or (_from_string(value) if isinstance(value, str) else None)
    deleted = deleted_in(value)
    if not pairs and not deleted:
        raise _without_files(value)
    return _answer(pairs or [], deleted, "json", check)


def _without_files(value: Any) -> Rejected:
    if isinstance(value, dict) and isinstance(value.get("refusal"), str):
        return Rejected(Reason.REFUSAL, f"Received a refusal. {_WANTED}")
    if holds_file(value):
        return Rejected(Reason.SCHEMA, f"Received JSON with files in a shape that is not read. {_WANTED}")
    return Rejected(Reason.NO_FILES, f"Received JSON without files. {_WANTED}")


def _from_string(text: str) -> Pairs | None:
    """The whole reply is one JSON string with JSON in it."""
    try:
        return files_in(strict_json.loads(text, raw_newlines=True))
    except ValueError:
        return None


def _other(text: str, check: Check) -> Answer:
    if pairs := files_in_document(text):
        return _answer(pairs, (), "document", check)
    document = read_document(text)
    read: list[Span]
    match first_format(text, document):
        case "fences":
            answer = _answer(files_in_blocks(document), document.deleted, "fences", check)
            read = [(block.start, block.end) for block in document.blocks]
        case "tags":
            tagged = read_tags(text)
            read = [(file.start, file.end) for file in tagged]
            deleted = _deleted_outside(text, read)
            answer = _answer([(file.path, file.content) for file in tagged], deleted, "tags", check)
        case _:
            return _from_json(text, document, check) or _from_the_rest(text, document, check)
    refuse_second_answer(text, document, read, answer.files)
    return answer


def _from_json(text: str, document: Document, check: Check) -> Answer | None:
    """JSON somewhere in the text, None when there is none at all."""
    try:
        found = scan(text)
    except Unreadable as error:
        if answer := _from_python(text, check) or _from_underescaped(text, check):
            return answer
        reason = Reason.TRUNCATED if error.open_ended else Reason.MALFORMED
        raise Rejected(reason, f"Received JSON that cannot be read: {error}. {_WANTED}") from error
    if not found:
        return _from_python(text, check) or _from_underescaped(text, check)
    if len({"files" in one.value for one in found}) > 1:
        raise Rejected(Reason.AMBIGUOUS, f"Received files beside a list of files; send one list of all. {_WANTED}")
    merged = _merged(found)
    if len(merged) > len(found[0].pairs) and any(_SECOND_THOUGHT.search(one.before) for one in found):
        raise Rejected(Reason.SEVERAL_ANSWERS, f"Received several answers, one after the other. {_WANTED}")
    read = [one.span for one in found]
    deleted = [path for one in found for path in deleted_in(one.value)]
    answer = _answer(merged, [*deleted, *_deleted_outside(text, read)], "nearly json", check)
    refuse_second_answer(text, document, read, answer.files)
    return answer


def _deleted_outside(text: str, read: Iterable[Span]) -> tuple[str, ...]:
    """The paths of lines `DELETE: path` between the parts of the text that have been read as files."""
    between, at = [], 0
    for start, end in sorted(read):
        between.append(text[at:start])
        at = end
    return read_document("\n".join([*between, text[at:]])).deleted


def _merged(found: list[Found]) -> Pairs:
    """The files of several JSON values; one that comes twice with different content cannot be decided."""
    files: dict[str, str] = {}
    for one in found if len(found) > 1 else ():
        for path, content in one.pairs:
            if files.setdefault(path, content) != content:
                sentence = f"Received two answers that differ in {path[:120]!r}; send one answer, with each file once."
                raise Rejected(Reason.AMBIGUOUS, sentence, missing=(path,))
    return [pair for one in found for pair in one.pairs]


def _from_python(text: str, check: Check) -> Answer | None:
    try:
        value = python_value(text)
        pairs = files_in(value)
    except ValueError:
        return None
    sound = pairs and all(is_python(content) for path, content in pairs if path.endswith(".py"))
    return _answer(pairs, deleted_in(value), "python", check) if pairs and sound else None


def _from_underescaped(text: str, check: Check) -> Answer | None:
    pairs = read_underescaped(text)
    return _answer(pairs, (), "nearly json", check) if pairs else None


def _from_the_rest(text: str, document: Document, check: Check) -> Answer:
    if document.blocks or document.deleted or document.announced:
        pairs = files_in_blocks(document)
        if pairs or document.deleted:
            return _answer(pairs, document.deleted, "fences", check)
    if is_patch(text):
        raise unsupported("as the answer")
    if _REFUSAL.match(text):
        raise Rejected(Reason.REFUSAL, f"Received a refusal. {_WANTED}")
    raise Rejected(Reason.NO_FILES, f"Received an answer without files. {_WANTED}")


def _answer(pairs: Pairs, deleted: Iterable[str], dialect: str, check: Check) -> Answer:
    files = check.files(pairs) if pairs else {}
    return Answer(files, check.deleted(deleted, pairs, files), dialect)
