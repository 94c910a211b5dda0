"""Tells a program that crashed from one that ended with exit code 1 by its own will: interpreters end with 1 too. Pure.

An error that the program raises itself and lets through may be meant, so it is none.
"""

from __future__ import annotations

import re

_FRAME = re.compile(r'^  File "(?P<file>[^"\n]+)", line \d+.*\n    (?P<source>\S.*)', re.MULTILINE)
_TRACEBACK = "Traceback (most recent call last):\n"
_ERROR = re.compile(r"^[A-Za-z_][\w.]*(?::.*)?$", re.MULTILINE)
_LIBRARY = re.compile(r"^<|/lib(?:64)?/python\d|[/\\]Lib[/\\]|[/\\]site-packages[/\\]")
_PLACE = re.compile(r"^(?P<file>\S+):\d+\n(?P<source>.*)\n[ \t]*\^", re.MULTILINE)
_NODE_ERROR = re.compile(r"^\w*Error\b.*", re.MULTILINE)
_NODE_END = re.compile(r"\nNode\.js v\d\S*\s*\Z")
_TAIL = 16_000
"""Characters at the end of the output that are read."""
_OWN = re.compile(r"\s*(?:(?:.*[:;]\s*)?(?:raise|assert)\b|.*\b(?:throw|reject)\b)")


def crashed(output: str) -> str:
    """The error that nothing caught, by what the program printed at its end; empty when there is none."""
    tail = output[-_TAIL:].replace("\r\n", "\n")
    return _in_python(tail) or _in_javascript(tail)


def _in_python(output: str) -> str:
    _, found, traceback = output.rpartition(_TRACEBACK)
    frames = [frame for frame in _FRAME.finditer(traceback) if not _LIBRARY.search(frame["file"])] if found else []
    if not frames or _OWN.match(frames[-1]["source"]):
        return ""
    error = _ERROR.search(traceback, frames[-1].end())
    ends = error and not traceback[error.end() :].strip()  # more comes where the program shows a traceback itself
    return error[0] if error and ends else ""


def _in_javascript(output: str) -> str:
    places = list(_PLACE.finditer(output)) if _NODE_END.search(output) else []
    if not places or (not places[-1]["file"].startswith("node:") and _OWN.match(places[-1]["source"])):
        return ""
    error = _NODE_ERROR.search(output, places[-1].end())
    return error[0] if error else ""
