"""Judges one run or call outside the sandbox, so that code inside cannot forge what is expected."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .box import Ended, Ran
from .channel import Record, read_records
from .crash import crashed
from .examples import CALLABLE, Call, Check, Example, ExampleResult
from .text import clean

_JS_KEY = re.compile(r"([{,]\s*)([A-Za-z_$][\w$]*)(\s*:)")
_JS_WORD = re.compile(r"\b(?:true|false|null|undefined)\b")
_JS_WORDS = {"true": "True", "false": "False", "null": "None", "undefined": "..."}
_OF_A_CRASH = 1
"""Exit code of an interpreter after an error that nothing caught."""
_GIVEN_CODE = re.compile(r"-(?:[A-Za-z]*[cep])?|--(?:eval|print)(?:=.*)?", re.DOTALL)
"""Option of an interpreter that runs what stands behind it, or what comes on stdin."""
_UNREADABLE = (ValueError, SyntaxError, TypeError, RecursionError, MemoryError)


def judge(example: Example, ran: Ran) -> ExampleResult:
    """Compare what was printed with what was to be printed."""
    got = ran.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    problem, note = _compare(example, ran, got)
    return _result(example, ran, problem, note, got)


def asked(call: Call, modules: str = "") -> Mapping[str, Any]:
    """What `trusted/call_*` is told over its secret pipe; `modules` is the folder of a Node project's packages."""
    return {"path": call.path, "call": call.call, "setup": list(call.setup), "modules": modules}


def judge_call(call: Call, ran: Ran, key: bytes) -> ExampleResult:
    """Compare what a call gave with what it was to give. Only the answer that is authentic under `key` counts."""
    answer = _answer(ran, key)
    return _result(
        call, ran, _compare_call(call, ran, answer), "", _said(answer) or ran.stdout.decode("utf-8", "replace")
    )


def _result(example: Check, ran: Ran, problem: str, note: str, got: str) -> ExampleResult:
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
    if (
        example.exit == _OF_A_CRASH
        and _is_file(example.run)
        and (error := crashed(ran.output.decode("utf-8", "replace")))
    ):
        return f"crashed with {error[:200]}; expected: it ends with exit code {example.exit} by itself", ""
    if example.stdout is None or got == example.stdout:
        return "", ""
    if _trimmed(got) == _trimmed(example.stdout):
        return "", "differs in trailing white space only"
    return "stdout differs from what was expected", ""


def _is_file(run: Sequence[str]) -> bool:
    """Whether it starts a program, and not code that stands in the example, from which an error may be meant."""
    for word in run:
        if word == "-m" or word.endswith(CALLABLE):
            return True
        if _GIVEN_CODE.fullmatch(word):
            return False
    return True


def _trimmed(text: str) -> list[str]:
    return [part.rstrip() for part in text.rstrip().split("\n")]


def _answer(ran: Ran, key: bytes) -> Record:
    """The one record of the report; empty when it did not come so far, or something else was written there."""
    records, problem = read_records(ran.report, key, whole=ran.ended is Ended.EXITED)
    return records[0] if len(records) == 1 and not problem else {}


def _said(answer: Record) -> str:
    """What came of a call, in words; empty when nothing did."""
    if "returns" in answer:
        return f"returned {answer['returns']}"
    if "raises" in answer:
        return f"raised {next(iter(answer['raises']), '?')}: {answer.get('text', '')}"
    return str(answer.get("problem", ""))


def _compare_call(example: Call, ran: Ran, answer: Record) -> str:
    if ran.ended is not Ended.EXITED:
        return f"ended by the sandbox after {ran.seconds:.1f} s: {ran.ended.value}"
    if "raises" in answer:
        good = bool(example.raises) and example.raises.rpartition(".")[2] in answer["raises"]
    elif "returns" in answer:
        good = example.returns is not None and _returned(example, answer)
    else:
        return _said(answer) or "the call did not come to its end"
    return "" if good else f"it {_said(answer)[:200]}; expected: {example.expected[:200]}"


def _returned(example: Call, answer: Record) -> bool:
    """Objects, which are no literals, are only told by their text: what one calls itself never stands for a literal."""
    expected, got = str(example.returns), str(answer["returns"])
    if answer.get("literal"):
        return same(expected, got, javascript=not example.path.endswith(".py"))
    return not _is_literal(expected) and _squeezed(expected) == _squeezed(got)


def _is_literal(text: str) -> bool:
    try:
        _literal(text)
    except _UNREADABLE:
        return False
    return True


def _squeezed(text: str) -> str:
    return "".join(text.split())


def same(expected: str, got: str, *, javascript: bool = False) -> bool:
    """Whether two literals, of Python or JavaScript, stand for equal values; other text must be the same text.

    Floats may differ in their last digits. The keys of a JavaScript object are text.
    """
    try:
        return _equal(_literal(expected), _literal(got), keys=str if javascript else None)
    except _UNREADABLE:
        return _squeezed(expected) == _squeezed(got)


def _literal(text: str) -> Any:
    """`undefined` becomes `...`, so that it is no null."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        quoted = _JS_KEY.sub(r'\1"\2"\3', text.strip())
        return ast.literal_eval(_JS_WORD.sub(lambda match: _JS_WORDS[match[0]], quoted))


def _equal(one: Any, other: Any, keys: Callable[[Any], Any] | None) -> bool:
    match one, other:
        case (list(), list()) | (tuple(), tuple()):
            return len(one) == len(other) and all(_equal(a, b, keys) for a, b in zip(one, other, strict=True))
        case dict(), dict():
            one, other = ({keys(key): value for key, value in d.items()} if keys else d for d in (one, other))
            return one.keys() == other.keys() and all(_equal(one[key], other[key], keys) for key in one)
        case (bool(), _) | (_, bool()):
            return one is other
        case (float(), int() | float()) | (int(), float()):
            return _close(one, other)
        case _:
            return bool(one == other)


def _close(one: float, other: float) -> bool:
    """Of NaN that it is one, of whole numbers too large for a float that they are equal."""
    try:
        return one == other or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (one != one and other != other)
    except OverflowError:
        return False
