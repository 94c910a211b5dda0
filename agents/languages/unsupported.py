"""Languages that are recognised by their marker files but cannot be verified yet: said, not guessed."""

# ruff: noqa: ARG002 - the protocol names what others need
from __future__ import annotations

from agents.verification.box import Job
from agents.verification.evidence import Phase, Status, SuiteRun, Verdict
from agents.verification.tree import Tree

from .base import Bench, Linted, Prepared, Suite

_MARKERS = {"go.mod": "Go", "Cargo.toml": "Rust", "pom.xml": "Java", "build.gradle": "Java", "CMakeLists.txt": "C++"}
_SUFFIXES = {
    ".go": "Go", ".rs": "Rust", ".java": "Java", ".kt": "Kotlin", ".cpp": "C++", ".cc": "C++", ".c": "C", ".cs": "C#",
    ".rb": "Ruby", ".php": "PHP", ".swift": "Swift", ".scala": "Scala", ".pl": "Perl", ".lua": "Lua", ".sh": "shell",
}  # fmt: skip


class Unsupported:
    """Whatever no other language takes."""

    name = "unsupported"

    def recognises(self, tree: Tree) -> bool:
        return True

    def is_test(self, path: str) -> bool:
        return "test" in path.lower()

    def is_code(self, path: str) -> bool:
        return path.endswith(tuple(_SUFFIXES))

    async def prepare(self, bench: Bench) -> Prepared:
        guess = [language for path, language in _MARKERS.items() if path in bench.tree.paths]
        guess += [language for suffix, language in _SUFFIXES.items() if bench.tree.ending(suffix)]
        guess += ["TypeScript without package.json"] if bench.tree.ending(".ts") else []
        what = f"{guess[0]} projects cannot be verified yet" if guess else "no source file of a known language"
        return Prepared(Phase("environment", Status.FAILED, f"{what}; Python and JavaScript can"))

    async def test(self, bench: Bench, prepared: Prepared) -> Suite:
        return Suite((), SuiteRun(Verdict.NOT_RUN))

    async def lint(self, bench: Bench, prepared: Prepared) -> Linted:
        return Linted(Phase("lint", Status.SKIPPED), None)

    def program(self, argv: tuple[str, ...], bench: Bench, prepared: Prepared) -> Job:
        return Job(argv=argv)
