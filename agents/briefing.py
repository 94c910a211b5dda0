"""What the Engineer is told: which orders, which example, which files in full and which by their signatures."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from agents.acceptance import shown
from agents.answers import fenced, read_reply
from agents.base import Work
from agents.context import Section, fit, room
from agents.outline import read_plan
from agents.plan import is_test
from agents.prompts import prompt
from agents.signatures import signatures
from agents.verification.cause import crashes
from providers import Message

_HEADING = "### FILE: "
"""Of a file in an example."""
_FILE = "FILE: "
"""Files are shown under the heading that the answer bears."""

log = logging.getLogger(__name__)

_PROGRAM = re.compile(
    r"command[- ]line|\bcli\b|\barguments?\b|exit (?:code|status)|python3? [\w/]+\.py \S", re.IGNORECASE
)
_ERRORS = re.compile(r"\brais(?:es?|ing)\b|\bthrow|error|exception|\binvalid\b|\bnot valid\b", re.IGNORECASE)
_SCRIPT = re.compile(r"\bscript\b|\bprints?\b", re.IGNORECASE)

_NODE = frozenset({".js", ".mjs", ".cjs", ".ts"})
_NODE_WORDS = re.compile(r"\bnode(?:\.?js)?\b|\bjavascript\b|\btypescript\b", re.IGNORECASE)
_OTHER = frozenset({".go", ".rs", ".java", ".rb", ".c", ".cpp", ".sh"})


def example_for(requirements: str, language: str) -> str:
    """The name of the example that is nearest to what is asked for.

    A small model copies the example's shape: shown tests that run a program, it writes such tests for a library too,
    and shown a function that refuses an empty list, it refuses what nobody asked it to.
    """
    refuses = _ERRORS.search(requirements) is not None
    if language == "node":
        return "example_node" if refuses else "example_node_plain"
    if _PROGRAM.search(requirements):
        return "example_program"
    if _SCRIPT.search(requirements):
        return "example_script"
    return "example_library" if refuses else "example_plain"


def orders(name: str, work: Work, answer_format: str, *, tests: bool = True) -> str:
    """The system prompt: the standing orders, the format of the answer, and an example in the language.

    Without `tests` it is for the program alone: told of tests or shown some, a small model writes them at once.

    A repair has the program itself before its eyes and gets no example. The rules for Node are repeated there: they say
    which of two module systems and which of many test runners is used.
    """
    language = language_of(work)
    rules = _rules(language, tests=tests) if language == "node" or name != "engineer_repair" else ""
    parts = [prompt(name) + rules, prompt(f"format_{answer_format}")]
    if language and name != "engineer_repair":
        example = prompt(example_for(work.requirements, language))
        parts += ["Example", _example(example if tests else _without_tests(example), answer_format)]
    return "\n\n".join(parts)


def language_of(work: Work) -> str:
    """`python`, `node`, or empty for another one: by the files that are there or planned, else by the requirements."""
    suffixes = {PurePosixPath(path).suffix for path in [*work.staged, *(file.path for file in read_plan(work.plan))]}
    if ".py" in suffixes:
        return "python"
    if suffixes & _NODE or (not suffixes & _OTHER and _NODE_WORDS.search(work.requirements)):
        return "node"
    return "" if suffixes & _OTHER else "python"


def _rules(language: str, *, tests: bool) -> str:
    """What holds for the language, as further lines of the standing orders."""
    lines = prompt(f"language_{language}").splitlines() if language else []
    return "".join(f"\n{line}" for line in lines if tests or not line.startswith("- Always write tests"))


def _without_tests(example: str) -> str:
    files = example.split(_HEADING)
    kept = [file for file in files[1:] if not is_test(file.partition("\n")[0])]
    return _HEADING.join((files[0].replace(" With tests.", ""), *kept))


def _example(text: str, answer_format: str) -> str:
    task, _, answer = text.partition("\n\n")
    if answer_format == "json":
        files = [{"path": path, "content": content} for path, content in read_reply(answer).files.items()]
        answer = json.dumps({"files": files})
    return f"Requirements: {task}\n\nAnswer:\n\n{answer}"


def briefing(system: str, work: Work, files: Mapping[str, str], task: str, *, answer_tokens: int) -> list[Message]:
    """The prompt for one call. `files` is the project as it is now; of what does not fit, signatures are shown."""
    tokens = room(system, work.model.context_tokens, answer_tokens)
    whole = [_file(path, content, work) for path, content in files.items()]
    fitted = fit(_sections(work, whole, task), tokens)
    if fitted.left_out:
        log.info("%s: does not fit the prompt whole: %s", work.project, ", ".join(fitted.left_out))
    if cut := {title for title in fitted.left_out if title.startswith(_FILE)}:
        shown = [section for section in whole if section.title not in cut]
        outlines = [_outline(path, content) for path, content in files.items() if f"{_FILE}{path}" in cut]
        fitted = fit(_sections(work, [*shown, *outlines], task), tokens)
    return [Message("system", system), Message("user", fitted.text)]


def findings(work: Work) -> str:
    """What the last verification found: the failures, or the whole report when only that is there."""
    return work.feedback or work.report


def _mistakes(work: Work) -> str:
    """For a new draft, which sees nothing of the others: how their code broke down."""
    told = [] if findings(work) else crashes(work.causes)
    return "\n".join(["Do not make them again:", *(f"- {each}" for each in told)]) if told else ""


def _sections(work: Work, files: Sequence[Section], task: str) -> list[Section]:
    return [
        Section("Requirements", work.requirements),
        Section("Plan", work.plan, rank=3),
        Section("What the program must do, exactly", shown(work.acceptance), rank=2),
        Section("Hints from the user", work.notes, rank=1),
        *files,
        Section("What the tests found", findings(work), rank=1),
        Section("Mistakes of earlier attempts", _mistakes(work), rank=3),
        Section("Task", task),
    ]


def _file(path: str, content: str, work: Work) -> Section:
    """First what failed and what the user changed, then what fits."""
    edited = path in work.edited
    rank = 2 if edited or _mentioned(path, findings(work)) else 4
    note = "\n\nThe user changed this file by hand. Keep these changes." if edited else ""
    return Section(f"{_FILE}{path}", fenced(path, content).partition("\n")[2].rstrip() + note, rank)


def _outline(path: str, content: str) -> Section:
    return Section(f"Signatures of {path}", f"```\n{signatures(path, content)}\n```", rank=3)


def _mentioned(path: str, findings: str) -> bool:
    stem = PurePosixPath(path).stem
    return path in findings or bool(re.search(rf"\b{re.escape(stem)}\b", findings))


def listed(paths: Iterable[str]) -> str:
    """Paths for a sentence."""
    return ", ".join(f"`{path}`" for path in paths)
