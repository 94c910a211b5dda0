"""Examples that stand in the requirements themselves: `rotate("Zebra!", 1) is "Afcsb!"` is the user's word.

They cost no model call, nobody can have guessed them wrong, and no code was written when they were. Only what can be
read in one way is taken: a call with literal arguments, a word such as *is* or *returns*, a literal, and the end of the
clause.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import PurePosixPath

from agents.answers.paths import looks_like_path
from agents.plan import PlannedFile, is_test
from agents.requirements import Requirement
from agents.verification.examples import CALLABLE, Call, Check, Example

_NAME = re.compile(r"(?<![\w.\"'])(?P<name>[A-Za-z_]\w*)\(")
_GIVES = re.compile(
    r"`?\s*,?\s*(?:(?:is|are|returns?|gives?|yields?|becomes|equals|(?:should|must) (?:be|return|give)|evaluates to|"
    r"results in)(?: again)?|->|=>|→|==?|=)\s*(?:the (?:text|string|number|list|tuple|value|dict) )?`?",
    re.IGNORECASE,
)
_RAISES = re.compile(
    r"`?\s*,?\s*(?:raises?|throws?|(?:should|must) (?:raise|throw))(?: an?)? `?(?P<name>[A-Z]\w+)`?", re.IGNORECASE
)
_CLAUSE_END = re.compile(r"`?\s*(?:$|[,;)]|\.(?!\w)|:|\n|(?:and|but|while|since|because|whereas)\b|>>>)")
_PAIR = re.compile(r"`?\s+(?:gives|returns|yields|becomes)\s+`?|`?\s*(?:->|=>|→)\s*`?")
_SIGNATURE = re.compile(r"(?<![\w.\"'])(?P<name>[A-Za-z_]\w*)\((?P<parameters>[a-z_]\w*(?:: ?\w+)?(?:, ?\w+)*)\)")
_CLAUSE_BEGIN = re.compile(r"^|(?:[,;:.(]|\b(?:and|but|while|examples?:?|instance|so))\s+`?|\n|>>> ", re.IGNORECASE)
_COMMAND = re.compile(
    r"`(?P<run>(?:python3?|node) [\w./-]+\.(?:py|js|mjs|cjs)(?: [^`]*)?)`\s+(?:prints|outputs|shows|writes)\s+"
    r"(?:just |only |exactly )?`(?P<out>[^`]+)`"
)
_PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b|\b[A-Z]\b|<[A-Za-z]|\.\.\.|\[[A-Za-z-]|[|*?$~;&]")
_LONGEST = 300
MOST_STATED = 20


def stated(requirements: Sequence[Requirement], files: Sequence[PlannedFile]) -> tuple[Check, ...]:
    """What the user says must come of a call or a run, at most 20. `files` tell where a function is to be found."""
    found: dict[tuple[str, ...], Check] = {}
    only = _only_function(requirements)
    for requirement in requirements:
        calls = chain(_calls(requirement, files), _pairs(requirement, only, files))
        for check in chain[Check](calls, _runs(requirement, files)):
            found.setdefault(check.run, check)
    return tuple(found.values())[:MOST_STATED]


def _calls(requirement: Requirement, files: Sequence[PlannedFile]) -> Iterator[Call]:
    text = requirement.text
    for start in _NAME.finditer(text):
        call = _balanced(text, start.start())
        home = _home(start["name"], requirement.text, files)
        if not call or not home or not _is_literal_call(call):
            continue
        rest = text[start.start() + len(call) :]
        if (raises := _RAISES.match(rest)) and _CLAUSE_END.match(rest, raises.end()):
            yield _call(call, home, requirement, raises=raises["name"])
        elif (gives := _GIVES.match(rest)) and (value := _literal(rest[gives.end() :])):
            if _CLAUSE_END.match(rest, gives.end() + len(value)):
                yield _call(call, home, requirement, returns=value)
        elif rest.startswith("\n") and text[: start.start()].endswith(">>> "):
            value = rest[1:].partition("\n")[0].strip()
            if _literal(value) == value:
                yield _call(call, home, requirement, returns=value)


def _only_function(requirements: Sequence[Requirement]) -> str:
    """The function that all is about, when there is one and it takes one value."""
    whole = "\n".join(requirement.text for requirement in requirements)
    signatures = {match["name"]: match["parameters"] for match in _SIGNATURE.finditer(whole)}
    names = {match["name"] for match in _NAME.finditer(whole)}
    if len(names) != 1 or names != signatures.keys() or "," in "".join(signatures.values()):
        return ""
    return names.pop()


def _pairs(requirement: Requirement, only: str, files: Sequence[PlannedFile]) -> Iterator[Call]:
    """`0 gives "0s", 60 gives "1m"`, where it can only be said of one function."""
    home = _home(only, requirement.text, files) if only else ""
    for gives in _PAIR.finditer(requirement.text) if home else ():
        given = _literal_before(requirement.text[: gives.start()])
        value = _literal(requirement.text[gives.end() :])
        if given and value and _CLAUSE_END.match(requirement.text, gives.end() + len(value)):
            yield _call(f"{only}({given})", home, requirement, returns=value)


def _literal_before(text: str) -> str:
    """The literal that `text` ends with, when it begins a clause; the longest when there are several."""
    for match in _CLAUSE_BEGIN.finditer(text[-_LONGEST:]):
        found = text[-_LONGEST:][match.end() :]
        if found and _literal(found) == found:
            return found
    return ""


def _call(call: str, home: str, requirement: Requirement, *, returns: str | None = None, raises: str = "") -> Call:
    return Call(home, call, returns, raises, name=call[:80], requirement=requirement.id, stated=True)


def _balanced(text: str, start: int) -> str:
    """What begins at `start`, up to the bracket that closes its first one; empty without one nearby."""
    depth, quote = 0, ""
    for at in range(start, min(len(text), start + _LONGEST)):
        letter = text[at]
        if quote:
            quote = "" if letter == quote and text[at - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if depth == 0:
                return text[start : at + 1]
    return ""


def _is_literal_call(call: str) -> bool:
    try:
        tree = ast.parse(_as_python(call), mode="eval").body
        if not isinstance(tree, ast.Call):
            return False
        for argument in (*tree.args, *(keyword.value for keyword in tree.keywords)):
            ast.literal_eval(argument)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return False
    return bool(tree.args or tree.keywords)


def _literal(text: str) -> str:
    """The literal that `text` begins with; empty when it begins with none."""
    if text[:1] in "\"'":
        end = text.find(text[0], 1)
        return text[: end + 1] if end > 0 else ""
    if text.startswith(("(", "[", "{")):
        whole = _balanced(text, 0)
        return whole if whole and _evaluates(whole) else ""
    match = re.match(r"-?\d+(?:\.\d+)?(?![\w.]*\d)|(?:True|False|None|true|false|null)\b", text)
    return match[0] if match else ""


def _evaluates(text: str) -> bool:
    try:
        ast.literal_eval(_as_python(text))
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return False
    return True


def _as_python(text: str) -> str:
    """JavaScript's words for Python's, so that its literals can be checked."""
    words = {"true": "True", "false": "False", "null": "None", "undefined": "None"}
    return re.sub(r"\b(?:true|false|null|undefined)\b", lambda match: words[match[0]], text)


def _home(name: str, text: str, files: Sequence[PlannedFile]) -> str:
    """The file that defines the function: by its signatures, the requirement's own words, or because there is one."""
    code = [file for file in files if file.path.endswith(CALLABLE) and not is_test(file.path)]
    signed = [file.path for file in code if any(re.search(rf"\b{name}\b", line) for line in file.signatures)]
    named = [file.path for file in code if PurePosixPath(file.path).name in text]
    for candidates in (signed, named, [file.path for file in code]):
        if len(candidates) == 1:
            return candidates[0]
    return ""


def _runs(requirement: Requirement, files: Sequence[PlannedFile]) -> Iterator[Example]:
    """Runs whose whole output is given. One that needs a file is left out: nobody says what is in it."""
    planned = {file.path for file in files}
    for match in _COMMAND.finditer(requirement.text):
        (interpreter, script, *words), out = _words(match["run"]), match["out"]
        vague = _PLACEHOLDER.search(" ".join((*words, out))) or any(map(looks_like_path, words))
        if script in planned and not vague and _CLAUSE_END.match(requirement.text, match.end()):
            run = (interpreter, script, *words)
            yield Example(run, stdout=f"{out}\n", name=match["run"][:80], requirement=requirement.id, stated=True)


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()
