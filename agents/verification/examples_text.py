"""Black-box examples as they stand in PLAN.md and ACCEPTANCE.md: a fenced block of JSON that a person may edit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from .examples import CALLABLE, Call, Check, Example
from .text import line

EXAMPLES_INFO = "json examples"
"""Info string of the fenced block."""
_OPENS = re.compile(r"(?P<fence>`{3,}|~{3,})[ \t]*(?:json[ \t]+)?examples?[ \t]*", re.IGNORECASE)
_RUN_KEYS = frozenset({"run", "stdin", "stdout", "exit", "files"})
_CALL_KEYS = frozenset({"call", "path", "setup", "returns", "raises"})
_KEYS = frozenset({"name", "requirement", "advisory", "stated", "held_back", "tried"})
_MARKS = ("advisory", "stated", "held_back")
MAX_EXAMPLES = 20


def read_examples(text: str, source: str = "PLAN.md") -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """The examples of a plan, and a sentence for each entry that is none, which names `source`. Never raises."""
    examples: list[Check] = []
    problems: list[str] = []
    for block in _blocks(text.replace("\r\n", "\n")):
        try:
            entries = json.loads(block)
        except (ValueError, RecursionError) as error:
            problems.append(f"{source}: the examples block is no JSON: {error}; none of its examples was run")
            continue
        for entry in entries if isinstance(entries, list) else [entries]:
            number = len(examples) + len(problems) + 1
            read = _check(entry, number)
            if isinstance(read, str):
                problems.append(f"{source}: example {number} {read}")
            else:
                examples.append(read)
    if len(examples) > MAX_EXAMPLES:
        problems.append(f"{source}: only the first {MAX_EXAMPLES} of {len(examples)} examples were run")
    return tuple(examples[:MAX_EXAMPLES]), tuple(problems)


def _blocks(text: str) -> Iterator[str]:
    """What stands in each fenced block of examples that is closed."""
    fence, inside = "", list[str]()
    for row in text.split("\n"):
        if not fence and (opens := _OPENS.fullmatch(row)):
            fence, inside = opens["fence"], []
        elif fence and row.startswith(fence) and not row.strip("`~ \t"):
            yield "\n".join(inside)
            fence = ""
        elif fence:
            inside.append(row)


def entry_of(example: Check) -> dict[str, object]:
    """The example as `read_examples` reads it, without what is as it would be anyway."""
    fields: dict[str, object]
    if isinstance(example, Call):
        fields = {"name": example.name} if example.name not in ("", example.call) else {}
        fields |= {"call": example.call, "path": example.path}
        fields |= {"setup": list(example.setup)} if example.setup else {}
        fields |= {"raises": example.raises} if example.raises else {"returns": example.returns}
        fields |= {"requirement": example.requirement}
    else:
        fields = {
            "name": example.name,
            "run": list(example.run),
            "stdin": example.stdin,
            "stdout": example.stdout,
            "exit": example.exit,
            "files": dict(example.files),
            "requirement": example.requirement,
        }
    fields |= {key: True for key in _MARKS if getattr(example, key)}
    return fields | ({"tried": example.tried} if example.tried else {})


def _check(entry: Any, number: int) -> Check | str:
    """The example, or what is wrong with it."""
    if not isinstance(entry, dict):
        return "is not an object"
    return _call(entry) if "call" in entry else _run(entry, number)


def _call(entry: dict[str, Any]) -> Call | str:
    call, path, setup = entry["call"], entry.get("path"), entry.get("setup") or []
    returns, raises = entry.get("returns"), entry.get("raises") or ""
    if unknown := sorted(set(entry) - _CALL_KEYS - _KEYS):
        return f"has unknown keys: {', '.join(map(line, unknown))}"
    if not _is_text(call) or not call.strip():
        return 'has a "call" that is not text'
    if not isinstance(path, str) or not _safe(path) or not path.endswith(CALLABLE):
        return f'has no "path" of the file whose function is called, which ends in {" ".join(CALLABLE)}'
    if not (isinstance(setup, list) and all(map(_is_text, setup))):
        return 'has a "setup" that is not a list of statements'
    if not _is_text(raises) or not (returns is None or _is_text(returns)) or bool(raises) == (returns is not None):
        return 'needs either "returns" or "raises", as text'
    return Call(
        path=path,
        call=call.strip(),
        returns=returns,
        raises=raises,
        setup=tuple(setup),
        name=line(str(entry.get("name") or call), 80),
        **_marks(entry),
    )


def _marks(entry: dict[str, Any]) -> dict[str, Any]:
    marks = {key: entry.get(key) is True for key in _MARKS}
    texts = {
        "requirement": line(str(entry.get("requirement") or ""), 20),
        "tried": line(str(entry.get("tried") or ""), 200),
    }
    return {**texts, **marks}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _run(entry: dict[str, Any], number: int) -> Example | str:
    run, files, stdout = entry.get("run"), entry.get("files") or {}, entry.get("stdout")
    if not (isinstance(run, list) and run and all(map(_is_text, run))):
        return 'has no "run" list of words'
    if unknown := sorted(set(entry) - _RUN_KEYS - _KEYS):
        return f"has unknown keys: {', '.join(map(line, unknown))}"
    if not (isinstance(files, dict) and all(_safe(p) and isinstance(t, str) for p, t in files.items())):
        return 'has "files" that are not relative paths with text'
    if not (stdout is None or isinstance(stdout, str)) or not isinstance(entry.get("stdin") or "", str):
        return 'has "stdin" or "stdout" that is not text'
    code = entry.get("exit", 0)
    if isinstance(code, bool) or not isinstance(code, int):
        return 'has an "exit" that is not a whole number'
    return Example(
        run=tuple(run),
        stdin=entry.get("stdin") or "",
        stdout=stdout,
        exit=code,
        name=line(str(entry.get("name") or " ".join(run)), 80) or f"example {number}",
        files=dict(files),
        **_marks(entry),
    )


def _safe(path: Any) -> bool:
    if not isinstance(path, str) or not path or "\\" in path or "\0" in path or ":" in path:
        return False
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and parts.parts != ()


def examples_block(examples: Iterable[Check]) -> str:
    """The fenced block that `read_examples` reads."""
    rows = ",\n".join(f"  {json.dumps(entry_of(example), ensure_ascii=False)}" for example in examples)
    return f"```{EXAMPLES_INFO}\n[\n{rows}\n]\n```"
