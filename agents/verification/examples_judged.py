"""Judges one run or call outside the sandbox, so that code inside cannot forge what is expected."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from .box import Ended, Ran
from .examples import Call, Check, Example, ExampleResult
from .text import clean

_JS_KEY = re.compile(r"([{,]\s*)([A-Za-z_$][\w$]*)(\s*:)")
_JS_WORDS = {"true": "True", "false": "False", "null": "None", "undefined": "None"}


def judge(example: Check, ran: Ran) -> ExampleResult:
    """Compare what came out with what was to come out."""
    got = ran.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    if isinstance(example, Call):
        problem, note, got = *_compare_call(example, ran, answer := _answer(got)), _said(answer, got)
    else:
        problem, note = _compare(example, ran, got)
    return ExampleResult(
        example=example,
        passed=not problem,
        problem=problem,
        stdout=clean(got, 1500),
        errors=clean(ran.output, 1500),
        exit_code=ran.exit_code if ran.ended is Ended.EXITED else None,
        note=note,
        seconds=ran.seconds,
    )


def _compare(example: Example, ran: Ran, got: str) -> tuple[str, str]:
    if ran.ended is not Ended.EXITED:
        return f"ended by the sandbox after {ran.seconds:.1f} s: {ran.ended.value}", ""
    if ran.exit_code != example.exit:
        return f"exit code {ran.exit_code}, expected {example.exit}", ""
    if example.stdout is None or got == example.stdout:
        return "", ""
    if _trimmed(got) == _trimmed(example.stdout):
        return "", "differs in trailing white space only"
    return "stdout differs from what was expected", ""


def _trimmed(text: str) -> list[str]:
    return [part.rstrip() for part in text.rstrip().split("\n")]


def _answer(output: str) -> Mapping[str, Any]:
    """What `trusted/call_*` said in its last line; empty when it did not come so far."""
    lines = output.rstrip().rsplit("\n", 1)
    try:
        answer = json.loads(lines[-1])
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _said(answer: Mapping[str, Any], output: str) -> str:
    """What came of a call, in words."""
    if "returns" in answer:
        return f"returned {answer['returns']}"
    if "raises" in answer:
        return f"raised {next(iter(answer['raises']), '?')}: {answer.get('text', '')}"
    return str(answer.get("problem") or output)


def _compare_call(example: Call, ran: Ran, answer: Mapping[str, Any]) -> tuple[str, str]:
    if ran.ended is not Ended.EXITED:
        return f"ended by the sandbox after {ran.seconds:.1f} s: {ran.ended.value}", ""
    if "raises" in answer:
        good = bool(example.raises) and example.raises.rpartition(".")[2] in answer["raises"]
    elif "returns" in answer:
        good = example.returns is not None and same(example.returns, str(answer["returns"]))
    else:
        return str(answer.get("problem") or "the call did not come to its end"), ""
    return ("", "") if good else (f"it {_said(answer, '')[:200]}; expected: {example.expected[:200]}", "")


def same(expected: str, got: str) -> bool:
    """Whether two literals, of Python or JavaScript, stand for equal values; other text must be the same text.

    Numbers may differ in the last digits of a float.
    """
    try:
        return _equal(_literal(expected), _literal(got))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return "".join(expected.split()) == "".join(got.split())


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        quoted = _JS_KEY.sub(r'\1"\2"\3', text.strip())
        return ast.literal_eval(re.sub(r"\b(?:true|false|null|undefined)\b", lambda m: _JS_WORDS[m[0]], quoted))


def _equal(one: Any, other: Any) -> bool:
    match one, other:
        case (list(), list()) | (tuple(), tuple()):
            return len(one) == len(other) and all(map(_equal, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
        case (int() | float(), int() | float()):
            return one == other or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
        case _:
            return bool(one == other)
