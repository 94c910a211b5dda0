"""The fixers for JavaScript, by text and line by line: what they do not know for certain they leave alone.

Small models mix the two module systems, write Jest's `expect` for `node:test`, and forget the imports of both.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from agents.javascript_assertions import arguments
from agents.literals import balanced
from agents.plan import is_test

Files = Mapping[str, str]

_SUFFIXES = (".js", ".mjs")
_REQUIRE = re.compile(
    r"""^(?:const|let|var)\s+(?P<names>\w+|\{[^}=]*\})\s*=\s*require\((?P<module>['"][^'"]+['"])\)(?:\.(?P<part>\w+))?;?\s*$"""
)
_EXPORT_NAMES = re.compile(r"^module\.exports\s*=\s*\{(?P<names>[\s\w,]*)\};?[ \t]*(?:\n|\Z)", re.MULTILINE)
_EXPORT_ONE = re.compile(r"^module\.exports\s*=\s*(?P<name>\w+);?[ \t]*(?:\n|\Z)", re.MULTILINE)
_EXPORTED = re.compile(r"^export\s+(?:async\s+)?(?:const|let|var|function\*?|class)\s+(?P<name>\w+)", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export\s*\{(?P<names>[\s\w,]*)\}", re.MULTILINE)
_DEFAULT = re.compile(r"^export\s+default\b", re.MULTILINE)
_EXPECT = re.compile(
    r"^(?P<indent>\s*)expect\((?P<got>.+)\)\.(?P<not>not\.)?(?P<how>toBe|toEqual|toStrictEqual|toThrow)\((?P<wanted>.*)\);?\s*$"
)
_LONGEST_LINE = 1000
_HOW = {"toBe": "strictEqual", "toEqual": "deepEqual", "toStrictEqual": "deepEqual", "toThrow": "throws"}
_SHALLOW = re.compile(r"^\s*assert\.(?P<how>strictEqual|equal)\(")
_DEEP = {"strictEqual": "deepStrictEqual", "equal": "deepEqual"}
_NOT = {"strictEqual": "notStrictEqual", "deepEqual": "notDeepEqual", "throws": "doesNotThrow"}
_RELATIVE = re.compile(r"""(?P<before>(?:\bfrom\s*|\brequire\(\s*)['"])(?P<path>\.{1,2}/[^'"]+)""")
_TEST_WORDS = ("test", "describe", "it", "before", "after", "beforeEach", "afterEach")
_MODULE = re.compile(
    r"^(?:import\s+(?:[\w{*][^;'`]*?\bfrom\s*)?'|export\s+(?:default|const|let|var|function|class|async)\b|export\s*[{*])",
    re.MULTILINE,
)
_COMMONJS = re.compile(r"(?<!\.)\bexports\.\w|\bmodule\.exports\b(?!\s*=\s*[\w{])|\brequire\.main\b")
_FOLDER = re.compile(r"\b__(?:dirname|filename)\b")
"""What a module has no equal for that needs no thought, unless it makes them itself."""
_APART = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)""",
    re.DOTALL,
)
"""A comment, or a text."""
_IMPORT = re.compile(r"^import\b.*$")
_ASSERTION = re.compile(r"^assert\b")


def fix_javascript(delivered: Files, staged: Files) -> Files:
    """The delivered files with what needs no model mended in those of JavaScript."""
    files = {**staged, **delivered}
    modules = bool(re.search(r'"type"\s*:\s*"module"', files.get("package.json", "")))
    return {
        path: _fixed(path, text, files, modules=modules or _is_module(path, text)) if path.endswith(_SUFFIXES) else text
        for path, text in delivered.items()
    }


def _is_module(path: str, text: str) -> bool:
    """Whether node takes the file for an ES module when no package.json says so."""
    code = _APART.sub(lambda match: "''" if match["text"] else "", text)
    old = _COMMONJS.search(code) or (_FOLDER.search(code) and "import.meta" not in code)
    return path.endswith(".mjs") or bool(_MODULE.search(code) and not old)


def _fixed(path: str, text: str, files: Files, *, modules: bool) -> str:
    if modules:
        text = _as_module(text)
    text = _RELATIVE.sub(lambda match: f"{match['before']}{_found(match['path'], path, files)}", text)
    if not is_test(path):
        return text
    text = "\n".join(_deep(_without_expect(line)) for line in text.split("\n"))
    return _with_imports(_titled(path, text), modules=modules)


def _found(named: str, path: str, files: Files) -> str:
    """A relative path as it must be: of the only file of that name, when it leads nowhere."""
    folder = posixpath.dirname(path)
    if posixpath.normpath(posixpath.join(folder, named)) in files:
        return named
    same = [other for other in files if posixpath.basename(other) == posixpath.basename(named)]
    if len(same) != 1:
        return named
    right = posixpath.relpath(same[0], folder or ".")
    return right if right.startswith(".") else f"./{right}"


def _as_module(text: str) -> str:
    """`require` and `module.exports` as import and export; what is exported where it stands is not once more."""
    text = "\n".join(map(_import, text.split("\n")))
    known, default = _exported(text), bool(_DEFAULT.search(text))

    def several(match: re.Match[str]) -> str:
        return _export(name for name in _listed(match["names"]) if name not in known)

    def one(match: re.Match[str]) -> str:
        name = match["name"]
        return ("" if default else f"export default {name};\n") + _export({name} - known)

    return _EXPORT_ONE.sub(one, _EXPORT_NAMES.sub(several, text))


def _exported(text: str) -> set[str]:
    """Names that are exported already."""
    listed = (name for match in _EXPORT_LIST.finditer(text) for name in _listed(match["names"]))
    return {*_EXPORTED.findall(text), *(name.split()[-1] for name in listed)}


def _export(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"export {{ {listed} }};\n" if listed else ""


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _import(line: str) -> str:
    match = _REQUIRE.match(line)
    if not match:
        return line
    if match["part"]:
        names = (
            f"{{ {match['part']} }}"
            if match["part"] == match["names"]
            else f"{{ {match['part']} as {match['names']} }}"
        )
    else:
        names = match["names"].replace(":", " as")
    return f"import {names} from {match['module']};"


def _without_expect(line: str) -> str:
    """Jest's expectation as node's assertion, when all of it stands on the line."""
    match = _EXPECT.match(line) if len(line) <= _LONGEST_LINE else None
    if not match or (not match["wanted"] and match["how"] != "toThrow"):
        return line
    how = _HOW[match["how"]]
    wanted = f", {match['wanted']}" if match["wanted"] else ""
    return f"{match['indent']}assert.{_NOT[how] if match['not'] else how}({match['got']}{wanted});"


def _deep(line: str) -> str:
    """With an array or object that stands there compared by what it holds: no other one is ever the same."""
    begins = _SHALLOW.match(line) if len(line) <= _LONGEST_LINE else None
    if not begins:
        return line
    compared, _ = arguments(line, begins.end())
    holds = len(compared) > 1 and any(_is_made_there(each) for each in compared[:2])
    return line.replace(begins["how"], _DEEP[begins["how"]], 1) if holds else line


def _is_made_there(side: str) -> bool:
    return side.startswith(("[", "{")) and balanced(side, 0) == side


def _titled(path: str, text: str) -> str:
    """Assertions that stand in no test, in one that is named after the file."""
    lines = text.split("\n")
    tested = re.search(r"(?<![\w.])(?:test|it)(?:\.\w+)?\s*\(", text)
    if tested or not any(map(_ASSERTION.match, lines)):
        return text
    imports = [line for line in lines if _IMPORT.match(line) or _REQUIRE.match(line)]
    body = [f"  {line}" if line.strip() else "" for line in lines if line not in imports]
    title = path.rpartition("/")[2].partition(".")[0]
    return "\n".join([*imports, "", f"test('{title}', async () => {{", *_stripped(body), "});", ""])


def _stripped(lines: list[str]) -> list[str]:
    return "\n".join(lines).strip("\n").split("\n")


def _with_imports(text: str, *, modules: bool) -> str:
    """The words of node:test and node:assert that are used and come from nowhere, imported."""
    added = [*_missing(text, modules=modules)]
    if not added:
        return text
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith(("//", "#!"))), 0)
    return "\n".join([*lines[:first], *added, *lines[first:]])


def _missing(text: str, *, modules: bool) -> Iterator[str]:
    known = " ".join(line for line in text.split("\n") if re.match(r"\s*(?:import|const|let|var|function)\b", line))
    words = [
        word
        for word in _TEST_WORDS
        if re.search(rf"(?<![\w.]){word}(?:\.\w+)?\s*\(", text) and not re.search(rf"\b{word}\b", known)
    ]
    if words:
        names = f"{{ {', '.join(words)} }}"
        yield f"import {names} from 'node:test';" if modules else f"const {names} = require('node:test');"
    if re.search(r"(?<![\w.])assert[.(]", text) and not re.search(r"\bassert\b", known):
        yield "import assert from 'node:assert/strict';" if modules else "const assert = require('node:assert/strict');"
