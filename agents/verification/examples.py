"""Black-box examples as values: what is run or called, what is expected, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CALLABLE = (".py", ".js", ".mjs", ".cjs")
"""Files whose functions can be called by themselves."""


@dataclass(frozen=True, kw_only=True)
class _Named:
    """What an example is called, where it comes from, and how much it counts."""

    name: str = ""
    requirement: str = ""
    """R1..Rn, or empty."""
    advisory: bool = False
    """What is expected is a guess: a mismatch is reported, and counts for nothing."""
    stated: bool = False
    """What is expected stands word for word in the requirements."""
    held_back: bool = False
    """The Engineer does not see it, so that no program can be written for it alone."""
    tried: str = ""
    """What came of asking the requirements again, when many programs had failed it."""

    @property
    def id(self) -> str:
        return f"example: {self.name}"


@dataclass(frozen=True)
class Example(_Named):
    """One run of the program and what must come of it."""

    run: tuple[str, ...]
    """argv; the first is an interpreter: `python`, `node`."""
    stdin: str = ""
    stdout: str | None = None
    """None: any output will do."""
    exit: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    """Path -> text, put into the working folder before the run."""

    @property
    def question(self) -> tuple[str, ...]:
        """What two runs that ask the same have in common."""
        return (*self.run, self.stdin)


@dataclass(frozen=True)
class Call(_Named):
    """One expression over what a file of the project defines, and what must come of it."""

    path: str
    """The file, relative to the project."""
    call: str
    """In the file's language: `rotate("Zebra!", 1)`."""
    returns: str | None = None
    """The value as a literal of that language; None when it `raises`."""
    raises: str = ""
    """Name of the exception, or of one of its bases."""
    setup: tuple[str, ...] = ()
    """Statements before the call, one each."""

    @property
    def run(self) -> tuple[str, ...]:
        """argv of our program that makes the call in the sandbox."""
        if self.path.endswith(".py"):
            return ("python", "-I", "-B", "{trusted}/call_python.py", "{report}", "{secret}")
        return ("node", "{trusted}/call_node.mjs", "{report}", "{secret}")

    @property
    def question(self) -> tuple[str, ...]:
        """What two calls that ask the same have in common."""
        return (self.path, self.call, *self.setup)

    @property
    def expected(self) -> str:
        return f"raises {self.raises}" if self.raises else str(self.returns)


Check = Example | Call


@dataclass(frozen=True)
class ExampleResult:
    """What came of one example."""

    example: Check
    passed: bool
    problem: str = ""
    """What differs, in one sentence."""
    stdout: str = ""
    errors: str = ""
    """What else was printed: stderr, or all output when both came mixed."""
    exit_code: int | None = None
    note: str = ""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """It counts against the project."""
        return not self.passed and not self.example.advisory

    @property
    def id(self) -> str:
        return self.example.id
