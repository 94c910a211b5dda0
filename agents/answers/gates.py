"""The last look at one new file before it may replace the old one; the other files of a reply go on without it."""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings

import yaml

from agents.answers.contents import checked_content
from agents.answers.rejection import Rejected

_JSON_WITH_COMMENTS = ("tsconfig.json", "jsconfig.json", ".jsonc", ".vscode/settings.json", ".devcontainer.json")
_SHRINKAGE = 0.4
_WORTH_KEEPING = 400
_LARGEST_YAML = 256_000
_SYMBOL = re.compile(
    r"^(?:export\s+)?(?:default\s+)?(?:pub(?:\([^)]*\))?\s+)?(?:public\s+|static\s+)*(?:async\s+)?"
    r"(?:def|class|function\*?|func|fn|const|let|var|interface|type|struct|enum|trait)\s+(?:\([^)]*\)\s*)?([A-Za-z_$][\w$]*)",
    re.MULTILINE,
)


def gate(path: str, new: str, old: str | None = None) -> str | None:
    """Why the new version must not be taken, as a sentence for the model; None when it may.

    Checked: placeholders, diffs and noise for every file; syntax for Python, JSON, TOML and YAML, and for no other
    language; with an old version, a file that lost most of its size together with top-level names.
    """
    try:
        checked_content(path, new)
    except Rejected as rejected:
        return rejected.sentence
    return _syntax_problem(path, new) or (_shrinkage_problem(path, new, old) if old else None)


def _syntax_problem(path: str, source: str) -> str | None:
    if path.lower().endswith(_JSON_WITH_COMMENTS):
        return None
    check = next((check for endings, check in _CHECKS if path.lower().endswith(endings)), None)
    problem = check(source) if check else None
    return f"{path!r} {problem}; send the whole file again." if problem else None


def _python_problem(source: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.removeprefix("\ufeff"), "<file>", "exec", dont_inherit=True, flags=ast.PyCF_ONLY_AST)
    except SyntaxError as error:
        return f"is not valid Python (line {error.lineno}: {error.msg})"
    except (ValueError, RecursionError, MemoryError):
        return "is not valid Python (nested too deeply, or bytes that are no text)"
    return None


def _json_problem(source: str) -> str | None:
    try:
        json.loads(source)
    except json.JSONDecodeError as error:
        return f"is not valid JSON (line {error.lineno}: {error.msg})"
    except RecursionError:
        return "is not valid JSON (nested too deeply)"
    return None


def _toml_problem(source: str) -> str | None:
    try:
        tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return f"is not valid TOML ({error})"
    return None


def _yaml_problem(source: str) -> str | None:
    if len(source) > _LARGEST_YAML:
        return None
    try:
        for _ in yaml.parse(source, Loader=yaml.SafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        return f"is not valid YAML (line {line}: {error.problem})"
    except (yaml.YAMLError, RecursionError):
        return "is not valid YAML"
    return None


_CHECKS = (
    ((".py", ".pyi"), _python_problem),
    ((".json",), _json_problem),
    ((".toml",), _toml_problem),
    ((".yaml", ".yml"), _yaml_problem),
)


def _shrinkage_problem(path: str, new: str, old: str) -> str | None:
    if len(old) < _WORTH_KEEPING or len(new) > len(old) * _SHRINKAGE:
        return None
    lost = sorted(set(_SYMBOL.findall(old)) - set(_SYMBOL.findall(new)))
    if not lost:
        return None
    names = ", ".join(lost[:5]) + (" ..." if len(lost) > 5 else "")
    return f"{path!r} shrank from {len(old)} to {len(new)} characters and lost {names}; send the file whole."
