"""Small faults put into a program, one at a time, to see which of them its tests notice. Pure: text in, texts out.

A fault keeps the program running as far as it can: what is given back is something else of the same kind and size, an
error is not raised or is another one, a command does nothing, a limit is off by one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from .source import parse
from .text import line

MOST = 20
"""Of one project."""
_OTHER = "_other_value"
_OTHER_PYTHON = f"""
def {_OTHER}(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, (str, list, tuple)):
        turned = value[1:] + value[:1]
        if turned != value:
            return turned
        if isinstance(value, str):
            return value[:-1] + ('y' if value[-1:] == 'x' else 'x')
        return type(value)([*value[:-1], *({_OTHER}(item) for item in value[-1:])])
    return {{key: {_OTHER}(item) for key, item in value.items()}} if isinstance(value, dict) else value
"""
_OTHER_JS = (
    "(function other(v) { return typeof v === 'boolean' ? !v : typeof v === 'number' ? v + 1 : typeof v === 'string' ? "
    "(v.slice(1) + v.slice(0, 1) === v ? v.slice(0, -1) + (v.endsWith('x') ? 'y' : 'x') : v.slice(1) + v.slice(0, 1)) "
    ": Array.isArray(v) ? (v.length > 1 ? [...v.slice(1), v[0]] : v.map(other)) "
    ": v && Object.getPrototypeOf(v) === Object.prototype "
    "? Object.fromEntries(Object.entries(v).map(([k, i]) => [k, other(i)])) : v; })"
)
_LIMITS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_LIMITS_JS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "===": "!==", "!==": "===", "==": "!=", "!=": "=="}
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Mutant:
    """One file with a fault."""

    path: str
    text: str
    what: str
    """As the end of "it is not noticed when"."""


def mutants(texts: Mapping[str, str], most: int = MOST) -> tuple[Mutant, ...]:
    """Of files of code in Python and JavaScript; of each kind of fault and each file as many as of the others."""
    kinds = (kind for path, text in sorted(texts.items()) for kind in _of(path, text))
    return tuple(islice((one for one in _in_turn(kinds) if one.text != texts[one.path]), most))


def _in_turn(kinds: Iterable[Iterator[Mutant]]) -> Iterator[Mutant]:
    """One of each again and again, none made before it is asked for."""
    while kinds:
        again = []
        for kind in kinds:
            if (one := next(kind, None)) is not None:
                yield one
                again.append(kind)
        kinds = again


def _of(path: str, text: str) -> Iterator[Iterator[Mutant]]:
    if path.endswith(".py") and (tree := parse(text)) is not None:
        yield from (_python(path, text, tree, place, change) for place, change in _PYTHON)
    elif path.endswith((".js", ".mjs", ".cjs")):
        yield from (_javascript(path, text, pattern, change, what) for pattern, change, what in _JAVASCRIPT)


def _python(
    path: str,
    text: str,
    tree: ast.Module,
    place: Callable[[ast.AST], bool],
    change: Callable[[ast.AST, ast.Module], str],
) -> Iterator[Mutant]:
    """One for each node that `place` accepts; `change` changes it and says so.

    None of a file that cannot be written again: an expression is too deep, or a number too long.
    """
    for number, node in enumerate(ast.walk(tree)):
        try:
            if not place(node):
                continue
            copy = ast.parse(text.removeprefix("\ufeff"))
            what = change(next(islice(ast.walk(copy), number, None)), copy)
            faulty = ast.unparse(ast.fix_missing_locations(copy)) + "\n"
        except (RecursionError, ValueError, MemoryError):
            return
        yield Mutant(path, faulty, f"in {path} {what}")


def _returns(node: ast.AST) -> list[ast.Return]:
    inner = [n for n in ast.walk(node) if isinstance(n, (*_FUNCTION, ast.Lambda)) and n is not node]
    theirs = {id(n) for function in inner for n in ast.walk(function)}
    return [n for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None and id(n) not in theirs]


def _is_public(node: ast.AST) -> bool:
    return isinstance(node, _FUNCTION) and not node.name.startswith("_") and not _generates(node)


def _generates(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node))


def _gives(node: ast.AST) -> bool:
    return _is_public(node) and bool(_returns(node))


def _acts(node: ast.AST) -> bool:
    return _is_public(node) and not _returns(node)


def _gives_other(node: ast.AST, tree: ast.Module) -> str:
    assert isinstance(node, _FUNCTION)
    for found in _returns(node):
        assert found.value is not None
        found.value = ast.Call(ast.Name(_OTHER, ast.Load()), [found.value], [])
    start = next((n for n, part in enumerate(tree.body) if not _is_opening(part)), len(tree.body))
    tree.body[start:start] = ast.parse(_OTHER_PYTHON).body
    return f"{node.name}() returns another value"


def _is_opening(node: ast.stmt) -> bool:
    future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
    return future or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _does_nothing(node: ast.AST, _: ast.Module) -> str:
    assert isinstance(node, _FUNCTION)
    node.body = [ast.Pass()]
    return f"{node.name}() does nothing"


def _raises(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) and node.exc is not None


def _raises_nothing(node: ast.AST, tree: ast.Module) -> str:
    what = f"`{ast.unparse(node)[:60]}` is left out"
    for body in (getattr(n, name, None) for n in ast.walk(tree) for name in ("body", "orelse", "finalbody")):
        if isinstance(body, list) and node in body:
            body[body.index(node)] = ast.Pass()
    return what


def _raises_other(node: ast.AST, tree: ast.Module) -> str:
    """The base of a class that stands in the file, or an error of another kind."""
    assert isinstance(node, ast.Raise)
    what = ast.unparse(node)[:60]
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    own = {n.name: n.bases for n in tree.body if isinstance(n, ast.ClassDef)}
    bases = own.get(getattr(raised, "id", ""), [])
    other = bases[0] if bases else ast.Name("ArithmeticError", ast.Load())
    node.exc = ast.Call(other, [ast.Constant("another error")], [])
    return f"`{what}` raises {ast.unparse(other)}"


def _compares(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) and type(node.ops[0]) in _LIMITS and "__name__" not in ast.dump(node)


def _compares_other(node: ast.AST, _: ast.Module) -> str:
    assert isinstance(node, ast.Compare)
    before = ast.unparse(node)[:60]
    node.ops[0] = _LIMITS[type(node.ops[0])]()
    return f"`{before}` becomes `{ast.unparse(node)[:60]}`"


def _repeats(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_REPEATED.search(node.value))


def _repeats_once(node: ast.AST, _: ast.Module) -> str:
    assert isinstance(node, ast.Constant)
    before, node.value = node.value, _REPEATED.sub("", str(node.value))
    return f"the pattern {before!r:.60} becomes {node.value!r:.60}"


_REPEATED = re.compile(r"(?<=[\])dDwWsS.])\+")
"""Of a regular expression."""
_PYTHON: tuple[tuple[Callable[[ast.AST], bool], Callable[[ast.AST, ast.Module], str]], ...] = (
    (_gives, _gives_other),
    (_acts, _does_nothing),
    (_raises, _raises_nothing),
    (_raises, _raises_other),
    (_compares, _compares_other),
    (_repeats, _repeats_once),
)


_Change = Callable[[re.Match[str]], str]


def _javascript(path: str, text: str, pattern: re.Pattern[str], change: _Change, what: str) -> Iterator[Mutant]:
    """By text alone: what does not parse fails with the old tests and with the new ones."""
    for match in pattern.finditer(text):
        row = text[text.rfind("\n", 0, match.start()) + 1 :].lstrip()
        if not row.startswith(("//", "*", "/*")) and (new := change(match)):
            changed = text[: match.start()] + new + text[match.end() :]
            yield Mutant(path, changed, f"in {path} {what.format(line(match[0], 60))}")


def _does_nothing_js(match: re.Match[str]) -> str:
    """Empty for what is no function, or gives something back."""
    head, name, body = match["head"], match["name"], match["body"]
    return "" if name in _NO_NAMES or re.search(r"\breturn\b", body) else f"{head} return;{body}"


def _other_error(match: re.Match[str]) -> str:
    return f"throw new {'EvalError' if match[1] != 'EvalError' else 'URIError'}("


_NO_NAMES = frozenset({"if", "for", "while", "switch", "catch", "constructor"})
_FUNCTION_JS = re.compile(
    r"(?ms)^(?P<head>(?P<in>[ \t]*)(?:export )?(?:async )?(?:function )?(?P<name>#?\w+)\([^\n]*\) \{)$"
    r"(?P<body>.{0,4000}?)(?=^(?P=in)\})"
)
_JAVASCRIPT: tuple[tuple[re.Pattern[str], _Change, str], ...] = (
    (re.compile(r"(?m)\breturn ([^;\n]+);$"), lambda m: f"return {_OTHER_JS}({m[1]});", "`{}` gives another value"),
    (_FUNCTION_JS, _does_nothing_js, "`{}` does nothing"),
    (re.compile(r"\bthrow new (\w+)\("), lambda m: f"void new {m[1]}(", "`{}...)` is left out"),
    (re.compile(r"\bthrow new (\w+)\("), _other_error, "`{}...)` throws another error"),
    (re.compile(r" ([<>]=?|[!=]==?) "), lambda m: f" {_LIMITS_JS[m[1]]} ", "`{}` becomes another comparison"),
)
